"""
Files of ours that are whole or not there: written beside their place, synced, then renamed.
"""

import json
import os
from contextlib import suppress
from pathlib import Path

from tundish.core.image import Json
from tundish.store.durable import on_disk, sync_folder


def write(target: Path, data: bytes) -> None:
    """
    Put a file in place of the one that is there, durably.

    Raises:
        NoSpace, StorageError: the disk refuses; what was there stays.
    """
    draft = target.with_name(f".{target.name}.new")
    with on_disk(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(target)
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise
    sync_folder(target.parent)


def note(target: Path, facts: dict[str, str]) -> None:
    """
    Keep some texts by key.
    """
    write(target, json.dumps(facts, indent=1, sort_keys=True).encode() + b"\n")


def noted(target: Path) -> dict[str, str]:
    """
    What was kept last; nothing, if it is not there or cannot be read.
    """
    try:
        facts: Json = json.loads(target.read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(facts, dict):
        return {}
    return {key: value for key, value in facts.items() if isinstance(value, str)}

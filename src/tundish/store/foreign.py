"""
What lies in a store's folder and is not the store's: reported, and never touched.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from tundish.store.durable import on_disk

_FOLDERS = {"blobs", "ingest", "quarantine"}
_HEX = re.compile(r"[0-9a-f]{64}")
_SHARD = re.compile(r"[0-9a-f]{2}")
_COMING = re.compile(r"[0-9a-f]{64}\.part|[0-9a-f]{32}\.new")


def foreign(root: Path) -> Iterator[str]:
    """
    Every path below `root` that the layout does not know, relative to it; of a folder, only the folder.
    """
    blobs = root / "blobs"
    yield from _strange(root, root, lambda entry: entry.name in _FOLDERS and _is_folder(entry))
    yield from _strange(root, blobs, lambda entry: _is_folder(entry) and bool(_SHARD.fullmatch(entry.name)))
    for shard in sorted(blobs.glob("[0-9a-f][0-9a-f]")):
        if shard.is_symlink() or not shard.is_dir():
            continue
        yield from _strange(root, shard, _blob_of(shard.name))
    yield from _strange(root, root / "ingest", _is_coming)
    yield from _strange(root, root / "quarantine", _blob_of(""))


def _strange(root: Path, folder: Path, is_ours: Callable[[os.DirEntry[str]], bool]) -> Iterator[str]:
    with on_disk(folder), os.scandir(folder) as entries:
        found = sorted(entry.path for entry in entries if not is_ours(entry))
    for path in found:
        yield str(Path(path).relative_to(root))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _is_coming(entry: os.DirEntry[str]) -> bool:
    return bool(_COMING.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False)


def _blob_of(shard: str) -> Callable[[os.DirEntry[str]], bool]:
    def is_blob(entry: os.DirEntry[str]) -> bool:
        return (
            entry.name.startswith(shard)
            and bool(_HEX.fullmatch(entry.name))
            and entry.is_file(follow_symlinks=False)
        )

    return is_blob

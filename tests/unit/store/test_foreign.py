"""
Whose is it? What lies in a store's folder and is not of its layout.
"""

from pathlib import Path

import pytest

from tundish.core.digest import Digest
from tundish.store import local
from tundish.store.local import LocalStore

NAME = Digest.of(b"molten steel").hex
SHARD = NAME[:2]


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("notes.txt", "notes.txt"),
        ("backup/blobs/x", "backup"),
        ("blobs/notes.txt", "blobs/notes.txt"),
        ("blobs/zz/x", "blobs/zz"),
        (f"blobs/{SHARD}/notes.txt", f"blobs/{SHARD}/notes.txt"),
        (f"blobs/{SHARD}/{NAME.upper()}", f"blobs/{SHARD}/{NAME.upper()}"),
        (f"blobs/00/{NAME}", f"blobs/00/{NAME}"),
        (f"ingest/{NAME}", f"ingest/{NAME}"),
        ("ingest/x.part", "ingest/x.part"),
        ("quarantine/x", "quarantine/x"),
    ],
)
def test_what_is_not_of_the_layout_is_named(tmp_path: Path, path: str, named: str) -> None:
    """
    Each kind of foreign file, by its place; of a foreign folder only the folder.
    """
    store = LocalStore(tmp_path)
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_bytes(b"not ours")

    assert [named] == list(store.foreign())


@pytest.mark.parametrize("path", [f"blobs/{SHARD}/{NAME}", f"blobs/{SHARD}", f"ingest/{NAME}.part"])
def test_a_link_in_the_place_of_ours_is_foreign(tmp_path: Path, path: str) -> None:
    """
    What leads out of the store is not of the store, whatever its name.
    """
    store = LocalStore(tmp_path / "store")
    place = tmp_path / "store" / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(tmp_path)

    assert [path] == list(store.foreign())


def test_a_time_that_no_calendar_has_is_no_time() -> None:
    """
    A file dated by chance or malice keeps its blob listed, without a moment.
    """
    assert local._moment(2.0**40) is None

"""
Digests of metadata and root together: true, and read once.
"""

from pathlib import Path
from typing import BinaryIO

import pytest

from tundish.core.digest import Digest
from tundish.core.errors import BlobMissing
from tundish.publish.combining import combined
from tundish.store.memory import MemoryStore


class Counted(MemoryStore):
    """
    A store that counts what is read of it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[Digest] = []

    def open(self, digest: Digest) -> BinaryIO:
        self.opened.append(digest)
        return super().open(digest)

    def put(self, data: bytes) -> Digest:
        return self.add([data]).digest


@pytest.fixture
def store() -> Counted:
    return Counted()


def test_it_is_the_digest_of_one_after_the_other(store: Counted, tmp_path: Path) -> None:
    """
    sha256 over the bytes of the first and then of the second.
    """
    pair = store.put(b"meta"), store.put(b"root")

    assert {pair: Digest.of(b"metaroot")} == combined([pair], store, tmp_path)


def test_a_root_is_read_once_for_all_metadata(store: Counted, tmp_path: Path) -> None:
    """
    Two metadata files over one root read it once.
    """
    root = store.put(b"root")

    combined([(store.put(b"one"), root), (store.put(b"two"), root)], store, tmp_path)

    assert 1 == store.opened.count(root)


def test_what_was_computed_is_not_computed_again(store: Counted, tmp_path: Path) -> None:
    """
    The second time nothing is read.
    """
    pair = store.put(b"meta"), store.put(b"root")
    combined([pair], store, tmp_path)
    store.opened.clear()

    again = combined([pair], store, tmp_path)

    assert ({pair: Digest.of(b"metaroot")}, []) == (again, store.opened)


@pytest.mark.parametrize("lost", [b"", b"[]", b"{", b'{"x": 1}'])
def test_damaged_notes_are_made_anew(store: Counted, tmp_path: Path, lost: bytes) -> None:
    """
    Notes that cannot be read cost time only.
    """
    pair = store.put(b"meta"), store.put(b"root")
    (tmp_path / ".combined.json").write_bytes(lost)

    assert {pair: Digest.of(b"metaroot")} == combined([pair], store, tmp_path)


def test_nothing_asked_is_nothing_written(store: Counted, tmp_path: Path) -> None:
    """
    A dialect without pairs leaves no note.
    """
    assert ({}, []) == (combined([], store, tmp_path), list(tmp_path.iterdir()))


def test_a_missing_blob_is_named(store: Counted, tmp_path: Path) -> None:
    """
    Without the bytes there is no digest.
    """
    with pytest.raises(BlobMissing):
        combined([(store.put(b"meta"), Digest.of(b"gone"))], store, tmp_path)

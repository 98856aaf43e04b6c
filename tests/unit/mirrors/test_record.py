"""
The notes of a mirror: what is written is read back, and what is damaged is named.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.mirrors.values import ID, held, products
from tundish.core.errors import StorageError
from tundish.core.names import ItemPath
from tundish.core.selection import Seen
from tundish.mirrors import record
from tundish.mirrors.plan import files
from tundish.mirrors.record import Going, Kept, Met, Notes, Origin, Record, Totals

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PATH = ItemPath("streams/v1/index.sjson")


def full() -> Record:
    return Record(
        signed=True,
        marks={"http://lab/": {"index": Seen("index", None, "sha256:ab", AT)}},
        origins={ID: Origin("http://lab/", (PATH,))},
        documents={"": {PATH: "ab"}},
        met={
            "name": Met((Kept(PATH, "ab", None, AT), Kept(PATH, "cd", '"tag"', None)), Totals(1, 2, 3, 4, 5))
        },
        catalogue="ab",
        renew=AT,
    )


def write(root: Path, name: str, data: bytes) -> None:
    target = root / ".tundish" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


@pytest.mark.parametrize("written", [Record(), full()], ids=["empty", "full"])
def test_a_record_is_read_back(tmp_path: Path, written: Record) -> None:
    """
    Every field survives.
    """
    write(tmp_path, *record.record_text(written))

    assert written == Notes(tmp_path).record()


def test_what_is_going_is_read_back(tmp_path: Path) -> None:
    """
    Paths, times and digests survive.
    """
    going = {ItemPath("a b/ä\u2028"): Going(AT, "ab"), PATH: Going(AT, "")}
    write(tmp_path, *record.going_text(going))

    assert going == Notes(tmp_path).going()


def test_paths_are_read_back(tmp_path: Path) -> None:
    """
    Also those that hold blanks and odd signs.
    """
    held_files = files(held({"a b ä\u2028\x85": "1 2"}))
    write(tmp_path, *record.paths_text(held_files))

    assert {path: item.size for path, item in held_files.items()} == Notes(tmp_path).paths()


def test_what_is_held_is_read_back(tmp_path: Path) -> None:
    """
    A products file is kept in its own format.
    """
    write(tmp_path, *record.held_text(products({"p": "1 2"})))

    assert held({"p": "1 2"}) == Notes(tmp_path).held([ID])


def test_a_folder_without_notes_has_none(tmp_path: Path) -> None:
    """
    Looking at any folder finds nothing, and makes nothing.
    """
    notes = Notes(tmp_path)

    assert (Record(), {}, {}, {}, []) == (
        notes.record(),
        notes.going(),
        notes.paths(),
        notes.held([ID]),
        list(tmp_path.iterdir()),
    )


@pytest.mark.parametrize("name", ["record.json", "going.json", "paths", record.held_text_name(ID)])
@pytest.mark.parametrize("data", [b"[1]", b"{", b"\xff", b'{"a": 1}'])
def test_damage_is_named(tmp_path: Path, name: str, data: bytes) -> None:
    """
    Whatever stands in a file of ours in place of what we wrote, the error names the file and what to do.
    """
    write(tmp_path, name, data)
    notes = Notes(tmp_path)

    with pytest.raises(StorageError, match=rf"{name} is damaged; remove it"):
        (notes.record(), notes.going(), notes.paths(), notes.held([ID]))


def test_wishes_are_forgotten_after_a_while() -> None:
    """
    The notes do not grow with every wish ever made.
    """
    written = Record()
    for number in range(100):
        written.remember(str(number), Met((), Totals()))

    assert ("99", 32) == ([*written.met][-1], len(written.met))

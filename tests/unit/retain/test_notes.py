"""
What is noted of hashing, and what there is to hash by these notes.
"""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sync.values import NOW, quick
from tundish.core.digest import Digest
from tundish.retain.notes import Note, due, parse
from tundish.store.blobs import Blob

BEFORE = NOW - timedelta(days=30)
OLD, FRESH, LATER = BEFORE - timedelta(days=1), BEFORE + timedelta(days=1), NOW + timedelta(days=1)
BLOBS = [Blob(Digest("a" * 62 + end), 1, OLD) for end in ("00", "11", "22")]
MIDDLE = BLOBS[1].digest.hex


def ends(blobs: tuple[Blob, ...]) -> list[str]:
    return [blob.digest.hex[-2:] for blob in blobs]


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        (Note(), ["00", "11", "22"]),
        (Note(whole=OLD), ["00", "11", "22"]),
        (Note(whole=FRESH), []),
        (Note(whole=LATER), ["00", "11", "22"]),
        (Note(began=FRESH, upto=MIDDLE), ["22"]),
        (Note(whole=OLD, began=FRESH, upto=MIDDLE), ["22"]),
        (Note(began=OLD, upto=MIDDLE), ["00", "11", "22"]),
        (Note(began=LATER, upto=MIDDLE), ["00", "11", "22"]),
    ],
)
def test_what_is_due(note: Note, expected: list[str]) -> None:
    """
    All of a shard, the rest of a round that was broken off, or nothing.
    """
    found = due("aa", BLOBS, note, before=BEFORE, at=NOW)

    assert expected == (ends(found.blobs) if found else [])


def test_without_a_limit_everything_is_due() -> None:
    """
    Whenever it was hashed.
    """
    found = due("aa", BLOBS, Note(whole=FRESH), before=None, at=NOW)

    assert found
    assert ["00", "11", "22"] == ends(found.blobs)


def test_what_came_in_lately_was_hashed_then() -> None:
    """
    A shard of new blobs alone has nothing to be hashed.
    """
    assert due("aa", [Blob(BLOBS[0].digest, 1, FRESH)], Note(), before=BEFORE, at=NOW) is None


MOMENTS = st.none() | st.datetimes().map(lambda each: each.replace(tzinfo=NOW.tzinfo))


@quick
@given(MOMENTS, MOMENTS, st.text(max_size=70))
def test_a_note_survives_its_text(whole: datetime | None, began: datetime | None, upto: str) -> None:
    """
    What was noted is what is read.
    """
    assert Note(whole, began, upto) == parse(Note(whole, began, upto).text())


@pytest.mark.parametrize(
    "text",
    [None, "", "x", "{}", "[]", "[1, 2, 3]", '["yesterday", null, ""]', '["2026-01-01T00:00:00", null, ""]'],
)
def test_a_note_that_cannot_be_read_says_nothing(text: str | None) -> None:
    """
    Then its blobs are hashed, which is never wrong.
    """
    assert Note() == parse(text)

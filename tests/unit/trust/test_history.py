"""
What is accepted after what.
"""

from datetime import UTC, datetime, timedelta

import pytest

from tundish.core.digest import Digest
from tundish.core.errors import RolledBack
from tundish.core.selection import Seen
from tundish.trust.history import accept, is_unchanged

DAY = datetime(2026, 1, 2, tzinfo=UTC)
LATER = DAY + timedelta(days=1)
OLD, NEW = Digest.of(b"old"), Digest.of(b"new")
MARK = Seen("index", DAY, str(OLD), DAY)


def accepted(seen: Seen | None, updated: datetime | None, digest: Digest) -> Seen:
    return accept(seen, document="index", updated=updated, digest=digest, at=LATER, origin="acme")


@pytest.mark.parametrize("updated", [DAY, None])
def test_the_first_contact_is_recorded(updated: datetime | None) -> None:
    """
    Without a mark anything is accepted, and becomes the mark.
    """
    assert Seen("index", updated, str(OLD), LATER) == accepted(None, updated, OLD)


def test_a_newer_document_raises_the_mark() -> None:
    """
    A later date is what we wait for.
    """
    assert Seen("index", LATER, str(NEW), LATER) == accepted(MARK, LATER, NEW)


def test_the_same_document_is_seen_again() -> None:
    """
    Equal bytes only move the time of the last contact.
    """
    assert Seen("index", DAY, str(OLD), LATER) == accepted(MARK, DAY, OLD)


def test_the_same_bytes_are_told_as_unchanged() -> None:
    """
    The caller can end its run early.
    """
    assert (True, False, False) == (is_unchanged(MARK, OLD), is_unchanged(MARK, NEW), is_unchanged(None, OLD))


@pytest.mark.parametrize("updated", [DAY - timedelta(seconds=1), DAY, None])
def test_going_back_is_refused(updated: datetime | None) -> None:
    """
    An older date, the same date over other bytes, or no date any more: none is accepted.
    """
    with pytest.raises(RolledBack, match=r"acme .*--allow-rollback"):
        accepted(MARK, updated, NEW)


def test_a_document_that_never_had_a_date_may_change() -> None:
    """
    Without dates there is nothing to go by.
    """
    undated = Seen("index", None, str(OLD), DAY)

    assert str(NEW) == accepted(undated, None, NEW).digest

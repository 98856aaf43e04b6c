"""
No way back: what was accepted of a document once is the low mark for everything that comes later.

A replayed document carries a good signature; only its date and its bytes give it away. To accept an
older document on purpose, the caller passes `seen=None` and says so in the log.
"""

from datetime import datetime

from tundish.core.digest import Digest
from tundish.core.errors import RolledBack
from tundish.core.selection import Seen


def accept(
    seen: Seen | None,
    *,
    document: str,
    updated: datetime | None,
    digest: Digest,
    at: datetime,
    origin: str,
) -> Seen:
    """
    The mark to remember: the first contact, an unchanged document seen again, or a newer one.

    Raises:
        RolledBack: it is older than what was accepted, or other bytes under the same date.
    """
    if seen is not None and not is_unchanged(seen, digest):
        _refuse_older(seen, updated, origin)
    return Seen(document=document, updated=updated, digest=str(digest), at=at)


def is_unchanged(seen: Seen | None, digest: Digest) -> bool:
    """
    Whether these very bytes were accepted last time.
    """
    return seen is not None and seen.digest == str(digest)


def _refuse_older(seen: Seen, updated: datetime | None, origin: str) -> None:
    if seen.updated is None:
        return
    had = f"what was accepted on {seen.at:%Y-%m-%d} is of {seen.updated:%Y-%m-%d %H:%M:%S} UTC"
    mend = "if the source's owner confirms it, pass --allow-rollback to accept it"
    if updated is None:
        raise RolledBack(f"{origin} carries no date any more, and {had}; {mend}")
    if updated < seen.updated:
        raise RolledBack(f"{origin} is of {updated:%Y-%m-%d %H:%M:%S} UTC, but {had}; {mend}")
    if updated == seen.updated:
        raise RolledBack(f"{origin} has changed under the same date, {updated:%Y-%m-%d %H:%M:%S} UTC; {mend}")

"""
When which blobs were last hashed: one note for all blobs whose names begin with the same two digits.

A blob counts as hashed when it came in, too. A note that cannot be read is no note: its blobs are hashed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tundish.store.blobs import Blob


@dataclass(frozen=True, slots=True)
class Note:
    """
    All were hashed since `whole`; those up to the name `upto` since `began`, in a round that is not over.
    """

    whole: datetime | None = None
    began: datetime | None = None
    upto: str = ""

    def hashed(self, blob: Blob, at: datetime) -> datetime | None:
        """
        When a blob was hashed last; what lies in the future does not count.
        """
        moments = [self.whole, blob.since, self.began if blob.digest.hex <= self.upto else None]
        return max((moment for moment in moments if moment is not None and moment <= at), default=None)

    def text(self) -> str:
        moments = (self.whole, self.began)
        return json.dumps([*(each.isoformat() if each else None for each in moments), self.upto])


@dataclass(frozen=True, slots=True)
class Round:
    """
    The blobs of one shard that are to be hashed, and when hashing this shard began.
    """

    shard: str
    blobs: tuple[Blob, ...]
    began: datetime
    note: Note


def parse(text: str | None) -> Note:
    """
    A note from its text.
    """
    try:
        whole, began, upto = json.loads(text or "[null, null, null]")
        return Note(_moment(whole), _moment(began), str(upto or ""))
    except (ValueError, TypeError):
        return Note()


def due(
    shard: str, blobs: Sequence[Blob], note: Note, *, before: datetime | None, at: datetime
) -> Round | None:
    """
    What of a shard is to be hashed: nothing, if all was since `before`; else the rest of a round that began
    since then, or everything. Without `before`, everything.
    """
    if before is None:
        return Round(shard, tuple(blobs), at, note)
    if all((moment := note.hashed(blob, at)) is not None and moment >= before for blob in blobs):
        return None
    if note.began is None or not before <= note.began <= at:
        return Round(shard, tuple(blobs), at, note)
    rest = tuple(blob for blob in blobs if blob.digest.hex > note.upto)
    return Round(shard, rest, note.began, note)


def _moment(text: str | None) -> datetime | None:
    moment = datetime.fromisoformat(text) if text else None
    return moment if moment is None or moment.tzinfo else None

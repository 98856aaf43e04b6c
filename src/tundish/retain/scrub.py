"""
Hash blobs again, paced, from where the last time ended, and tell the catalog of what is damaged.

What is damaged goes to quarantine before the catalog says so: nobody is served it any more, and a sync or
a repair sees that it lacks.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from tundish.catalog.opened import Catalog
from tundish.core.digest import Digest
from tundish.core.errors import BlobMissing
from tundish.core.holding import Holding
from tundish.core.lifecycle import State
from tundish.fetch.throttle import Throttle
from tundish.retain import notes
from tundish.retain.notes import Note, Round
from tundish.store.audit import Damage, examined, set_aside
from tundish.store.blobs import Blob, BlobJanitor

SAVED_EVERY = 256 * 1024 * 1024  # bytes hashed between two notes of how far we are


@dataclass(frozen=True, slots=True)
class Brush:
    """
    What a scrub works with. Without `quarantine` it only looks, and changes and notes nothing.
    """

    catalog: Catalog
    store: BlobJanitor
    now: Callable[[], datetime]
    throttle: Throttle | None = None
    quarantine: bool = True

    def pay(self, count: int) -> None:
        """
        Wait as long as the pace demands after so many bytes.
        """
        if self.throttle is not None:
            self.throttle.pay(count)


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """
    What was hashed, what is wrong, what complete images lack, and which images were marked for it.
    """

    blobs: int
    bytes: int
    damaged: tuple[Damage, ...]
    missing: tuple[Digest, ...]
    versions: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        return not self.damaged and not self.missing


def rounds(brush: Brush, before: datetime | None) -> tuple[Round, ...]:
    """
    What there is to hash: all blobs, or those that were not hashed since a moment.
    """
    at = brush.now()
    found = []
    for shard, blobs in groupby(brush.store.walk(), key=_shard):
        note = notes.parse(brush.catalog.choices.get(_name(shard)))
        found.append(notes.due(shard, list(blobs), note, before=before, at=at))
    return tuple(each for each in found if each is not None)


def scrub(brush: Brush, todo: Iterable[Round], moved: Callable[[int], None]) -> Scrubbed:
    """
    Hash what there is to hash; `moved` hears of the bytes as they pass.

    Ended at any moment, it has noted how far it came.
    """
    work = _Work(brush, moved)
    for each in todo:
        work.hash(each)
    held = {blob.digest for blob in brush.store.walk()}
    lacking = sorted(brush.catalog.images.digests([State.COMPLETE]) - held - work.bad())
    versions = _mark(brush, work.bad() | set(lacking)) if brush.quarantine else []
    return Scrubbed(
        work.blobs, work.bytes, tuple(work.damaged), tuple(lacking), tuple(each.ref for each in versions)
    )


class _Work:
    """
    A scrub under way.
    """

    def __init__(self, brush: Brush, moved: Callable[[int], None]) -> None:
        self._brush, self._moved = brush, moved
        self.blobs = self.bytes = self._unsaved = 0
        self.damaged: list[Damage] = []

    def bad(self) -> frozenset[Digest]:
        return frozenset(each.blob.digest for each in self.damaged)

    def hash(self, part: Round) -> None:
        note = part.note
        try:
            for blob in part.blobs:
                self._hash(blob)
                note = Note(part.note.whole, part.began, blob.digest.hex)
                if self._unsaved >= SAVED_EVERY:
                    self._save(part.shard, note)
            note = Note(whole=part.began)
        finally:
            self._save(part.shard, note)

    def _hash(self, blob: Blob) -> None:
        try:
            damage = examined(self._brush.store, blob, self._count)
        except BlobMissing:
            return  # removed by somebody since we looked
        self.blobs, self.bytes = self.blobs + 1, self.bytes + blob.size
        if damage:
            self.damaged.append(set_aside(self._brush.store, damage) if self._brush.quarantine else damage)

    def _count(self, count: int) -> None:
        self._unsaved += count
        self._brush.pay(count)
        self._moved(count)

    def _save(self, shard: str, note: Note) -> None:
        if self._brush.quarantine:
            self._brush.catalog.choices.set(_name(shard), note.text())
        self._unsaved = 0


def _mark(brush: Brush, bad: Iterable[Digest]) -> Sequence[Holding]:
    """
    The complete versions that are made of such blobs, now damaged.
    """
    images, at, wrong = brush.catalog.images, brush.now(), set(bad)
    if not wrong:
        return ()
    hit = [
        each
        for each in images.list(states=[State.COMPLETE])
        if any(item.digest in wrong for item in each.version.items)
    ]
    images.move([each.id for each in hit], State.DAMAGED, at)
    for each in hit:
        brush.catalog.events.add("damaged", each.ref, "a blob of it is damaged or missing", at)
    return hit


def _shard(blob: Blob) -> str:
    return blob.digest.hex[:2]


def _name(shard: str) -> str:
    return f"store.hashed.{shard}"

"""
Decide what may be deleted, before anything is.

A version goes when it was retired longer ago than the grace period and nothing ties it. A blob goes when
no version that stays is made of it and it has been there longer than that; what nobody can date stays.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tundish.core.digest import Digest
from tundish.core.holding import Holding, HoldingId
from tundish.core.lifecycle import State
from tundish.store.blobs import Blob


@dataclass(frozen=True, slots=True)
class Tied:
    """
    A retired version that stays, and why.
    """

    holding: Holding
    why: str


@dataclass(frozen=True, slots=True)
class Leaving:
    """
    The retired versions: those whose time has come, those within the grace period, those that are tied.
    """

    due: tuple[Holding, ...] = ()
    waiting: tuple[Holding, ...] = ()
    tied: tuple[Tied, ...] = ()


@dataclass(frozen=True, slots=True)
class Needs:
    """
    What versions that stay need: whole blobs, and of these those that may be on their way in.
    """

    blobs: frozenset[Digest]
    parts: frozenset[Digest]


@dataclass(frozen=True, slots=True)
class Sweep:
    """
    Blobs and parts that nobody needs: those that go, and those that are too young to.
    """

    blobs: tuple[Blob, ...] = ()
    parts: tuple[Blob, ...] = ()
    waiting: tuple[Blob, ...] = ()

    @property
    def size(self) -> int:
        """
        Bytes of all that goes.
        """
        return sum(blob.size for blob in (*self.blobs, *self.parts))


def leaving(holdings: Iterable[Holding], ties: Mapping[HoldingId, str], before: datetime) -> Leaving:
    """
    Sort the retired versions by whether they may go; `before` is when the grace period began.
    """
    due, waiting, tied = [], [], []
    for each in holdings:
        if each.state is State.RETIRED:
            if each.id in ties:
                tied.append(Tied(each, ties[each.id]))
            elif each.since <= before:
                due.append(each)
            else:
                waiting.append(each)
    return Leaving(tuple(due), tuple(waiting), tuple(tied))


def needs(holdings: Iterable[Holding], gone: Collection[HoldingId] = ()) -> Needs:
    """
    What all versions but those that are gone are made of; a retired one needs no more bytes to come.
    """
    blobs: set[Digest] = set()
    parts: set[Digest] = set()
    for each in holdings:
        if each.id not in gone:
            digests = {item.digest for item in each.version.items}
            blobs |= digests
            if each.state is not State.RETIRED:
                parts |= digests
    return Needs(frozenset(blobs), frozenset(parts))


def sweep(blobs: Sequence[Blob], parts: Iterable[Blob], needed: Needs, before: datetime) -> Sweep:
    """
    What of the store goes. A part of what is held whole, or of nothing that is to come, is not needed.
    """
    held = {blob.digest for blob in blobs}
    spare = [blob for blob in blobs if blob.digest not in needed.blobs]
    spare_parts = [part for part in parts if part.digest in held or part.digest not in needed.parts]
    return Sweep(
        tuple(blob for blob in spare if _is_old(blob, before)),
        tuple(part for part in spare_parts if _is_old(part, before)),
        tuple(blob for blob in (*spare, *spare_parts) if not _is_old(blob, before)),
    )


def _is_old(blob: Blob, before: datetime) -> bool:
    return blob.since is not None and blob.since <= before

"""
What we offer: a release is a set of image versions and never changes; a channel names one of them.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tundish.core.digest import Digest
from tundish.core.holding import Holding
from tundish.core.names import ChannelName


class Verb(StrEnum):
    """
    What made a channel name another release.
    """

    PUBLISH = "publish"
    PROMOTE = "promote"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Release:
    """
    `content` is the digest of what it offers, so that a version whose bytes were replaced is noticed.
    """

    id: int
    made_at: datetime
    content: Digest
    versions: int  # of images


@dataclass(frozen=True, slots=True)
class Channel:
    """
    A name under which readers find a release, in the dialect they speak.
    """

    name: ChannelName
    dialect: str
    release: int


@dataclass(frozen=True, slots=True)
class Move:
    """
    A channel was pointed at a release.
    """

    id: int
    channel: ChannelName
    release: int
    verb: Verb
    at: datetime


def content_of(holdings: Iterable[Holding]) -> Digest:
    """
    The digest of which versions these are and of every byte they are made of, in whatever order they come.
    """
    lines = sorted(
        f"{each.product.content_id}\t{each.product.name}\t{each.version.name}\t{item.path}\t{item.digest}"
        for each in holdings
        for item in each.version.items
    )
    return Digest(hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest())


def stack(moves: Iterable[Move]) -> tuple[int, ...]:
    """
    The releases that a roll back passes, the present one last: what was rolled back is not gone back to.
    """
    passed: list[int] = []
    for move in moves:
        if move.verb is Verb.ROLLBACK and move.release in passed:
            last = len(passed) - passed[::-1].index(move.release)
            del passed[last:]
        elif not passed or passed[-1] != move.release:
            passed.append(move.release)
    return tuple(passed)

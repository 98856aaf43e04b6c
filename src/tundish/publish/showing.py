"""
What a channel offers, now or at an earlier moment. Writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tundish.catalog.opened import Catalog
from tundish.core.errors import Conflict
from tundish.core.holding import Holding
from tundish.core.names import ChannelName
from tundish.core.release import Channel, Move, Release, stack
from tundish.publish import standing
from tundish.publish.run import Office
from tundish.publish.standing import Standing

MOVES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """
    `moves` are the last ones, the oldest first; the last of them led to what is shown.
    """

    channel: Channel
    release: Release
    holdings: Sequence[Holding]
    moves: Sequence[Move]


def show(catalog: Catalog, name: str, as_of: datetime | None = None) -> Shown:
    """
    What a channel offers; with `as_of`, what it offered then.

    Raises:
        NotFound: no such channel, or it offered nothing yet.
    """
    channel = catalog.channels.get(name)
    moves = catalog.channels.moves(channel.name)
    if as_of is not None:
        last = catalog.channels.as_of(channel.name, as_of)
        moves = tuple(move for move in moves if move.id <= last.id)
        channel = Channel(channel.name, channel.dialect, last.release)
    release = catalog.channels.release(channel.release)
    return Shown(channel, release, catalog.images.released(release.id), moves[-MOVES_SHOWN:])


def release_before(catalog: Catalog, name: ChannelName) -> int:
    """
    The release that a roll back of a channel goes back to.

    Raises:
        NotFound: no such channel.
        Conflict: there is nothing before what it offers.
    """
    channel = catalog.channels.get(name)
    passed = stack(catalog.channels.moves(name))
    if len(passed) < 2:
        raise Conflict(
            f"channel {name} offered nothing before release {channel.release}; "
            f"name one of its releases: tundish channel rollback {name} --to RELEASE"
        )
    return passed[-2]


def signature_of(office: Office, name: ChannelName) -> Standing:
    """
    The tree of a channel as it stands: its date, and its signature if it holds.
    """
    return standing.read(office.channels / name, office.press.reader())

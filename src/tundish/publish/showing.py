"""
What a channel offers, now or at an earlier moment. Writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tundish.catalog.opened import Catalog
from tundish.core.holding import Holding
from tundish.core.names import ChannelName
from tundish.core.release import Channel, Move, Release
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


def signature_of(office: Office, name: ChannelName) -> Standing:
    """
    The tree of a channel as it stands: its date, and its signature if it holds.
    """
    return standing.read(office.channels / name, office.press.reader())

"""
One publication from end to end: choose from the catalog, write the tree, point the channel at a new
release, leave an event behind.

The tree is written before the catalog is told, so a command that was killed in between does the same when
it is run again.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tundish.catalog.opened import Catalog
from tundish.core.errors import Conflict, NotFound
from tundish.core.holding import Holding
from tundish.core.lifecycle import State
from tundish.core.names import ChannelName
from tundish.core.release import Channel, content_of
from tundish.publish import dialect as dialects
from tundish.publish.dialect import Dialect
from tundish.publish.publisher import Press, Publication
from tundish.publish.publisher import publish as write


@dataclass(frozen=True, slots=True)
class Office:
    """
    What the verbs on channels work with. `channels` is the folder of the trees.
    """

    catalog: Catalog
    channels: Path
    press: Press
    holder: str

    @contextmanager
    def alone(self, channel: ChannelName) -> Iterator[None]:
        """
        Be the only one who writes into a channel.

        Raises:
            Busy: somebody else does.
        """
        with self.catalog.database.exclusive(f"publish-{channel}", self.holder):
            yield

    def note(self, kind: str, channel: ChannelName, text: str) -> None:
        self.catalog.events.add(kind, channel, text, self.press.now())


@dataclass(frozen=True, slots=True)
class Terms:
    """
    How to publish. None: as the channel has it, or the defaults for a new one.
    """

    dialect: str | None = None
    expires: int | None = None  # days until signatures end; 0: never


DEFAULTS = Terms()


def publish(
    catalog: Catalog,
    refs: Sequence[str],
    channel: ChannelName,
    *,
    channels: Path,
    press: Press,
    holder: str,
    terms: Terms = DEFAULTS,
) -> Publication:
    """
    Make a channel offer the images named (every complete one that its readers can use, if none is named).

    Raises:
        NotFound: no such image, or nothing complete to publish.
        Conflict: an image named is not complete, or readers of the channel could not use it.
        Busy: somebody else publishes into this channel.
    """
    office = Office(catalog, channels, press, holder)
    with office.alone(channel):
        standing = catalog.channels.find(channel)
        spoken = _dialect(channel, standing, terms.dialect)
        named = [_complete(catalog.images.find(ref)) for ref in refs]
        chosen = named or catalog.images.list(states=[State.COMPLETE])
        holdings, left_out = _fitting(chosen, dialects.named(spoken), strict=bool(named))
        publication = write(
            holdings,
            channels / channel,
            press,
            dialect=dialects.named(spoken),
            expires=terms.expires,
        )
        release = _released(office, Channel(channel, spoken, standing.release if standing else 0), holdings)
        if publication.changed:
            text = f"{len(publication.images)} image versions, {publication.size} bytes"
            text += f", {len(publication.renewed)} files put right" if publication.renewed else ""
            office.note("published", channel, f"release {release}: {text}")
        return replace(publication, release=release, left_out=left_out)


def refuse_unfit(holdings: Sequence[Holding], channel: Channel) -> None:
    """
    Raise if readers of a channel could not use one of these.

    Raises:
        Conflict: they could not; image and reason are named.
    """
    _fitting(holdings, dialects.named(channel.dialect), strict=True)


def _dialect(channel: ChannelName, standing: Channel | None, wanted: str | None) -> str:
    """
    The dialect of a channel, which it keeps: readers hold on to the root they were given.
    """
    if standing is None:
        return wanted or dialects.DEFAULT
    if wanted not in {None, standing.dialect}:
        raise Conflict(
            f"channel {channel} is published for {standing.dialect}, and a channel keeps its dialect; "
            f"choose another channel for {wanted}, as in --channel {channel}-{wanted}"
        )
    return standing.dialect


def _complete(holding: Holding) -> Holding:
    if holding.state is not State.COMPLETE:
        raise Conflict(f"{holding.ref} is {holding.state}, and only complete images are published")
    return holding


def _fitting(
    holdings: Sequence[Holding], dialect: Dialect, *, strict: bool
) -> tuple[Sequence[Holding], tuple[str, ...]]:
    """
    Those that can be offered together, and the others with the reason.

    Raises:
        Conflict: there are others, and `strict` says that every one was asked for.
        NotFound: none can be offered.
    """
    faults = dialect.faults(holdings)
    reasons = tuple(f"{each.ref}: {faults[each.id]}" for each in holdings if each.id in faults)
    if reasons and strict:
        raise Conflict(f"{reasons[0]}; nothing was published: name other images, or another --dialect")
    fitting = [each for each in holdings if each.id not in faults]
    if reasons and not fitting:
        raise NotFound(f"none of the {len(reasons)} complete images can be published; {reasons[0]}")
    return fitting, reasons


def _released(office: Office, channel: Channel, holdings: Sequence[Holding]) -> int:
    """
    The number of the release that offers exactly these: the one the channel names, or a new one.
    """
    channels, content = office.catalog.channels, content_of(holdings)
    if channel.release and channels.release(channel.release).content == content:
        return channel.release
    versions = [holding.id for holding in holdings]
    return channels.publish(channel, versions, content, office.press.now()).id

"""
Point channels at releases that were made before: promote, roll back, sign anew. And tidy their trees.

No bytes move: the files of a release still stand in the tree, or are linked from the store again. The
date of the index rises all the same, so that clients which refuse older streams follow.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tundish.catalog.opened import Catalog
from tundish.core.errors import Conflict, NotFound
from tundish.core.holding import Holding
from tundish.core.names import ChannelName
from tundish.core.payload import Signature
from tundish.core.release import Channel, Verb, content_of
from tundish.publish import dialect as dialects
from tundish.publish import linking, standing, tidying
from tundish.publish.comparing import Compared, compare
from tundish.publish.linking import Mended
from tundish.publish.publisher import Publication
from tundish.publish.publisher import publish as write
from tundish.publish.run import Office, refuse_unfit
from tundish.publish.showing import release_before
from tundish.publish.tidying import GRACE, Tidied
from tundish.store.blobs import BlobSource

_HAPPENED = {Verb.PROMOTE: "promoted", Verb.ROLLBACK: "rolled-back"}


@dataclass(frozen=True, slots=True)
class Promotion:
    """
    What promoting will do: `target` as it will be, and what distinguishes that from now.
    """

    source: ChannelName
    target: Channel
    compared: Compared


def plan_promotion(
    catalog: Catalog, store: BlobSource, source: ChannelName, target: ChannelName
) -> Promotion:
    """
    See what promoting one channel's release to another means. A new target speaks the dialect of the source.

    Raises:
        NotFound: there is no such channel to promote from.
        Conflict: readers of the target could not use it.
    """
    offered, standing_now = catalog.channels.get(source), catalog.channels.find(target)
    moved = Channel(target, (standing_now or offered).dialect, offered.release)
    refuse_unfit(catalog.images.released(moved.release), moved)
    before = standing_now.release if standing_now else 0
    return Promotion(source, moved, compare(catalog, store, before, moved.release))


def promote(office: Office, promotion: Promotion) -> Publication:
    """
    Carry a promotion out: exactly the release that was planned, whatever the source names by now.

    Raises:
        Conflict: the target was moved since it was planned, or the release cannot be offered any more.
        Busy: somebody else writes into the channel.
    """
    target = promotion.target
    with office.alone(target.name):
        now = office.catalog.channels.find(target.name)
        if (now.release if now else 0) != promotion.compared.before:
            raise Conflict(f"channel {target.name} was moved by somebody else meanwhile; look and try again")
        return _move(office, target, Verb.PROMOTE)


def roll_back(office: Office, name: ChannelName, to: int | None = None) -> Publication:
    """
    Let a channel offer again what it offered before (`to`: the release of this number).

    Raises:
        NotFound: no such channel, or it never offered this release.
        Conflict: there is nothing before, or the release cannot be offered any more.
        Busy: somebody else writes into the channel.
    """
    with office.alone(name):
        channel = office.catalog.channels.get(name)
        if to is not None and to not in {move.release for move in office.catalog.channels.moves(name)}:
            raise NotFound(f"channel {name} never offered a release {to}; see: tundish channel show {name}")
        release = release_before(office.catalog, name) if to is None else to
        return _move(office, Channel(name, channel.dialect, release), Verb.ROLLBACK)


def resign(office: Office, name: ChannelName, expires: int | None = None) -> Publication:
    """
    Offer the same with a fresh date and signature, which lasts `expires` days (None: as long as the last).

    Raises:
        NotFound: no such channel.
        Conflict: its release cannot be offered any more.
        Busy: somebody else writes into the channel.
    """
    with office.alone(name):
        channel = office.catalog.channels.get(name)
        publication = _write(office, channel, _offerable(office, channel), expires=expires, renew=True)
        office.note("resigned", name, f"release {channel.release}")
        return replace(publication, release=channel.release)


def due(office: Office) -> tuple[ChannelName, ...]:
    """
    The channels whose signature has an end, and half of its life or more behind it.
    """
    return tuple(each.name for each in office.catalog.channels.list() if is_due(office, each.name))


def is_due(office: Office, name: ChannelName) -> bool:
    """
    Whether the signature of a channel has an end, and half of its life or more behind it.

    Raises:
        StorageError: its tree cannot be read.
    """
    stands = standing.read(office.channels / name, office.press.reader())
    return bool(stands.days) and not _is_fresh(stands.signature, office.press.now())


def _is_fresh(signature: Signature | None, now: datetime) -> bool:
    if signature is None or signature.expires_at is None:
        return False
    return now - signature.made_at < (signature.expires_at - signature.made_at) / 2


def tidy(office: Office, name: ChannelName, grace: timedelta = GRACE, *, dry_run: bool = False) -> Tidied:
    """
    Remove from a tree what its indexes have not named for the grace period, or with `dry_run` only say what.

    Raises:
        NotFound: no such channel.
        Conflict: its documents are damaged, so that it is not known what they name.
        Busy: somebody else writes into the channel.
    """
    with nullcontext() if dry_run else office.alone(name):
        office.catalog.channels.get(name)
        stands = standing.read(office.channels / name, office.press.reader())
        if not stands.sound:
            raise Conflict(
                f"documents of channel {name} are missing or damaged, so nothing was removed; "
                f"write them anew: tundish channel resign {name}"
            )
        tree = office.channels / name, stands.named, office.press.now(), grace
        done = tidying.foresee(*tree) if dry_run else tidying.tidy(*tree, office.press.gauge)
        if done.removed and not dry_run:
            office.note("tidied", name, f"{len(done.removed)} files that left the channel")
        return done


def mend(office: Office, name: ChannelName) -> Mended:
    """
    Put right the files of a tree that are not the store's any more, as after a repair of the store.

    Raises:
        NotFound: no such channel.
        Busy: somebody else writes into the channel.
    """
    with office.alone(name):
        office.catalog.channels.get(name)
        root = office.channels / name
        stands = standing.read(root, office.press.reader())
        done = linking.mend(linking.named(stands.documents), root, office.press.store, office.press.gauge)
        if done.renewed:
            office.note("mended", name, f"{len(done.renewed)} files that were not the store's any more")
        return done


def _move(office: Office, channel: Channel, verb: Verb) -> Publication:
    """
    Write the tree, then tell the catalog; if it is killed in between, the same command does the rest.
    """
    publication = _write(office, channel, _offerable(office, channel), again=verb is Verb.ROLLBACK)
    before = office.catalog.channels.find(channel.name)
    if before is None or before.release != channel.release:
        office.catalog.channels.point(channel, verb, office.press.now())
        office.note(_HAPPENED[verb], channel.name, f"release {channel.release}")
    return replace(publication, release=channel.release)


def _write(
    office: Office,
    channel: Channel,
    holdings: Sequence[Holding],
    *,
    expires: int | None = None,
    renew: bool = False,
    again: bool = False,
) -> Publication:
    spoken = dialects.named(channel.dialect)
    root = office.channels / channel.name
    return write(holdings, root, office.press, dialect=spoken, expires=expires, renew=renew, again=again)


def _offerable(office: Office, channel: Channel) -> Sequence[Holding]:
    """
    What a release offers, if it is still what it was when it was made.
    """
    release = office.catalog.channels.release(channel.release)
    holdings = office.catalog.images.released(release.id)
    if content_of(holdings) != release.content:
        raise Conflict(
            f"release {release.id} cannot be offered again: versions of it were deleted or replaced by their "
            "source since; publish a new release: tundish publish"
        )
    return holdings

"""
Deeds on channels: what is offered under which name. Jobs do the same in the background.
"""

from collections.abc import Sequence
from datetime import timedelta

from tundish.app.deeds.deed import deed
from tundish.app.finding import must_see_release, offerable
from tundish.app.opened import App, holder
from tundish.core.errors import NotFound
from tundish.core.image import Json
from tundish.core.names import ChannelName, channel_name
from tundish.core.people import Actor, Kind, Power
from tundish.publish import comparing, moving, run
from tundish.publish.comparing import Compared
from tundish.publish.moving import Promotion
from tundish.publish.publisher import Publication
from tundish.publish.run import Terms
from tundish.publish.tidying import Tidied


def publish(
    app: App, actor: Actor, channel: str, refs: Sequence[str], terms: Terms | None = None
) -> Publication:
    """
    Let a channel offer the images named, or every complete one.

    Raises:
        NotFound: an image is not there, or not the actor's to see.
        Forbidden: none is named, and the actor does not see all.
        Conflict: there is nothing to offer, or the channel is for others.
        Busy: somebody else writes into the channel.
    """
    name = channel_name(channel)
    with deed(
        app.catalog.audit, actor, Power.CHANNEL_EDIT, "channel.publish", kind=Kind.CHANNEL, name=name
    ) as account:
        account.before = _offered(app, name)
        done = run.publish(
            app.catalog,
            offerable(app, actor, refs),
            name,
            channels=app.channels,
            press=app.press(),
            holder=holder(),
            terms=terms or Terms(),
        )
        account.after = {"release": done.release, "images": len(done.images)}
        return done


def plan(app: App, actor: Actor, source: str, target: str) -> Promotion:
    """
    What promoting one channel's release to another would change. Changes nothing.

    Raises:
        NotFound: there is no such channel.
        Forbidden: the actor may not see one of the channels, or of the images that would be offered.
        Conflict: readers of the target could not use it.
    """
    for name in (source, target):
        actor.must(Power.SEE, Kind.CHANNEL, name)
    must_see_release(app, actor, app.catalog.channels.get(channel_name(source)).release)
    return moving.plan_promotion(app.catalog, app.store, channel_name(source), channel_name(target))


def compare(app: App, actor: Actor, before: str, after: str) -> Compared:
    """
    What distinguishes two releases, each by its number or the name of a channel. Changes nothing.

    Raises:
        NotFound: there is no such channel or release, or it is not the actor's to see.
        Forbidden: the actor may not see one of the images that they offer.
    """
    numbers = [_release_seen(app, actor, each) for each in (before, after)]
    for number in numbers:
        must_see_release(app, actor, number)
    return comparing.compare(app.catalog, app.store, *numbers)


def _release_seen(app: App, actor: Actor, name: str) -> int:
    known = {each.name for each in app.catalog.channels.list()}
    if (name in known or not name.isdecimal()) and not actor.may(Power.SEE, Kind.CHANNEL, name):
        raise NotFound(f"there is no channel {name[:80]!r}, or it is not yours to see")
    return comparing.release_of(app.catalog, name)


def promote(app: App, actor: Actor, promotion: Promotion) -> Publication:
    """
    Carry out exactly the promotion that was planned.

    Raises:
        Conflict: the target was moved since, or the release cannot be offered any more.
        Busy: somebody else writes into the channel.
    """
    name = promotion.target.name
    with deed(
        app.catalog.audit, actor, Power.CHANNEL_EDIT, "channel.promote", kind=Kind.CHANNEL, name=name
    ) as account:
        account.before = _offered(app, name)
        must_see_release(app, actor, promotion.target.release)
        done = moving.promote(app.office(), promotion)
        account.after = {"from": promotion.source, "release": done.release}
        return done


def roll_back(app: App, actor: Actor, channel: str, to: int | None = None) -> Publication:
    """
    Let a channel offer again what it offered before (`to`: the release of this number).

    Raises:
        NotFound: no such channel, or it never offered this release.
        Conflict: there is nothing before, or the release cannot be offered any more.
        Busy: somebody else writes into the channel.
    """
    name = channel_name(channel)
    with deed(
        app.catalog.audit, actor, Power.CHANNEL_EDIT, "channel.rollback", kind=Kind.CHANNEL, name=name
    ) as account:
        account.before = _offered(app, name)
        done = moving.roll_back(app.office(), name, to)
        account.after = {"release": done.release}
        return done


def resign(app: App, actor: Actor, channel: str, expires: int | None = None) -> Publication:
    """
    Offer the same with a fresh date and a signature that lasts `expires` days (None: as long as the last).

    Raises:
        NotFound: no such channel.
        Conflict: its release cannot be offered any more.
        Busy: somebody else writes into the channel.
    """
    name = channel_name(channel)
    with deed(
        app.catalog.audit, actor, Power.CHANNEL_EDIT, "channel.resign", kind=Kind.CHANNEL, name=name
    ) as account:
        done = moving.resign(app.office(), name, expires)
        account.after = {"release": done.release, "expires": expires}
        return done


def tidy(app: App, actor: Actor, channel: str, grace: timedelta) -> Tidied:
    """
    Remove from a channel what its readers can no longer know of.

    Raises:
        NotFound: no such channel.
        Conflict: its documents are damaged, so that it is not known what they name.
        Busy: somebody else writes into the channel.
    """
    name = channel_name(channel)
    with deed(
        app.catalog.audit, actor, Power.CHANNEL_EDIT, "channel.tidy", kind=Kind.CHANNEL, name=name
    ) as account:
        done = moving.tidy(app.office(), name, grace)
        account.after = {"removed": len(done.removed), "bytes": done.freed}
        return done


def _offered(app: App, name: ChannelName) -> dict[str, Json]:
    found = app.catalog.channels.find(name)
    return {"release": found.release} if found is not None else {}

"""
Channels and releases: what is offered to readers, and what was.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tundish.api.asking import Number, Opened, Who, Word, must_see
from tundish.api.repeating import Route
from tundish.api.schemas import Job, Page, Shown
from tundish.app.deeds import channels as deeds
from tundish.app.deeds import jobs
from tundish.app.opened import App
from tundish.core import release as values
from tundish.core.holding import Holding
from tundish.core.image import Json
from tundish.core.names import channel_name
from tundish.core.people import Actor, Kind, Power
from tundish.publish import moving
from tundish.publish.comparing import Compared
from tundish.publish.showing import show, signature_of

ROUTER = APIRouter(route_class=Route, tags=["channels"])
Moment = Annotated[AwareDatetime | None, Query(description="what it offered at this moment; left out: now")]
Named = Annotated[str, Query(max_length=255, description="the number of a release, or a channel")]


class Channel(Shown):
    name: str
    dialect: str
    release: int

    @classmethod
    def of(cls, channel: values.Channel) -> Self:
        return cls(name=channel.name, dialect=channel.dialect, release=channel.release)


class Move(Shown):
    """
    When a channel was pointed at a release.
    """

    id: int
    release: int
    verb: str
    at: datetime

    @classmethod
    def of(cls, move: values.Move) -> Self:
        return cls(id=move.id, release=move.release, verb=move.verb, at=move.at)


class Release(Shown):
    """
    A set of versions that never changes; `content` is the digest of all their bytes.
    """

    id: int
    made_at: datetime
    content: str
    versions: int
    images: list[str]


class Signature(Shown):
    """
    How what readers find stands: its date, and whether a signature holds until when (null: for ever).
    """

    updated: datetime | None
    signed: bool
    expires: datetime | None
    due: bool = Field(description="whether half of its life is behind it")


class Version(Shown):
    image: str
    version: str
    bytes: int
    source: str


class Shelf(Shown):
    """
    What a channel offers, or offered at a moment, with the last moves that led there, the oldest first.
    `folder` is where it lies on the server, for who may change its settings.
    """

    channel: str
    dialect: str
    folder: str | None
    release: int
    made_at: datetime
    content: str
    versions: int
    images: list[Version]
    moves: list[Move]


class Renewal(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"expires": 30}]})

    expires: int | None = Field(None, ge=0, le=3650, description="days until the end; 0: never")


class Renewed(Shown):
    """
    A channel that was signed anew.
    """

    channel: str
    release: int
    changed: bool
    updated: datetime
    expires: datetime | None
    images: list[str]


class Tidying(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"grace_days": 3}]})

    grace_days: int = Field(3, ge=0, le=3650, description="how long files stay that the index names no more")


class Tidied(Shown):
    """
    What was removed from a channel, how many bytes that freed, and how many files wait for their time.
    """

    channel: str
    removed: list[str]
    freed_bytes: int
    waiting: int


class Publishing(BaseModel):
    """
    Which images; none named: all that are complete and that readers of the channel can use.
    """

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"images": ["debian/bookworm/amd64"], "expires": 30}]}
    )

    images: list[str] = Field([], max_length=1_000)
    dialect: str | None = Field(None, max_length=20, description="maas or incus, for a new channel")
    expires: int | None = Field(None, ge=0, le=3650, description="days until the signature ends; 0: never")


class Promotion(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"source": "candidate"}]})

    source: str = Field(max_length=255, description="the channel whose release is offered here, too")


class Change(Shown):
    """
    An image with another newest version, and its packages; where they are not `known`, there are none here.
    """

    image: str
    before: str
    after: str
    known: bool
    added: dict[str, str]
    removed: dict[str, str]
    changed: dict[str, tuple[str, str]]


class Promoted(Shown):
    """
    What promoting would change, or what distinguishes two releases: which versions appear, go and change.
    """

    before: int
    after: int
    appears: list[str]
    goes: list[str]
    changes: list[Change]

    @classmethod
    def of(cls, compared: Compared) -> Self:
        difference = compared.difference
        return cls(
            before=compared.before,
            after=compared.after,
            appears=list(difference.appears),
            goes=list(difference.goes),
            changes=[Change(**asdict(each)) for each in difference.changes],
        )


class RollBack(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"release": 3}]})

    release: int | None = Field(None, ge=1, le=2**31, description="left out: the one before")


@ROUTER.get("/channels")
def list_channels(app: Opened, actor: Who) -> Page[Channel]:
    """
    The channels that the asker may see, by name.
    """
    found = [each for each in app.catalog.channels.list() if actor.may(Power.SEE, Kind.CHANNEL, each.name)]
    return Page(items=[Channel.of(each) for each in found], next=None)


@ROUTER.get("/channels/{name}")
def get_channel(app: Opened, actor: Who, name: Word) -> Channel:
    """
    One channel.
    """
    return Channel.of(_seen(app, actor, name))


@ROUTER.get("/channels/{name}/signature")
def get_signature(app: Opened, actor: Who, name: Word) -> Signature:
    """
    Look at the files of a channel as its readers do.
    """
    channel, office = _seen(app, actor, name).name, app.keyed_office()
    stands = signature_of(office, channel)
    return Signature(
        updated=stands.updated,
        signed=stands.signature is not None,
        expires=stands.expires_at,
        due=moving.is_due(office, channel),
    )


@ROUTER.get("/channels/{name}/offer")
def get_offer(app: Opened, actor: Who, name: Word, as_of: Moment = None) -> Shelf:
    """
    What a channel offers, as far as the asker may see it; with `as_of`, what it offered then.
    """
    found = show(app.catalog, _seen(app, actor, name).name, as_of)
    folder = str(app.channels / found.channel.name) if actor.may(Power.SETTING_EDIT) else None
    return Shelf(
        channel=found.channel.name,
        dialect=found.channel.dialect,
        folder=folder,
        release=found.release.id,
        made_at=found.release.made_at,
        content=found.release.content.hex,
        versions=found.release.versions,
        images=[_version(each) for each in found.holdings if actor.may(Power.SEE, Kind.IMAGE, each.ref)],
        moves=[Move.of(each) for each in found.moves],
    )


@ROUTER.post("/channels/{name}/resign")
def resign_channel(app: Opened, actor: Who, name: Word, wanted: Renewal) -> Renewed:
    """
    Sign what a channel offers anew, with a fresh date.
    """
    _seen(app, actor, name)
    done = deeds.resign(app, actor, name, wanted.expires)
    return Renewed(
        channel=name,
        release=done.release,
        changed=done.changed,
        updated=done.updated,
        expires=done.expires_at,
        images=list(done.images),
    )


@ROUTER.post("/channels/{name}/tidy")
def tidy_channel(app: Opened, actor: Who, name: Word, wanted: Tidying) -> Tidied:
    """
    Remove from a channel what its readers can no longer know of.
    """
    _seen(app, actor, name)
    done = deeds.tidy(app, actor, name, timedelta(days=wanted.grace_days))
    return Tidied(channel=name, removed=list(done.removed), freed_bytes=done.freed, waiting=done.waiting)


@ROUTER.get("/comparison", tags=["releases"])
def compare_releases(app: Opened, actor: Who, before: Named, after: Named) -> Promoted:
    """
    See what distinguishes two releases, each named by its number or by a channel, down to packages.
    """
    return Promoted.of(deeds.compare(app, actor, before, after))


@ROUTER.get("/channels/{name}/moves")
def list_moves(
    app: Opened, actor: Who, name: Word, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> Page[Move]:
    """
    The last moves of a channel, the oldest of them first.
    """
    found = app.catalog.channels.moves(_seen(app, actor, name).name, limit=limit)
    return Page(items=[Move.of(each) for each in found], next=None)


@ROUTER.post("/channels/{name}/publish", status_code=202)
def publish_channel(app: Opened, actor: Who, name: Word, wanted: Publishing, response: Response) -> Job:
    """
    Make a channel offer these images, as a new release; the answer is the job that does it.
    """
    arguments: dict[str, Json] = {
        "channel": name,
        "images": list(wanted.images),
        "dialect": wanted.dialect,
        "expires": wanted.expires,
    }
    return _begun(app, actor, "publish", arguments, response)


@ROUTER.get("/channels/{name}/promotion")
def plan_promotion(
    app: Opened, actor: Who, name: Word, source: Annotated[str, Query(max_length=255)]
) -> Promoted:
    """
    See what promoting another channel's release to this one would change.
    """
    for each in (source, name):
        must_see(actor, f"channel {each!r}", Kind.CHANNEL, each)
    return Promoted.of(deeds.plan(app, actor, source, name).compared)


@ROUTER.post("/channels/{name}/promote", status_code=202)
def promote_channel(app: Opened, actor: Who, name: Word, wanted: Promotion, response: Response) -> Job:
    """
    Let a channel offer what another one does.
    """
    must_see(actor, f"channel {wanted.source!r}", Kind.CHANNEL, wanted.source)
    return _begun(app, actor, "promote", {"channel": name, "source": wanted.source}, response)


@ROUTER.post("/channels/{name}/roll-back", status_code=202)
def roll_back_channel(app: Opened, actor: Who, name: Word, wanted: RollBack, response: Response) -> Job:
    """
    Let a channel offer again what it offered before.
    """
    _seen(app, actor, name)
    return _begun(app, actor, "rollback", {"channel": name, "release": wanted.release}, response)


@ROUTER.get("/releases/{number}", tags=["releases"])
def get_release(app: Opened, actor: Who, number: Number) -> Release:
    """
    What a release offers, as far as the asker may see it.
    """
    found = app.catalog.channels.release(number)
    held = app.catalog.images.released(number)
    return Release(
        id=found.id,
        made_at=found.made_at,
        content=found.content.hex,
        versions=found.versions,
        images=[each.ref for each in held if actor.may(Power.SEE, Kind.IMAGE, each.ref)],
    )


def _version(held: Holding) -> Version:
    version = held.version
    return Version(image=held.product.ref, version=version.name, bytes=version.size, source=held.source)


def _begun(app: App, actor: Actor, kind: str, arguments: dict[str, Json], response: Response) -> Job:
    job = jobs.begin(
        app, actor, kind, {name: value for name, value in arguments.items() if value is not None}
    )
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    return Job.of(job)


def _seen(app: App, actor: Actor, name: str) -> values.Channel:
    must_see(actor, f"channel {name!r}", Kind.CHANNEL, name)
    return app.catalog.channels.get(channel_name(name))

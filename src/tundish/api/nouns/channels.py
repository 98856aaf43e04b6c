"""
Channels and releases: what is offered to readers, and what was.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from tundish.api.asking import Number, Opened, Who, Word, must_see
from tundish.api.repeating import Route
from tundish.api.schemas import Job, Page, Shown
from tundish.app.deeds import channels as deeds
from tundish.app.deeds import jobs
from tundish.app.opened import App
from tundish.core import release as values
from tundish.core.image import Json
from tundish.core.names import channel_name
from tundish.core.people import Actor, Kind, Power
from tundish.publish.comparing import Compared
from tundish.publish.showing import signature_of

ROUTER = APIRouter(route_class=Route, tags=["channels"])


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
    What promoting would change: from one release to another, which versions appear, go and change.
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
    stands = signature_of(app.keyed_office(), _seen(app, actor, name).name)
    is_signed = stands.signature is not None
    return Signature(updated=stands.updated, signed=is_signed, expires=stands.expires_at)


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


def _begun(app: App, actor: Actor, kind: str, arguments: dict[str, Json], response: Response) -> Job:
    job = jobs.begin(
        app, actor, kind, {name: value for name, value in arguments.items() if value is not None}
    )
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    return Job.of(job)


def _seen(app: App, actor: Actor, name: str) -> values.Channel:
    must_see(actor, f"channel {name!r}", Kind.CHANNEL, name)
    return app.catalog.channels.get(channel_name(name))

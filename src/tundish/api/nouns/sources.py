"""
Sources: where images come from. What would make one unreadable is tried before it is saved.
"""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tundish.api.asking import Limit, Opened, Who, Word, created, follow, must_see
from tundish.api.repeating import Route
from tundish.api.schemas import Page, Shown
from tundish.app.deeds import sources as deeds
from tundish.app.opened import App
from tundish.core.errors import InputError
from tundish.core.image import Json
from tundish.core.image import Product as Found
from tundish.core.names import source_name
from tundish.core.people import Actor, Kind, Power
from tundish.core.selection import ANY, Selection
from tundish.core.selection import Source as Kept
from tundish.sync import presets
from tundish.sync.catalogue import all_known, known, vouching
from tundish.sync.offer import Offer
from tundish.sync.ranking import Ranking, ranking
from tundish.sync.sources import Wish, narrow, public

ROUTER = APIRouter(route_class=Route, tags=["sources"])
Check = Annotated[bool, Query(description="false: save it without asking the source first")]
Text = Annotated[str, Query(max_length=255)]
Offset = Annotated[int, Query(ge=0, le=1_000_000, description="how many rows to pass over")]


class Source(Shown):
    name: str
    url: str
    signed: bool
    priority: int
    enabled: bool
    proxy: str
    token: bool
    mirrors: list[str]
    bandwidth: int | None
    window: str
    signers: list[str]
    signed_by: str | None
    signed_at: str | None
    good_until: str | None
    trouble: str

    @classmethod
    def of(cls, app: App, source: Kept, **more: object) -> Self:
        vouched = vouching(app.desk(), source)
        signature = vouched.signature
        return cls.model_validate(
            {
                **more,
                **public(source),
                "signed_by": signature.primary if signature else None,
                "signed_at": signature.made_at.isoformat() if signature else None,
                "good_until": vouched.until.isoformat() if vouched.until else None,
                "trouble": str(vouched.trouble or ""),
            }
        )


class Unread(Shown):
    """
    A document of a source that could not be read, and why.
    """

    content_id: str
    error: str

    @classmethod
    def all_of(cls, offer: Offer | None) -> list[Self]:
        found = offer.unread if offer is not None else ()
        return [cls(content_id=each.content_id, error=str(each.error)) for each in found]


class Saved(Source):
    """
    A source as it was saved. `products`: how many it offers; null: it was not asked.
    """

    products: int | None
    unread: list[Unread]

    @classmethod
    def after(cls, app: App, source: Kept, offer: Offer | None) -> Self:
        products = None if offer is None else len(offer.products)
        return cls.of(app, source, products=products, unread=Unread.all_of(offer))


class Restored(Saved):
    """
    The default source; `selected`: the series of Ubuntu that was selected with it, if nothing was before.
    """

    selected: str | None


class Default(BaseModel):
    """
    Another place that holds the stream, for an admin to name, and its keys if they are not installed there.
    """

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"url": "http://mirror.lab/stable/"}]}
    )

    url: str | None = Field(None, max_length=2000)
    keyring: str | None = Field(None, max_length=1_000_000, description="armoured, or binary as base64")


AS_PUBLISHED = Default(url=None, keyring=None)


class Remark(Shown):
    subject: str
    text: str


class Offered(Shown):
    """
    What a source answered: who signed, how much there is, and what could not be read.
    """

    source: str
    signed_by: str | None
    signed_at: str | None
    good_until: str | None
    products: int
    images: list[str]
    unread: list[Unread]
    remarks: list[Remark]

    @classmethod
    def of(cls, offer: Offer) -> Self:
        return cls(
            source=offer.source.name,
            signed_by=offer.signature.primary if offer.signature else None,
            signed_at=offer.signature.made_at.isoformat() if offer.signature else None,
            good_until=offer.good_until.isoformat() if offer.good_until else None,
            products=len(offer.products),
            images=sorted({product.ref for product in offer.products})[:1_000],
            unread=Unread.all_of(offer),
            remarks=[Remark(subject=each.subject, text=each.text) for each in offer.remarks[:1_000]],
        )


class Document(Shown):
    """
    What was last accepted of a document of a source.
    """

    document: str
    updated: datetime | None
    digest: str
    accepted: datetime


class Size(Shown):
    version: str
    bytes: int


class Product(Shown):
    """
    What a source offers of one image, the newest version last, and the source that it is taken from instead.
    """

    image: str
    product: str
    title: str
    label: str
    codename: str | None
    supported_until: str | None
    hidden_by: str | None
    versions: list[Size]

    @classmethod
    def of(cls, product: Found, hider: str | None) -> Self:
        return cls(
            image=product.ref,
            product=product.name,
            title=product.title,
            label=product.label,
            codename=_text(product.extra.get("release_codename")),
            supported_until=_text(product.extra.get("support_eol")),
            hidden_by=hider,
            versions=[Size(version=each.name, bytes=each.size) for each in product.versions],
        )


class Wished(BaseModel):
    """
    What is wanted of a source. What is left out or null stays as it is; an empty text or list takes it away.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"priority": 10, "window": "22:00-06:00"}]},
    )

    url: str | None = Field(None, max_length=2000, description="the base of the stream, or its index")
    keyring: str | None = Field(
        None, max_length=1_000_000, description="its public keys: armoured, or binary as base64"
    )
    unsigned: bool = Field(False, description="knowingly believe it without a signature")
    priority: int | None = Field(None, ge=-(2**31), le=2**31 - 1)
    enabled: bool | None = None
    proxy: str | None = Field(None, max_length=2000)
    token: str | None = Field(None, max_length=8192, description="a bearer token; it is never shown again")
    mirrors: list[str] | None = Field(None, max_length=16)
    bandwidth: int | None = Field(None, ge=0, le=2**40, description="bytes per second; 0: no cap")
    window: str | None = Field(None, max_length=40, description="when it may be asked, in UTC")
    signers: list[str] | None = Field(None, max_length=100, description="fingerprints that may sign")

    def wish(self) -> Wish:
        return Wish(
            url=self.url,
            keyring=_keyring(self.keyring),
            unsigned=self.unsigned,
            priority=self.priority,
            enabled=self.enabled,
            proxy=self.proxy,
            token=self.token,
            mirrors=None if self.mirrors is None else tuple(self.mirrors),
            bandwidth=self.bandwidth,
            window=self.window,
            signers=None if self.signers is None else tuple(self.signers),
        )


class New(Wished):
    """
    A source to be: at least its name, its URL, and a keyring or `unsigned`.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "lab",
                    "url": "http://mirror.lab/stable/",
                    "keyring": "LS0tLS1CRUdJTiBQR1AgUFVCTElDIEtFWSBCTE9DSy0tLS0t",
                }
            ]
        },
    )

    name: str = Field(max_length=255)
    url: str = Field(max_length=2000)


class Stream(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"stream": "candidate"}]})

    stream: Literal["stable", "candidate"]


@ROUTER.get("/sources")
def list_sources(app: Opened, actor: Who) -> Page[Source]:
    """
    The sources that the asker may see, the highest priority first.
    """
    found = [each for each in app.catalog.sources.list() if actor.may(Power.SEE, Kind.SOURCE, each.name)]
    return Page(items=[Source.of(app, each) for each in found], next=None)


@ROUTER.post("/sources", status_code=201)
def add_source(app: Opened, actor: Who, new: New, response: Response, check: Check = True) -> Saved:
    """
    Know a source from now on. It is asked and verified first, unless `check` is false.
    """
    saved = deeds.add(app, actor, new.name, new.wish(), check=check)
    created(response, f"/api/v1/sources/{saved.source.name}")
    return Saved.after(app, saved.source, saved.offer)


@ROUTER.post("/sources/check")
def check_new_source(app: Opened, actor: Who, new: New) -> Offered:
    """
    Ask and verify a source that is not saved, and say what it offers. Nothing is saved.
    """
    return Offered.of(deeds.check(app, actor, new.name, new.wish()))


@ROUTER.post("/sources/restore-default")
def restore_default_source(
    app: Opened, actor: Who, wanted: Annotated[Default, Body()] = AS_PUBLISHED, check: Check = True
) -> Restored:
    """
    Bring the public images of MAAS back as a source.
    """
    keys, url = _keyring(wanted.keyring), wanted.url or presets.URL
    found = deeds.restore_default(app, actor, keys, url=url, check=check)
    products = None if found.offer is None else len(found.offer.products)
    unread = Unread.all_of(found.offer)
    return Restored.of(app, found.source, products=products, unread=unread, selected=found.series)


@ROUTER.get("/sources/{name}")
def get_source(app: Opened, actor: Who, name: Word) -> Source:
    """
    One source.
    """
    return Source.of(app, _seen(app, actor, name))


@ROUTER.patch("/sources/{name}")
def change_source(app: Opened, actor: Who, name: Word, wished: Wished, check: Check = True) -> Saved:
    """
    Give a source other settings.
    """
    _seen(app, actor, name)
    saved = deeds.change(app, actor, name, wished.wish(), check=check)
    return Saved.after(app, saved.source, saved.offer)


@ROUTER.delete("/sources/{name}", status_code=204)
def remove_source(app: Opened, actor: Who, name: Word) -> None:
    """
    Forget a source with its selections; images that came from it stay.
    """
    _seen(app, actor, name)
    deeds.remove(app, actor, name)


@ROUTER.post("/sources/{name}/check")
def check_source(app: Opened, actor: Who, name: Word) -> Offered:
    """
    Ask and verify a source as it is, and say what it offers.
    """
    _seen(app, actor, name)
    return Offered.of(deeds.check(app, actor, name, Wish()))


@ROUTER.get("/sources/{name}/documents")
def list_documents(app: Opened, actor: Who, name: Word) -> Page[Document]:
    """
    What was last accepted of each document of a source.
    """
    marks = app.catalog.sources.seen(_seen(app, actor, name).name).values()
    found = [
        Document(document=each.document, updated=each.updated, digest=each.digest, accepted=each.at)
        for each in marks
    ]
    return Page(items=found, next=None)


@ROUTER.post("/sources/{name}/refresh")
def refresh_source(app: Opened, actor: Who, name: Word) -> Offered:
    """
    Ask a source what it offers now, and keep what it says.
    """
    _seen(app, actor, name)
    return Offered.of(deeds.refresh(app, actor, name))


@ROUTER.get("/sources/{name}/offer")
def browse_source(
    app: Opened,
    actor: Who,
    request: Request,
    name: Word,
    *,
    os: Text = ANY,
    series: Text = ANY,
    arch: Text = ANY,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Page[Product]:
    """
    What a source was last known to offer, in its own order, without asking it.
    """
    source, desk = _seen(app, actor, name), app.desk()
    offer = known(desk, source)
    ranked = ranking([*all_known(desk), offer], [], {})
    found = narrow(offer, Selection(os, series, (arch,))).products
    shown = [Product.of(each, _hider(actor, ranked, name, each)) for each in found[offset : offset + limit]]
    more = follow(request, offset=offset + limit) if len(found) > offset + limit else None
    return Page(items=shown, next=more)


@ROUTER.put("/sources/{name}/stream")
def set_stream(app: Opened, actor: Who, name: Word, wanted: Stream, check: Check = True) -> Saved:
    """
    Switch a source between its streams, stable and candidate.
    """
    _seen(app, actor, name)
    saved = deeds.set_stream(app, actor, name, wanted.stream, check=check)
    return Saved.after(app, saved.source, saved.offer)


def _seen(app: App, actor: Actor, name: str) -> Kept:
    must_see(actor, f"source {name!r}", Kind.SOURCE, name)
    return app.catalog.sources.get(name)


def _hider(actor: Actor, ranked: Ranking, name: str, product: Found) -> str | None:
    hider = ranked.hider(source_name(name), product)
    return hider if hider is not None and actor.may(Power.SEE, Kind.SOURCE, hider) else None


def _text(value: Json) -> str | None:
    return None if value is None else str(value)


def _keyring(text: str | None) -> bytes | None:
    if text is None or "BEGIN PGP" in text:
        return None if text is None else text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InputError("the keyring is neither armoured nor base64") from None

"""
Selections: which of what the sources offer is wanted; and the catalogue of what they offer.
"""

from typing import Annotated, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tundish.api.asking import Limit, Number, Opened, Who, created, follow
from tundish.api.repeating import Route
from tundish.api.schemas import Page, Shown
from tundish.app.deeds import selections as deeds
from tundish.app.opened import App
from tundish.core.errors import NotFound
from tundish.core.image import Product
from tundish.core.names import source_name
from tundish.core.people import Actor, Kind, Power
from tundish.core.selection import ANY
from tundish.core.selection import Selection as Kept
from tundish.sync.catalogue import all_known

ROUTER = APIRouter(route_class=Route, tags=["selections"])
Force = Annotated[bool, Query(description="true: also what no source is known to offer")]
Text = Annotated[str, Query(max_length=255)]
Offset = Annotated[int, Query(ge=0, le=1_000_000, description="how many rows to pass over")]


class Selection(Shown):
    id: int
    os: str
    series: str
    arches: list[str]
    kernels: list[str]
    labels: list[str]
    source: str | None
    keep: int

    @classmethod
    def of(cls, number: int, wanted: Kept) -> Self:
        return cls.model_validate({"id": number, **deeds.public(wanted)})


class Wanted(BaseModel):
    """
    Which images. `*` stands for all.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"os": "ubuntu", "series": "noble", "arches": ["amd64"], "kernels": ["ga-24.04"]}]
        },
    )

    os: str = Field(max_length=255)
    series: str = Field(max_length=255)
    arches: list[str] = Field([ANY], min_length=1, max_length=100)
    kernels: list[str] = Field([ANY], min_length=1, max_length=100)
    labels: list[str] = Field([ANY], min_length=1, max_length=100)
    source: str | None = Field(None, max_length=255)
    keep: int = Field(2, ge=1, le=1000, description="versions to keep, the current one included")

    def value(self) -> Kept:
        return Kept(
            os=self.os,
            series=self.series,
            arches=tuple(self.arches),
            kernels=tuple(self.kernels),
            labels=tuple(self.labels),
            source=source_name(self.source) if self.source else None,
            keep=self.keep,
        )


class Offered(Shown):
    """
    A product that a source was last known to offer.
    """

    source: str
    product: str
    ref: str
    os: str
    series: str
    arch: str
    kernel: str
    label: str
    title: str
    versions: list[str]
    size: int  # of the newest version

    @classmethod
    def of(cls, source: str, product: Product) -> Self:
        newest = product.versions[-1] if product.versions else None
        return cls(
            source=source,
            product=product.name,
            ref=product.ref,
            os=product.os,
            series=product.series,
            arch=product.arch,
            kernel=product.kernel,
            label=product.label,
            title=product.title,
            versions=[version.name for version in product.versions],
            size=newest.size if newest else 0,
        )


@ROUTER.get("/selections")
def list_selections(app: Opened, actor: Who) -> Page[Selection]:
    """
    What is wanted, the oldest first.
    """
    found = [pair for pair in app.catalog.selections.list() if _may_see(actor, pair[1])]
    return Page(items=[Selection.of(number, wanted) for number, wanted in found], next=None)


@ROUTER.post("/selections", status_code=201)
def add_selection(
    app: Opened, actor: Who, wanted: Wanted, response: Response, force: Force = False
) -> Selection:
    """
    Want something from now on; the next sync fetches it.
    """
    number = deeds.add(app, actor, wanted.value(), force=force)
    created(response, f"/api/v1/selections/{number}")
    return Selection.of(number, deeds.get(app, number))


@ROUTER.get("/selections/{number}")
def get_selection(app: Opened, actor: Who, number: Number) -> Selection:
    """
    One selection.
    """
    return Selection.of(number, _seen(app, actor, number))


@ROUTER.put("/selections/{number}")
def change_selection(
    app: Opened, actor: Who, number: Number, wanted: Wanted, force: Force = False
) -> Selection:
    """
    Want this in its place. The answer has a new number.
    """
    _seen(app, actor, number)
    new = deeds.change(app, actor, number, wanted.value(), force=force)
    return Selection.of(new, deeds.get(app, new))


@ROUTER.delete("/selections/{number}", status_code=204)
def remove_selection(app: Opened, actor: Who, number: Number) -> None:
    """
    Want it no longer; the next sync retires what nothing selects any more.
    """
    _seen(app, actor, number)
    deeds.remove(app, actor, number)


@ROUTER.get("/catalogue", tags=["catalogue"])
def browse_catalogue(
    app: Opened,
    actor: Who,
    request: Request,
    *,
    source: Text = "",
    os: Text = "",
    series: Text = "",
    arch: Text = "",
    limit: Limit = 100,
    offset: Offset = 0,
) -> Page[Offered]:
    """
    What the sources were last known to offer, without asking them.
    """
    words = {"os": os, "series": series, "arch": arch}
    found = [
        Offered.of(offer.source.name, product)
        for offer in all_known(app.desk(), source_name(source) if source else None)
        if actor.may(Power.SEE, Kind.SOURCE, offer.source.name)
        for product in offer.products
        if all(not word or getattr(product, name) == word for name, word in words.items())
    ]
    found.sort(key=lambda each: (each.ref, each.source, each.product))
    more = follow(request, offset=offset + limit) if len(found) > offset + limit else None
    return Page(items=found[offset : offset + limit], next=more)


def _may_see(actor: Actor, wanted: Kept) -> bool:
    kind = (Kind.SOURCE, wanted.source) if wanted.source else (Kind.ALL, "")
    return actor.may(Power.SEE, *kind)


def _seen(app: App, actor: Actor, number: int) -> Kept:
    found = deeds.get(app, number)
    if not _may_see(actor, found):
        raise NotFound(f"there is no selection {number}; see them all: tundish select list")
    return found

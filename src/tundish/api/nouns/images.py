"""
Images: what is held, version by version, and what becomes of it.
"""

import json
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from tundish.api.asking import Number, Opened, Who, Word, follow, must_see
from tundish.api.repeating import Route
from tundish.api.schemas import Image, Job, Page, Shown
from tundish.app import finding
from tundish.app.deeds import images as deeds
from tundish.app.deeds import jobs, uploads
from tundish.app.opened import App
from tundish.core.errors import NotFound
from tundish.core.holding import OWN, Holding, HoldingId
from tundish.core.lifecycle import State
from tundish.core.listing import SORTS, Line, Wanted
from tundish.core.names import item_name
from tundish.core.people import Actor, Kind, Power

ROUTER = APIRouter(route_class=Route, tags=["images"])
Text = Annotated[str, Query(max_length=255)]
Sort = Annotated[str, Query(max_length=20, description="one of " + ", ".join(SORTS), examples=["name"])]
Offset = Annotated[int, Query(ge=0, le=10_000_000, description="how many rows to pass over")]
Limit = Annotated[int, Query(ge=1, le=500, description="how many rows at most")]


class Listed(Shown):
    """
    An image by its newest version.
    """

    id: int
    ref: str
    source: str
    os: str
    series: str
    arch: str
    kernel: str
    label: str
    title: str
    version: str
    versions: int
    state: str
    since: datetime
    size: int
    pinned: bool
    on_hold: bool
    verdict: str
    machines: int
    deployed: datetime | None

    @classmethod
    def of(cls, line: Line) -> Self:
        return cls(
            id=line.id,
            ref=line.ref,
            source=line.source,
            os=line.os,
            series=line.series,
            arch=line.arch,
            kernel=line.kernel,
            label=line.label,
            title=line.title,
            version=line.version,
            versions=line.versions,
            state=line.state,
            since=line.since,
            size=line.size,
            pinned=line.pinned,
            on_hold=line.on_hold,
            verdict=line.verdict,
            machines=line.machines,
            deployed=line.deployed,
        )


class Detail(Image):
    """
    One version, with what was found in it, what its uploader said, and which of its bytes the store lacks.
    """

    verdict: str | None
    errors: int
    warnings: int
    said: dict[str, object]
    missing: list[str]  # sha256

    @classmethod
    def looked_at(cls, app: App, held: Holding) -> Self:
        checked = app.catalog.checks.get(held.id)
        counts = app.catalog.machines.counts()
        return cls.of(
            held,
            stays=app.catalog.keeping.ties().get(held.id),
            deployments=counts.get((held.product.ref, held.version.name), 0),
            verdict=checked.verdict if checked else None,
            errors=checked.errors if checked else 0,
            warnings=checked.warnings if checked else 0,
            said=dict(held.version.extra) if held.source == OWN else {},
            missing=[item.digest.hex for item in held.version.items if not app.store.has(item.digest)],
        )


class Images(Shown):
    items: list[Listed]
    next: str | None
    total: int


class Findings(Shown):
    """
    What the last check found. `report` is the document of `tundish check --json`.
    """

    at: datetime
    verdict: str
    errors: int
    warnings: int
    report: dict[str, object]


class Reason(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "tried on two machines by hand"}]}
    )

    reason: str = Field(min_length=1, max_length=500)


@ROUTER.get("/images", response_model=Images)
def list_images(
    app: Opened,
    actor: Who,
    request: Request,
    *,
    os: Text = "",
    series: Text = "",
    arch: Text = "",
    kernel: Text = "",
    source: Text = "",
    state: Annotated[list[State] | None, Query(description="repeatable; left out: all but retired")] = None,
    pinned: Annotated[bool | None, Query(description="only those that are, or are not")] = None,
    text: Annotated[str, Query(max_length=255, description="words to look for in names and titles")] = "",
    sort: Sort = "name",
    descending: bool = False,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """
    The images, each by its newest version; filtered, sorted, and in pages.

    Who may see only some images is answered as if there were no others.
    """
    wanted = Wanted(
        os=os,
        series=series,
        arch=arch,
        kernel=kernel,
        source=source,
        states=tuple(state or ()),
        pinned=pinned,
        text=text,
        sort=sort,
        descending=descending,
        offset=offset,
        limit=limit,
    )
    found = finding.listed(app, actor, wanted)
    more = follow(request, offset=offset + limit) if found.total > offset + limit else None
    shown = Images(items=[Listed.of(line) for line in found.lines], next=more, total=found.total)
    return Response(shown.model_dump_json(), media_type="application/json")  # checked once, not twice


@ROUTER.get("/versions", tags=["versions"])
def list_versions(
    app: Opened,
    actor: Who,
    request: Request,
    limit: Limit = 100,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="the id of the last row seen")] = 0,
) -> Page[Image]:
    """
    Every version of every image with its files, the oldest first.
    """
    rows = app.catalog.images.page(after=after, limit=limit)
    more = follow(request, after=rows[-1].id) if len(rows) == limit else None
    seen = [row for row in rows if actor.may(Power.SEE, Kind.IMAGE, row.ref)]
    ties, counts = app.catalog.keeping.ties(), app.catalog.machines.counts()
    items = [
        Image.of(
            row,
            stays=ties.get(row.id),
            deployments=counts.get((row.product.ref, row.version.name), 0),
        )
        for row in seen
    ]
    return Page(items=items, next=more)


@ROUTER.get("/images/{number}")
def get_image(app: Opened, actor: Who, number: Number) -> Detail:
    """
    One version with its files and their digests.
    """
    return Detail.looked_at(app, _seen(app, actor, number))


@ROUTER.get("/find", tags=["images"])
def find_image(
    app: Opened, actor: Who, ref: Annotated[str, Query(max_length=1000, examples=["ubuntu/noble/amd64"])]
) -> Detail:
    """
    The version that people mean by OS/SERIES/ARCH, with /KERNEL and @VERSION where they name them.
    """
    return Detail.looked_at(app, finding.find(app, actor, ref))


@ROUTER.delete("/images/{number}")
def delete_image(app: Opened, actor: Who, number: Number) -> Image:
    """
    Retire a version: it is offered no more, and its bytes go once the grace period is over.
    """
    return Image.of(deeds.delete(app, actor, _seen(app, actor, number).id))


@ROUTER.post("/images/{number}/pin")
def pin_image(app: Opened, actor: Who, number: Number) -> Image:
    """
    Let a version stay, whatever newer ones come.
    """
    return Image.of(deeds.pin(app, actor, _seen(app, actor, number).id))


@ROUTER.post("/images/{number}/unpin")
def unpin_image(app: Opened, actor: Who, number: Number) -> Image:
    """
    Let a pinned version go with the others again.
    """
    return Image.of(deeds.unpin(app, actor, _seen(app, actor, number).id))


@ROUTER.post("/images/{number}/hold")
def hold_image(app: Opened, actor: Who, number: Number) -> Image:
    """
    Take nothing newer of an image, and let none of its versions go.
    """
    return Image.of(deeds.hold(app, actor, _seen(app, actor, number).id))


@ROUTER.post("/images/{number}/release")
def release_image(app: Opened, actor: Who, number: Number) -> Image:
    """
    Take newer versions of an image again.
    """
    return Image.of(deeds.unhold(app, actor, _seen(app, actor, number).id))


@ROUTER.post("/images/{number}/restore")
def restore_image(app: Opened, actor: Who, number: Number) -> Image:
    """
    Take a retired version back, while all of its bytes are still held.
    """
    return Image.of(deeds.restore(app, actor, _seen(app, actor, number).id))


@ROUTER.post("/images/{number}/roll-back")
def roll_back_image(app: Opened, actor: Who, number: Number) -> Image:
    """
    Go back to this version: it is pinned, its image is on hold, and the newer versions are retired.
    """
    return Image.of(deeds.roll_back(app, actor, _seen(app, actor, number).id))


@ROUTER.post("/images/{number}/accept")
def accept_image(app: Opened, actor: Who, number: Number, why: Reason) -> Image:
    """
    Let an uploaded image that was found unfit be used all the same.
    """
    return Image.of(uploads.accept(app, actor, _seen(app, actor, number).ref, why.reason))


@ROUTER.get("/images/{number}/check", tags=["checks"])
def get_check(app: Opened, actor: Who, number: Number) -> Findings:
    """
    What the last check of a version found, with the plan of its deployment.
    """
    held = _seen(app, actor, number)
    found = app.catalog.checks.get(held.id)
    if found is None:
        raise NotFound(f"{held.ref} was not checked yet; have it checked: POST to the same address")
    report: dict[str, object] = json.loads(found.report)
    return Findings(
        at=found.at, verdict=found.verdict, errors=found.errors, warnings=found.warnings, report=report
    )


@ROUTER.post("/images/{number}/check", status_code=202, tags=["checks"])
def check_image(app: Opened, actor: Who, number: Number, response: Response) -> Job:
    """
    Have a version checked; the answer is the job that does it.
    """
    job = jobs.begin(app, actor, "check", {"image": _seen(app, actor, number).ref})
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    return Job.of(job)


@ROUTER.get("/images/{number}/files/{name}", response_class=FileResponse, tags=["files"])
def get_file(app: Opened, actor: Who, number: Number, name: Word) -> FileResponse:
    """
    The bytes of a file, from any offset on (`Range`). Many machines fetch from the file door instead.
    """
    held = _seen(app, actor, number)
    wanted = item_name(name)
    item = next((each for each in held.version.items if each.name == wanted), None)
    if item is None:
        raise NotFound(
            f"{held.ref} has no file {name!r}; it has {', '.join(each.name for each in held.version.items)}"
        )
    place = app.store.local_path(item.digest)
    return FileResponse(place, filename=item.name, headers={"ETag": f'"{item.digest.hex}"'})


def _seen(app: App, actor: Actor, number: int) -> Holding:
    held = app.catalog.images.get(HoldingId(number))
    must_see(actor, f"image {number}", Kind.IMAGE, held.ref)
    return held

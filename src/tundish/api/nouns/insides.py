"""
What is inside of images: facts, packages, bills of materials, differences and reports, read while who asks
waits. Few are read at once.
"""

import json
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from tundish.api.asking import MOST_NUMBER, Number, Opened, Who, must_see
from tundish.api.repeating import Route
from tundish.api.schemas import Shown
from tundish.app import inspecting, telling
from tundish.app.checking import Asked, check_image
from tundish.app.comparing import compared
from tundish.app.insides import reader
from tundish.app.opened import App
from tundish.check import difference_json, report_json
from tundish.check.assuming import Said
from tundish.check.policy import Policy
from tundish.check.subject import Filetype
from tundish.core import clock
from tundish.core.holding import Holding, HoldingId
from tundish.core.image import Json
from tundish.core.people import Actor, Kind

ROUTER = APIRouter(route_class=Route, tags=["insides"])
JSON = "application/json"
Text = Annotated[str, Query(max_length=255)]
Maas = Annotated[str, Query(pattern=r"^[0-9]{1,2}\.[0-9]{1,2}$", description="the MAAS it is for")]
Moment = Annotated[
    int | None,
    Query(ge=0, le=2**32 - 1, description="as when it counts as made, in seconds; else by the image"),
]


class Packages(Shown):
    """
    One line `package<TAB>version` for each, as streams have it.
    """

    manifest: str


@ROUTER.get("/images/{number}/inside", response_model=dict[str, object])
def inspect_image(app: Opened, actor: Who, number: Number) -> Response:
    """
    What is inside of a version: the document of `tundish image inspect --json`.
    """
    held = _seen(app, actor, number)
    with reader() as reading, reading.look(held, app.store) as image:
        return _shown(telling.document(inspecting.inspected(image)))


@ROUTER.get("/images/{number}/packages")
def list_packages(app: Opened, actor: Who, number: Number) -> Packages:
    """
    The packages of a version.
    """
    held = _seen(app, actor, number)
    with reader() as reading, reading.look(held, app.store) as image:
        return Packages(manifest=inspecting.manifest(image).decode("utf-8", "replace"))


@ROUTER.get("/images/{number}/sbom", response_model=dict[str, object])
def get_sbom(
    app: Opened,
    actor: Who,
    number: Number,
    form: inspecting.Form = inspecting.Form.CYCLONEDX,
    moment: Moment = None,
) -> Response:
    """
    The bill of materials of a version, as CycloneDX 1.6 or SPDX 2.3.
    """
    held = _seen(app, actor, number)
    with reader() as reading, reading.look(held, app.store) as image:
        return Response(inspecting.bill(image, form, moment=moment), media_type=JSON)


@ROUTER.get("/images/{number}/difference", response_model=dict[str, object])
def compare_images(
    app: Opened, actor: Who, number: Number, before: Annotated[int, Query(ge=1, le=MOST_NUMBER)]
) -> Response:
    """
    What is different in a version from another one, which `before` names by its id: the document of
    `tundish image diff --json`.
    """
    old, new = _seen(app, actor, before), _seen(app, actor, number)
    with (
        reader() as reading,
        reading.look(old, app.store) as old_image,
        reading.look(new, app.store) as new_image,
    ):
        return _shown(difference_json.document(compared(old_image, new_image, today=clock.now().date())))


@ROUTER.get("/images/{number}/report", response_model=dict[str, object])
def report_on_image(
    app: Opened,
    actor: Who,
    number: Number,
    *,
    filetype: Filetype | None = None,
    name: Text = "",
    base_image: Text = "",
    arch: Text = "",
    maas: Annotated[
        str, Query(pattern=r"^[0-9]{1,2}\.[0-9]{1,2}$", description="the MAAS it is for")
    ] = "3.6",
    curtin: Annotated[date | None, Query(description="the day of the installer")] = None,
    ephemeral: Text = "",
    firmware: Literal["bios", "uefi", "both"] | None = None,
    secure_boot: bool = False,
    offline: bool = False,
    in_memory: bool = False,
    policy: Policy = Policy.DEFAULT,
) -> Response:
    """
    Check a version by what is said here, and note nothing of it: the document of `tundish check --json`.
    """
    held = _seen(app, actor, number)
    major, _, minor = maas.partition(".")
    asked = Asked(
        Said(filetype or "", name, base_image, arch),
        (int(major), int(minor)),
        curtin,
        ephemeral,
        frozenset({firmware} if firmware in {"bios", "uefi"} else {"bios", "uefi"}),
        both=firmware == "both",
        secure_boot=secure_boot,
        offline=offline,
        in_memory=in_memory,
        policy=policy,
    )
    with reader() as reading, reading.look(held, app.store) as image:
        return _shown(report_json.document(check_image(image, asked, today=clock.now().date())))


def _shown(document: Json) -> Response:
    return Response(json.dumps(document), media_type=JSON)


def _seen(app: App, actor: Actor, number: int) -> Holding:
    held = app.catalog.images.get(HoldingId(number))
    must_see(actor, f"image {number}", Kind.IMAGE, held.ref)
    return held

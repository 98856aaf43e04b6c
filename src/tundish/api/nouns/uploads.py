"""
Uploads: images of one's own on their way in. One is begun here; how its bytes come is for `contents`.
"""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tundish.api.asking import Limit, Number, Opened, Who, created, follow
from tundish.api.repeating import Route
from tundish.api.schemas import Page, Shown
from tundish.app.deeds import uploads as deeds
from tundish.app.opened import App
from tundish.app.wishes import wished
from tundish.core.digest import Digest
from tundish.core.people import Actor, Kind, Power
from tundish.core.upload import ABANDONED, MOST_BYTES, Asked, Upload, UploadState
from tundish.intake.naming import MOST_DISK, warnings

ROUTER = APIRouter(route_class=Route, tags=["uploads"])
Word = Annotated[str, Field(max_length=255)]


class Wish(BaseModel):
    """
    What is to come. Whatever is left out is taken from the bytes, or stated as a default.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "custom/rocky9",
                    "base_image": "rhel/9",
                    "size": 734003200,
                    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                }
            ]
        },
    )

    name: Word = Field(description="custom/NAME, bare NAME, or OS/RELEASE")
    arch: Word = Field("amd64", description="ARCH or ARCH/KERNEL")
    title: Word = ""
    filetype: Word = Field("", description="tgz, ddgz, ...; left out: by the content")
    base_image: Word = Field("", description="OS/SERIES that MAAS configures it as")
    firmware: Word = Field("", description="bios, uefi or both")
    default_user: Word = ""
    min_disk: int = Field(0, ge=0, le=MOST_DISK, description="bytes of the smallest disk it fits")
    keep_old: bool = Field(default=True, description="false: older versions go once this one is available")
    size: int | None = Field(None, ge=1, le=MOST_BYTES, description="left out: finish it with a POST")
    sha256: Word = Field("", description="its digest; bytes that are held already need not be sent")

    def judged(self, app: App) -> tuple[Asked, Digest | None]:
        """
        What is asked for, and the promised digest.

        Raises:
            InputError: it cannot be.
        """
        asked = wished(
            app,
            self.name,
            arch=self.arch,
            title=self.title,
            filetype=self.filetype,
            base_image=self.base_image,
            firmware=self.firmware,
            default_user=self.default_user,
            min_disk=self.min_disk,
            keep_old=self.keep_old,
        )
        return asked, Digest.parse(self.sha256) if self.sha256 else None


class Incoming(Shown):
    """
    An upload. The next byte belongs at `offset`; once it is complete, `image` is the version it became, and
    `verdict` what its check found: an unfit one is kept, but not available until it is accepted.
    """

    id: int
    name: str
    arch: str
    kernel: str
    title: str
    filetype: str
    base_image: str
    base_said: bool
    firmware: str
    default_user: str
    min_disk: int
    keep_old: bool
    size: int | None
    sha256: str | None
    offset: int
    state: str
    error: str
    image: int | None
    verdict: str
    warnings: list[str]
    actor: str
    begun_at: datetime
    touched_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, app: App, upload: Upload, offset: int | None = None) -> Self:
        asked = upload.asked
        checked = None if upload.holding is None else app.catalog.checks.get(upload.holding)
        return cls(
            id=upload.id,
            name=asked.name,
            arch=asked.arch,
            kernel=asked.subarch,
            title=asked.title,
            filetype=asked.filetype,
            base_image=asked.base_image,
            base_said=asked.base_said,
            firmware=asked.firmware,
            default_user=asked.default_user,
            min_disk=asked.min_disk,
            keep_old=asked.keep_old,
            size=upload.size,
            sha256=upload.sha256.hex if upload.sha256 else None,
            offset=upload.came if offset is None else offset,
            state=upload.state,
            error=upload.error,
            image=upload.holding,
            verdict=checked.verdict if checked else "",
            warnings=list(warnings(asked)),
            actor=upload.actor,
            begun_at=upload.made_at,
            touched_at=upload.touched_at,
            expires_at=None if upload.is_over else upload.touched_at + ABANDONED,
        )


def begun(app: App, actor: Actor, wish: Wish) -> tuple[Upload, bool]:
    """
    The upload that was wished for, and whether it is a new one: the same words of the same actor, with size
    and digest, go on with the one that is on its way.
    """
    asked, sha256 = wish.judged(app)
    if wish.size is not None and sha256 is not None:
        before = deeds.resumable(app, actor, asked, wish.size, sha256)
        if before is not None:
            return before, False
    return deeds.begin(app, actor, asked, wish.size, sha256, by_job=True), True


@ROUTER.get("/uploads")
def list_uploads(
    app: Opened,
    actor: Who,
    request: Request,
    *,
    running: Annotated[bool, Query(description="only those on their way")] = False,
    limit: Limit = 100,
    before: Annotated[int, Query(ge=0, le=2**63 - 1, description="the id of the last row seen")] = 0,
) -> Page[Incoming]:
    """
    The uploads, the newest first. `offset` is what lasts of each.
    """
    states = (UploadState.ARRIVING, UploadState.CHECKING) if running else ()
    rows = app.catalog.uploads.list(states=states, before=before, limit=limit)
    more = follow(request, before=rows[-1].id) if len(rows) == limit else None
    seen = [row for row in rows if actor.may(Power.SEE, Kind.IMAGE, row.asked.name)]
    return Page(items=[Incoming.of(app, row) for row in seen], next=more)


@ROUTER.post("/uploads", status_code=201, responses={200: {"description": "the same is on its way already"}})
def begin_upload(app: Opened, actor: Who, wish: Wish, response: Response) -> Incoming:
    """
    Begin an upload, then send its bytes to `content` below it. Said again with size and digest, it goes on.
    """
    upload, is_new = begun(app, actor, wish)
    created(response, f"/api/v1/uploads/{upload.id}")
    if not is_new:
        response.status_code = 200
    return Incoming.of(app, upload, deeds.offset_of(app, upload))


@ROUTER.get("/uploads/{number}")
def get_upload(app: Opened, actor: Who, number: Number) -> Incoming:
    """
    One upload, and where its next byte belongs.
    """
    upload = deeds.get(app, actor, number)
    return Incoming.of(app, upload, deeds.offset_of(app, upload))


@ROUTER.post("/uploads/{number}/finish")
def finish_upload(app: Opened, actor: Who, number: Number) -> Incoming:
    """
    Say that all bytes have come of an upload whose size was not said.
    """
    return Incoming.of(app, deeds.finish(app, actor, number, by_job=True))


@ROUTER.delete("/uploads/{number}")
def cancel_upload(app: Opened, actor: Who, number: Number) -> Incoming:
    """
    Give an upload up, and drop what has come of it.
    """
    return Incoming.of(app, deeds.cancel(app, actor, number))

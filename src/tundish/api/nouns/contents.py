"""
The bytes of uploads: a whole body or pieces with `Content-Range`, and tus 1.0.0. No body of these routes is
held in memory, so none of them is repeated by a key.
"""

import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from tundish.api import tus
from tundish.api.asking import Number, Opened, Who
from tundish.api.checked import MISMATCH, MOST, WAITING
from tundish.api.nouns.uploads import Incoming, Wish, begun
from tundish.api.pouring import Pouring, patiently
from tundish.app.deeds import uploads as deeds
from tundish.core.errors import Conflict, InputError, IntegrityError
from tundish.core.upload import ABANDONED, MOST_BYTES, Upload

ROUTER = APIRouter(tags=["uploads"])
Text = Annotated[str, Header(max_length=tus.MOST_METADATA)]
Base = Annotated[
    str,
    Header(alias="Tus-Resumable", max_length=20, description="the version of tus", examples=[tus.VERSION]),
]
GONE = 410
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_TUS_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {tus.BODY: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@ROUTER.put("/uploads/{number}/content", openapi_extra=_BODY)
async def put_content(
    app: Opened, actor: Who, request: Request, number: Number, content_range: Text = ""
) -> Incoming:
    """
    Send the whole, or the piece that `Content-Range` names. What came of a body that breaks off is kept;
    bytes that are there already may come again.
    """
    upload = await run_in_threadpool(deeds.get, app, actor, number)
    first, end = _range(content_range, upload)
    taken = await _poured(Pouring(app, actor, number, first, end), request.stream())
    return await run_in_threadpool(Incoming.of, app, taken)


@ROUTER.options("/uploads/tus", status_code=204)
async def offer_tus(_actor: Who) -> Response:
    """
    What of tus is known here.
    """
    return Response(status_code=204, headers=tus.OFFER)


@ROUTER.post("/uploads/tus", status_code=201)
async def create_tus(
    app: Opened,
    actor: Who,
    request: Request,
    *,
    tus_resumable: Base = "",
    upload_length: Text = "",
    upload_metadata: Text = "",
) -> Response:
    """
    Begin an upload as tus does; the metadata has the fields of `POST /uploads`. A body of the type that a
    PATCH has is its first piece.
    """
    _must_be_known(tus_resumable)
    size = tus.length(upload_length, request.headers.get("upload-defer-length", ""))
    if size is not None and size > MOST_BYTES:
        raise HTTPException(413, f"an upload has at most {MOST_BYTES} bytes")
    wish = _wish(upload_metadata, size)
    promised = _promised(request)
    upload, is_new = await run_in_threadpool(begun, app, actor, wish)
    offset = upload.came
    if _is_piece(request) and not upload.is_over:
        pouring = Pouring(app, actor, upload.id, 0)
        try:
            upload = await _appended(pouring, request, promised)
        except HTTPException as refused:
            if refused.status_code == MISMATCH and is_new:
                await run_in_threadpool(deeds.cancel, app, actor, upload.id)
            raise
        offset = pouring.offset
    headers = {"Location": f"/api/v1/uploads/{upload.id}/content", **_standing(upload, offset)}
    return Response(status_code=201, headers=headers)


@ROUTER.head("/uploads/{number}/content")
async def ask_tus(app: Opened, actor: Who, number: Number) -> Response:
    """
    Where the next byte belongs.
    """
    upload = await run_in_threadpool(deeds.get, app, actor, number)
    _must_be_there(upload)
    offset = await patiently(deeds.offset_of, app, upload)
    return Response(status_code=200, headers=_standing(upload, offset))


@ROUTER.patch("/uploads/{number}/content", status_code=204, openapi_extra=_TUS_BODY)
async def append_tus(
    app: Opened,
    actor: Who,
    request: Request,
    number: Number,
    *,
    tus_resumable: Base = "",
    upload_offset: Text = "",
) -> Response:
    """
    Send bytes from an offset on. Of a piece with an `Upload-Checksum` nothing is kept that is not of it.
    `Upload-Length` says how many there are in all, if that was deferred.
    """
    _must_be_known(tus_resumable)
    if not _is_piece(request):
        raise HTTPException(415, f"the body of a PATCH is of the type {tus.BODY}")
    upload = await run_in_threadpool(deeds.get, app, actor, number)
    _must_be_there(upload)
    offset = tus.count("Upload-Offset", upload_offset)
    came = await patiently(deeds.offset_of, app, upload)
    if offset != came:
        raise Conflict(f"upload {number} has {came} bytes; send on from offset {came}, not {offset}")
    promised = _promised(request)
    if said := request.headers.get("upload-length"):
        await run_in_threadpool(deeds.measure, app, actor, number, tus.count("Upload-Length", said))
    pouring = Pouring(app, actor, number, offset)
    taken = await _appended(pouring, request, promised)
    return Response(status_code=204, headers=_standing(taken, pouring.offset))


@ROUTER.delete("/uploads/{number}/content", status_code=204)
def end_tus(app: Opened, actor: Who, number: Number, tus_resumable: Base = "") -> Response:
    """
    Give an upload up, as tus does.
    """
    _must_be_known(tus_resumable)
    _must_be_there(deeds.get(app, actor, number))
    deeds.cancel(app, actor, number)
    return Response(status_code=204, headers=tus.ALWAYS)


async def _appended(pouring: Pouring, request: Request, promised: tus.Checksum | None) -> Upload:
    if promised is None:
        return await _poured(pouring, request.stream())
    said = request.headers.get("content-length", "")
    size = tus.count("Content-Length", said) if said else MOST  # in chunks: at most so many
    return await _poured(pouring, WAITING.verified(request.stream(), size, promised))


async def _poured(pouring: Pouring, body: AsyncIterator[bytes]) -> Upload:
    """
    Raises:
        HTTPException: the client is gone; what came is kept.
        InputError: the bytes are not those that were promised.
    """
    try:
        return await pouring.take(body)
    except IntegrityError as error:  # of whoever sends, not of somebody behind this server
        raise InputError(f"{error}; nothing was kept") from error
    except ClientDisconnect:
        raise HTTPException(400, "the body broke off; what came is kept") from None


def _wish(header: str, size: int | None) -> Wish:
    fields = frozenset(Wish.model_fields) - {"size"}
    try:
        return Wish.model_validate({**tus.metadata(header, fields), "size": size})
    except ValidationError as error:
        named = "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors())
        raise InputError(f"Upload-Metadata: {named}") from None


def _is_piece(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip() == tus.BODY


def _promised(request: Request) -> tus.Checksum | None:
    try:
        return tus.checksum(request.headers.get("upload-checksum", ""))
    except InputError as error:
        raise HTTPException(400, str(error)) from None  # as tus says


def _range(header: str, upload: Upload) -> tuple[int, int | None]:
    """
    Where a body begins, and the place behind its last byte if that is said.
    """
    if not header:
        return 0, None
    found = _RANGE.fullmatch(header)
    if found is None or int(found[1]) > int(found[2]):
        raise InputError(f"Content-Range {header[:60]!r} is not of the form bytes FIRST-LAST/TOTAL")
    if found[3] != "*" and upload.size not in {None, int(found[3])}:
        raise InputError(f"Content-Range says {found[3]} bytes in all; {upload.size} were promised")
    return int(found[1]), int(found[2]) + 1


def _standing(upload: Upload, offset: int) -> dict[str, str]:
    length = tus.LATER if upload.size is None else {"Upload-Length": str(upload.size)}
    left = {} if upload.is_over else tus.expires(upload.touched_at + ABANDONED)
    return {**tus.ALWAYS, **length, **left, "Upload-Offset": str(offset)}


def _must_be_known(version: str) -> None:
    if version != tus.VERSION:
        raise HTTPException(
            412, f"tus {tus.VERSION} is spoken here: Tus-Resumable", {"Tus-Version": tus.VERSION}
        )


def _must_be_there(upload: Upload) -> None:
    """
    What was refused, cancelled or has expired is gone.
    """
    if upload.is_over and upload.holding is None:
        raise HTTPException(
            GONE, f"upload {upload.id} is {upload.state}: {upload.error or 'nothing is kept'}"
        )

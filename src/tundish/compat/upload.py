"""
Uploads by MAAS's clients: begin with a form, send pieces in order without saying where each belongs.
"""

from collections.abc import Callable

from tundish.app import wishes
from tundish.app.deeds import uploads
from tundish.compat import answers, inventory, pieces, shapes
from tundish.compat.answers import Answer
from tundish.compat.call import Call
from tundish.compat.form import Faults
from tundish.compat.inventory import KIND, Resource
from tundish.core.digest import Digest
from tundish.core.errors import (
    Busy,
    Conflict,
    DigestMismatch,
    NotFound,
    SizeMismatch,
)
from tundish.core.image import Json
from tundish.core.people import Kind, Power
from tundish.core.upload import Asked, Upload, UploadState
from tundish.intake import naming

FILETYPES = ("tgz", "tbz", "txz", "ddtgz", "ddtbz", "ddtxz", "ddtar", "ddbz2", "ddgz", "ddxz", "ddraw")
MODEL = "BootResourceFile"
TOO_MUCH = "Too much data received."
WRONG = "Saved content does not match given SHA256 value."
WHOLE = "Cannot upload to a complete file."
OTHER_SIZE = "File already exists with sha256 that is of different size."
LENGTH = "Content-Length doesn't equal size of received data."
NOTHING = "Missing data."
REQUIRED = "This field is required."
_PROBE = 4096  # bytes


def create(call: Call) -> Answer:
    """
    Begin an upload; where the bytes are held already it is complete at once. An old client's whole `content`
    is taken too.
    """
    faults = Faults()
    asked, promised = _asked(call, faults), _promised(call, faults)
    if asked is None or promised is None or faults:
        return answers.invalid(faults)
    size, digest = promised
    call.actor.must(Power.UPLOAD, Kind.IMAGE, asked.name)
    if call.app.store.has(digest) and call.app.store.size(digest) != size:
        return answers.said(400, OTHER_SIZE)
    begun = uploads.begin(call.app, call.actor, asked, size, digest)
    content = call.form.data("content")
    if content and begun.state is UploadState.ARRIVING:
        refused = _taken(call, begun, content, 0)
        if refused is not None:
            return refused
        begun = uploads.get(call.app, call.actor, begun.id)
    return answers.json(_created(call, begun), 201)


def send(call: Call) -> Answer:
    """
    Take a piece: `PUT boot-resources/R/upload/F/`. All that is said is that it is held: whether the image is
    fit stands at its set, for who sent it well would send it again otherwise.
    """
    upload, resource = _upload(call), call.named("resource_id")
    identity = shapes.identity_of_upload(upload)
    if call.app.catalog.numbers.of(KIND, [identity.key])[identity.key] != resource:
        raise NotFound(f"No {MODEL} matches the given query.")
    if not call.body:
        return answers.said(400, NOTHING)
    if call.length is not None and call.length != len(call.body):
        return answers.said(400, LENGTH)
    asked = pieces.content_range(call.content_range)
    if asked is not None and asked.length != len(call.body):
        return answers.said(400, LENGTH)
    refused = _taken(call, upload, call.body, None if asked is None else asked.start)
    return refused if refused is not None else answers.done()


def _upload(call: Call) -> Upload:
    try:
        return uploads.get(call.app, call.actor, call.named("id"))
    except NotFound:
        raise NotFound(f"No {MODEL} matches the given query.") from None


def _taken(call: Call, upload: Upload, piece: bytes, offset: int | None) -> Answer | None:
    """
    None: the piece is held, from now on or already.
    """
    try:
        _take(call, upload, piece, offset)
    except Busy:
        raise
    except SizeMismatch:
        return answers.said(400, TOO_MUCH)
    except DigestMismatch:
        return answers.said(400, WRONG)
    except Conflict as error:
        if upload.state in {UploadState.COMPLETE, UploadState.CHECKING}:
            return answers.said(400, WHOLE)
        return answers.said(409, str(error))
    return None


def _take(call: Call, upload: Upload, piece: bytes, offset: int | None) -> None:
    app, actor = call.app, call.actor
    if offset is not None:
        _must_fit(upload, offset, piece)
        uploads.append(app, actor, upload.id, offset, [piece])
        return
    if upload.is_over:
        last = max((upload.size or 0) - len(piece), 0)  # the last piece may come again
        uploads.append(app, actor, upload.id, last, [piece])
        return
    if not (_is_there(call, upload, piece) and not pieces.repeats_itself(piece)):
        _must_fit(upload, upload.came, piece)
        uploads.append(app, actor, upload.id, upload.came, [piece])


def _must_fit(upload: Upload, offset: int, piece: bytes) -> None:
    """
    Refuse a piece that leads beyond the end before it is written: what came until then stays.
    """
    if not upload.is_over and upload.size is not None and offset + len(piece) > upload.size:
        raise SizeMismatch(upload.size, offset + len(piece))


def _is_there(call: Call, upload: Upload, piece: bytes) -> bool:
    """
    Whether the last bytes that came are these.
    """
    before = upload.came - len(piece)
    if before < 0:
        return False
    try:
        uploads.append(call.app, call.actor, upload.id, before, [piece[:_PROBE]])  # most differ in it
        uploads.append(call.app, call.actor, upload.id, before, [piece])
    except Busy:
        raise
    except Conflict:
        return False
    return True


def _created(call: Call, upload: Upload) -> dict[str, Json]:
    """
    The resource with the one set that this upload is.
    """
    app, identity = call.app, shapes.identity_of_upload(upload)
    whole = inventory.resource(app, call.actor, identity.key) or Resource(identity)
    number = inventory.numbered(app, [whole])[identity.key]
    if upload.holding is not None:
        held = [each for each in whole.holdings if each.id == upload.holding]
        one = Resource(identity, held, [])
    else:
        one = Resource(identity, whole.holdings, [upload])
    shown = inventory.detailed(app, number, one, {})
    sets = shown["sets"]
    newest = max(sets) if isinstance(sets, dict) else ""
    return {**shown, "sets": {newest: sets[newest]}} if isinstance(sets, dict) else shown


def _promised(call: Call, faults: Faults) -> tuple[int, Digest] | None:
    """
    Size and digest, which must be said, or are those of the content that came along.
    """
    content, size, text = call.form.data("content"), None, call.form.text("sha256") or ""
    with faults.of("size"):
        size = call.form.number("size")
    if content:
        size, text = size or len(content), text or Digest.of(content).hex
    if not size and "size" not in faults.listed:
        faults.add("size", REQUIRED)
    if not text:
        faults.add("sha256", REQUIRED)
    elif len(text) != 64:
        faults.add("sha256", f"Ensure this value has exactly 64 characters (it has {len(text)}).")
    else:
        with faults.of("sha256"):
            digest = Digest(text.lower())
            return (size, digest) if size else None
    return None


def _asked(call: Call, faults: Faults) -> Asked | None:
    """
    What is to come, judged field by field.
    """
    form = call.form
    name, arch = form.text("name") or "", form.text("architecture") or ""
    title, filetype = form.text("title") or "", form.text("filetype") or "tgz"
    base, keep = form.text("base_image") or "", None
    for field, text in (("name", name), ("architecture", arch)):
        if not text:
            faults.add(field, REQUIRED)
    with faults.of("keep_old"):
        keep = form.flag("keep_old")
    if filetype not in FILETYPES:
        faults.add("filetype", f"Select a valid choice. {filetype[:20]} is not one of the available choices.")
    if arch and not arch.partition("/")[2]:
        faults.add("architecture", f"'{arch[:40]}' is not of the form arch/subarch, like amd64/generic")
    taken = wishes.taken(call.app, name)
    judges: tuple[tuple[str, Callable[[], object]], ...] = (
        ("name", lambda: naming.asked(name, taken=taken)),
        ("architecture", lambda: naming.asked("custom/any", arch=arch)),
        ("title", lambda: naming.asked("custom/any", title=title)),
        ("base_image", lambda: naming.asked("custom/any", base_image=base)),
    )
    for field, judge in judges:
        if field not in faults.listed and not (field == "base_image" and not name.startswith("custom/")):
            with faults.of(field):
                judge()
    if faults:
        return None
    words = wishes.Words(arch=arch, title=title, filetype=filetype, base_image=base, keep_old=bool(keep))
    return wishes.wished(call.app, name, **words)

"""
Bringing an image of one's own: begin, append, finish, cancel; looking at what is on its way.

Where in an upload the next byte belongs is what the store holds of it, so a client that lost its way asks and
goes on there. No lock is held while bytes are waited for.
"""

from collections.abc import Iterable

from tundish.app.deeds.deed import deed
from tundish.app.examined import examine, examine_later, make_available
from tundish.app.opened import App
from tundish.core import clock
from tundish.core.digest import Digest
from tundish.core.errors import Busy, Conflict, InputError, NoSpace, NotFound
from tundish.core.holding import OWN, Holding
from tundish.core.lifecycle import State
from tundish.core.people import Actor, Kind, Power
from tundish.core.upload import MOST_BYTES, Asked, Upload, UploadState
from tundish.intake.arriving import Dock, complete, from_held, take


def begin(
    app: App, actor: Actor, asked: Asked, size: int | None, sha256: Digest | None, *, by_job: bool = False
) -> Upload:
    """
    Begin an upload. Bytes that are held already under this digest need not be sent: it is complete at once.
    With `by_job`, what it brings is checked by a job of a server, here and below.

    Raises:
        InputError: more than an upload may have, or the digest is held with another size.
        NoSpace: it does not fit beside all other uploads that are on their way.
        Forbidden: the actor may not.
    """
    with deed(
        app.catalog.audit, actor, Power.UPLOAD, "upload.begin", kind=Kind.IMAGE, name=asked.name
    ) as account:
        if size is not None and not 0 < size <= MOST_BYTES:
            raise InputError(f"an upload of {size} bytes; it may have 1 to {MOST_BYTES}")
        held = sha256 is not None and app.store.has(sha256)
        if sha256 is not None and held and size not in {None, app.store.size(sha256)}:
            raise InputError(
                f"{sha256} is held with {app.store.size(sha256)} bytes, not {size}; one is wrong"
            )
        if not held:
            _must_fit(app, size or 0)
        begun = app.catalog.uploads.add(asked, size, sha256, actor=actor.name, at=clock.now())
        account.after = {"upload": begun.id, "image": asked.ref, "bytes": size}
        if held and sha256 is not None:
            begun = from_held(_dock(app), begun, sha256)
    return _examined(app, begun, by_job=by_job)


def append(
    app: App,
    actor: Actor,
    number: int,
    offset: int,
    chunks: Iterable[bytes],
    *,
    lasting: bool = True,
    by_job: bool = False,
) -> Upload:
    """
    Take bytes that belong at an offset. Those that are there already may come again; the last promised byte
    completes the upload, which is then checked. Whoever brings many small pieces makes only some lasting.

    Raises:
        Conflict: they do not follow what has come (the message names the offset that is wanted), differ from
            it, or the upload is over.
        Busy: somebody else is writing this upload at this moment.
        InputError: it is of another type than was said; nothing is kept.
        SizeMismatch, DigestMismatch: other bytes than promised; nothing is kept.
        NoSpace: the disk is full; what came is kept.
        NotFound: there is no such upload, or it is not the actor's to see.
    """
    upload = get(app, actor, number)
    actor.must(Power.UPLOAD, Kind.IMAGE, upload.asked.name)
    taken = take(_dock(app), upload, offset, chunks, lasting=lasting)
    return _examined(app, taken, by_job=by_job)


def measure(app: App, actor: Actor, number: int, size: int) -> Upload:
    """
    Say how long an upload is that was begun without saying so. Said again, it changes nothing.

    Raises:
        InputError: more than an upload may have, fewer bytes than have come, or another size was said.
        NoSpace: the rest does not fit beside all other uploads that are on their way.
        Conflict: it is over already.
    """
    upload = get(app, actor, number)
    if upload.size == size:
        return upload
    name = upload.asked.name
    with deed(
        app.catalog.audit, actor, Power.UPLOAD, "upload.measure", kind=Kind.IMAGE, name=name
    ) as account:
        came = offset_of(app, upload)
        if upload.size is not None or not max(came, 1) <= size <= MOST_BYTES:
            promised = "" if upload.size is None else f" and {upload.size} were promised"
            raise InputError(f"upload {number} of {size} bytes: {came} have come{promised}")
        _must_fit(app, size - came)
        account.after = {"upload": number, "bytes": size}
        app.catalog.uploads.measure(number, size)
    return app.catalog.uploads.get(number)


def finish(app: App, actor: Actor, number: int, *, by_job: bool = False) -> Upload:
    """
    Say that all bytes of an upload without a promised size have come.

    Raises:
        Conflict: bytes that were promised are missing, or it is over.
        InputError, DigestMismatch: see `append`.
    """
    upload = get(app, actor, number)
    actor.must(Power.UPLOAD, Kind.IMAGE, upload.asked.name)
    if upload.is_over:
        return _examined(app, upload, by_job=by_job)  # its process may have died while it was checked
    return _examined(app, complete(_dock(app), upload, must=True), by_job=by_job)


def cancel(app: App, actor: Actor, number: int) -> Upload:
    """
    Give an upload up, and drop what has come of it.

    Raises:
        Conflict: it is over already.
        Busy: somebody is writing it at this moment.
    """
    upload = get(app, actor, number)
    name = upload.asked.name
    with deed(app.catalog.audit, actor, Power.UPLOAD, "upload.cancel", kind=Kind.IMAGE, name=name):
        if upload.is_over:
            raise Conflict(f"upload {number} is {upload.state} already; nothing is on its way")
        app.store.discard(upload.part)
        app.catalog.uploads.end(number, UploadState.CANCELLED, f"cancelled by {actor.name}", clock.now())
    return app.catalog.uploads.get(number)


def accept(app: App, actor: Actor, ref: str, reason: str) -> Holding:
    """
    Make an upload available although it was found unfit, for a reason that is remembered.

    Raises:
        Conflict: it is no upload of ours that was found unfit.
        InputError: there is no reason.
    """
    holding = _unfit(app, ref) or app.catalog.images.find(ref)
    power, kind, name = Power.IMAGE_EDIT, Kind.IMAGE, f"{holding.product.os}/{holding.product.series}"
    with deed(app.catalog.audit, actor, power, "image.accept", kind=kind, name=name) as account:
        if not reason.strip():
            raise InputError("give the reason why it may be used although it is unfit: --reason")
        checked = app.catalog.checks.get(holding.id)
        if holding.source != OWN or holding.state is not State.INCOMPLETE or checked is None:
            raise Conflict(
                f"{holding.ref} is {holding.state}; only an upload that was found unfit is accepted"
            )
        account.before = {"state": str(holding.state), "verdict": checked.verdict}
        account.after = {"image": holding.ref, "state": str(State.COMPLETE), "reason": reason}
        make_available(app, holding, keep_old=True)
        app.catalog.events.add("accepted", holding.ref, f"by {actor.name}: {reason}", clock.now())
    return app.catalog.images.get(holding.id)


def _unfit(app: App, ref: str) -> Holding | None:
    """
    The newest upload that waits to be accepted, where a ref names no version: other verbs mean complete ones.
    """
    if "@" in ref:
        return None
    waiting = [
        each
        for each in app.catalog.images.list(source=OWN, states=[State.INCOMPLETE])
        if f"{each.product.ref}/".startswith(f"{ref}/")
    ]
    return max(waiting, key=lambda each: each.version.name, default=None)


def get(app: App, actor: Actor, number: int) -> Upload:
    """
    An upload, with the bytes that have come as the store has them.

    Raises:
        NotFound: there is none, or the actor may not see it.
    """
    upload = app.catalog.uploads.get(number)
    if not actor.may(Power.SEE, Kind.IMAGE, upload.asked.name):
        raise NotFound(f"there is no upload {number}; see them: tundish image uploads")
    return upload


def offset_of(app: App, upload: Upload) -> int:
    """
    Where the next byte of an upload belongs.
    """
    if upload.is_over:
        return upload.came
    try:
        with app.store.receive(upload.part) as receipt:
            return receipt.size
    except Busy:  # a piece is being written; what lasts already is a good answer too
        return upload.came


def list_(
    app: App, actor: Actor, *, running: bool = False, before: int = 0, limit: int = 100
) -> tuple[Upload, ...]:
    """
    The last uploads that the actor may see, the newest first; with `running`, those still on their way.
    """
    states = (UploadState.ARRIVING, UploadState.CHECKING) if running else ()
    found = app.catalog.uploads.list(states=states, before=before, limit=limit)
    return tuple(one for one in found if actor.may(Power.SEE, Kind.IMAGE, one.asked.name))


def resumable(app: App, actor: Actor, asked: Asked, size: int, sha256: Digest) -> Upload | None:
    """
    The running upload of the same actor that the same words began.
    """
    return next(
        (
            one
            for one in app.catalog.uploads.arriving()
            if (one.actor, one.asked, one.size, one.sha256) == (actor.name, asked, size, sha256)
        ),
        None,
    )


def _dock(app: App) -> Dock:
    return Dock(app.catalog, app.store, clock.now)


def _examined(app: App, upload: Upload, *, by_job: bool = False) -> Upload:
    if upload.state is not UploadState.CHECKING:
        return upload
    if by_job:
        examine_later(app, upload)
        return upload
    examine(app, upload)
    return app.catalog.uploads.get(upload.id)


def _must_fit(app: App, size: int) -> None:
    free, coming = app.store.free(), app.catalog.uploads.outstanding()
    if free is not None and free < size + coming:
        raise NoSpace("the store, beside the uploads that are on their way", size + coming, free)

"""
Values of `core` from the rows of an API. A row that is not of its form is the other side's fault.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from tundish.core.digest import Digest
from tundish.core.errors import BadDocument, InputError
from tundish.core.holding import Event, Holding, HoldingId, Job, Line
from tundish.core.image import Item, Product, Version
from tundish.core.lifecycle import State
from tundish.core.machine import Deployment, Machine
from tundish.core.names import ContentId, ItemName, ItemPath, ProductName, SourceName, VersionName
from tundish.core.notice import Notice
from tundish.core.people import Deed, Grant, Kind, Role, Token, User
from tundish.core.progress import Progress, Running, Transfer
from tundish.core.selection import Seen, Selection
from tundish.core.upload import Asked, Upload, UploadState
from tundish.remote.server import Document

Row = dict[str, Any]  # of any form; what is read from it is judged
Value = TypeVar("Value")


def read(make: Callable[[Row], Value], row: Document) -> Value:
    """
    A value of a row.

    Raises:
        BadDocument: it is not of its form.
    """
    with _judged():
        return make(row)


@contextmanager
def _judged() -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, InputError) as error:
        raise BadDocument(
            f"the server answers in another form than this version knows ({type(error).__name__}: "
            f"{str(error)[:100]}); use the version of the server"
        ) from error


def job(row: Row) -> Job:
    return Job(
        id=int(row["id"]),
        kind=str(row["kind"]),
        subject=str(row["subject"]),
        started_at=_at(row["started_at"]),
        ended_at=_maybe(row["ended_at"]),
        outcome=str(row["outcome"]),
        detail=str(row["detail"]),
        actor=str(row["actor"]),
        arguments=dict(row.get("arguments") or {}),
        attempt=int(row["attempt"]),
        not_before=_maybe(row.get("not_before")),
        holder=str(row.get("holder") or ""),
        stop=bool(row["stopping"]),
    )


def line(row: Row) -> Line:
    return Line(int(row["number"]), _at(row["at"]), str(row["text"]))


def event(row: Row) -> Event:
    return Event(int(row["id"]), _at(row["at"]), str(row["kind"]), str(row["subject"]), str(row["text"]))


def notice(row: Row) -> Notice:
    return Notice(
        int(row["id"]),
        str(row["kind"]),
        str(row["subject"]),
        str(row["text"]),
        str(row["severity"]),
        _at(row["since"]),
        _maybe(row["dismissed_at"]),
    )


def machine(row: Row) -> Machine:
    return Machine(
        str(row["mac"]),
        row["uuid"],
        row["machine_id"],
        _at(row["first_seen"]),
        _at(row["last_seen"]),
        int(row["deployments"]),
    )


def deployment(row: Row) -> Deployment:
    return Deployment(
        str(row["mac"]),
        str(row["image"]),
        str(row["version"]),
        Digest(row["root"]),
        _at(row["started_at"]),
        _maybe(row["reported_at"]),
        int(row["id"]),
    )


def grant(row: Row) -> Grant:
    return Grant(Role(row["role"]), Kind(row["kind"]), str(row["pattern"]))


def user(row: Row) -> User:
    return User(
        str(row["name"]),
        str(row["email"]),
        tuple(map(grant, row["grants"])),
        bool(row["enabled"]),
        _at(row["made_at"]),
        bool(row["has_password"]),
    )


def token(row: Row) -> Token:
    return Token(
        key=str(row["key"]),
        user=str(row["user"]),
        name=str(row["name"]),
        kind=str(row["kind"]),
        consumer="",
        grants=tuple(map(grant, row["grants"])),
        made_at=_at(row["made_at"]),
        expires_at=_maybe(row["expires_at"]),
        used_at=_maybe(row["used_at"]),
    )


def upload(row: Row) -> Upload:
    asked = Asked(
        os=str(row["name"]).partition("/")[0],
        series=str(row["name"]).partition("/")[2],
        arch=str(row["arch"]),
        subarch=str(row["kernel"]),
        title=str(row["title"]),
        filetype=str(row["filetype"]),
        base_image=str(row["base_image"]),
        base_said=bool(row["base_said"]),
    )
    return Upload(
        id=int(row["id"]),
        asked=asked,
        size=None if row["size"] is None else int(row["size"]),
        sha256=Digest(str(row["sha256"])) if row["sha256"] else None,
        came=int(row["offset"]),
        state=UploadState(row["state"]),
        error=str(row["error"]),
        holding=HoldingId(int(row["image"])) if row["image"] else None,
        made_at=_at(row["begun_at"]),
        touched_at=_at(row["touched_at"]),
        actor=str(row["actor"]),
    )


def deed(row: Row) -> Deed:
    words = ("actor", "door", "address", "deed", "subject", "before", "after", "outcome")
    return Deed(int(row["id"]), _at(row["at"]), *(str(row[word]) for word in words))


def seen(row: Row) -> Seen:
    return Seen(str(row["document"]), _maybe(row["updated"]), str(row["digest"]), _at(row["accepted"]))


def selection(row: Row) -> tuple[int, Selection]:
    """
    A selection with its number.
    """
    wanted = Selection(
        str(row["os"]),
        str(row["series"]),
        tuple(map(str, row["arches"])),
        tuple(map(str, row["kernels"])),
        tuple(map(str, row["labels"])),
        SourceName(row["source"]) if row["source"] else None,
        int(row["keep"]),
    )
    return int(row["id"]), wanted


def holding(row: Row) -> Holding:
    """
    A version; what its uploader said comes along where the row has it.
    """
    items = tuple(
        Item(
            ItemName(each["name"]),
            each["ftype"],
            ItemPath(each["path"]),
            each["size"],
            Digest(each["sha256"]),
        )
        for each in row["files"]
    )
    product = Product(
        ProductName(row["product"]),
        ContentId(""),
        row["os"],
        row["series"],
        row["arch"],
        row["label"],
        row["kernel"],
        row["title"],
        (),
    )
    return Holding(
        id=HoldingId(row["id"]),
        source=SourceName(row["source"]),
        product=product,
        version=Version(VersionName(row["version"]), items, dict(row.get("said") or {})),
        state=State(row["state"]),
        since=_at(row["since"]),
        pinned=bool(row["pinned"]),
        on_hold=bool(row["on_hold"]),
        dropped_at=_maybe(row["dropped_at"]),
    )


def running(row: Row) -> Running:
    """
    A sync, as far as it is.
    """
    at = _at(row["started_at"])
    ended = _maybe(row["ended_at"])
    made = Job(int(row["job"]), "sync", row["subject"], at, ended, row["outcome"], "")
    progress = Progress(
        files=row["files"],
        size=row["size"],
        held=row["held"],
        failed=row["failed"],
        came=row["came"],
        retries=row["retries"],
        speed=row["speed"],
        error=row["last_error"] or "",
    )
    return Running(made, progress, tuple(_transfer(each, at) for each in row["transfers"]))


def _transfer(row: Row, at: datetime) -> Transfer:
    return Transfer(
        sha256=row["sha256"],
        source=row["source"],
        path=row["path"],
        size=row["size"],
        came=row["came"],
        retries=row["retries"],
        error=row["last_error"] or "",
        ended=row["ended"],
        at=at,
        speed=row["speed"],
    )


def _at(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time without a zone")
    return found


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else _at(text)

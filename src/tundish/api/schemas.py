"""
What the control door shows: one model per noun, made from a value of `core` and from nothing else.

Keyrings and passwords are never shown. A field, once here, keeps its name and meaning.
"""

from datetime import datetime
from typing import Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from tundish.core import holding, machine, notice, progress
from tundish.core.image import Item
from tundish.core.urls import without_password

Row = TypeVar("Row")


class Shown(BaseModel):
    """
    What is answered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


class Page(Shown, Generic[Row]):
    """
    Some rows of a list; `next` is where the following ones are, or null at the end.
    """

    items: list[Row]
    next: str | None


class File(Shown):
    name: str
    ftype: str
    path: str
    size: int
    sha256: str

    @classmethod
    def of(cls, item: Item) -> Self:
        return cls(name=item.name, ftype=item.ftype, path=item.path, size=item.size, sha256=item.digest.hex)


class Image(Shown):
    id: int
    ref: str
    source: str
    product: str
    os: str
    series: str
    arch: str
    kernel: str
    label: str
    title: str
    version: str
    state: str
    since: datetime
    size: int
    bootable: bool
    pinned: bool
    on_hold: bool
    dropped_at: datetime | None
    files: list[File]
    deployments: int | None = None  # in lists and for one version
    stays: str | None = None  # why it stays although something newer came; in lists and for one version

    @classmethod
    def of(cls, held: holding.Holding, **more: object) -> Self:
        return cls.model_validate({**cls._fields(held), **more})

    @classmethod
    def _fields(cls, held: holding.Holding) -> dict[str, object]:
        product, version = held.product, held.version
        return {
            "id": held.id,
            "ref": held.ref,
            "source": held.source,
            "product": product.name,
            "os": product.os,
            "series": product.series,
            "arch": product.arch,
            "kernel": product.kernel,
            "label": product.label,
            "title": product.title,
            "version": version.name,
            "state": held.state,
            "since": held.since,
            "size": version.size,
            "bootable": version.is_bootable,
            "pinned": held.pinned,
            "on_hold": held.on_hold,
            "dropped_at": held.dropped_at,
            "files": [File.of(item) for item in version.items],
        }


class Machine(Shown):
    mac: str
    uuid: str | None
    machine_id: str | None
    first_seen: datetime
    last_seen: datetime
    deployments: int

    @classmethod
    def of(cls, seen: machine.Machine) -> Self:
        return cls(
            mac=seen.mac,
            uuid=seen.uuid,
            machine_id=seen.machine_id,
            first_seen=seen.first_seen,
            last_seen=seen.last_seen,
            deployments=seen.deployments,
        )


class Deployment(Shown):
    id: int
    mac: str
    image: str
    version: str
    root: str
    started_at: datetime
    reported_at: datetime | None

    @classmethod
    def of(cls, boot: machine.Deployment) -> Self:
        return cls(
            id=boot.id,
            mac=boot.mac,
            image=boot.image,
            version=boot.version,
            root=boot.root.hex,
            started_at=boot.started_at,
            reported_at=boot.reported_at,
        )


class Job(Shown):
    id: int
    kind: str
    subject: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    detail: str
    actor: str
    attempt: int
    stopping: bool
    arguments: dict[str, object]
    not_before: datetime | None
    holder: str

    @classmethod
    def of(cls, job: holding.Job) -> Self:
        return cls(
            arguments={name: _public(value) for name, value in job.arguments.items()},
            not_before=job.not_before,
            holder=job.holder,
            actor=job.actor,
            attempt=job.attempt,
            stopping=job.stop,
            id=job.id,
            kind=job.kind,
            subject=job.subject,
            started_at=job.started_at,
            ended_at=job.ended_at,
            outcome=job.outcome,
            detail=job.detail,
        )


class Line(Shown):
    """
    A line of what a job said.
    """

    number: int
    at: datetime
    text: str


class Event(Shown):
    id: int
    at: datetime
    kind: str
    subject: str
    text: str

    @classmethod
    def of(cls, event: holding.Event) -> Self:
        return cls(id=event.id, at=event.at, kind=event.kind, subject=event.subject, text=event.text)


class Notice(Shown):
    id: int
    kind: str
    subject: str
    severity: str
    text: str
    since: datetime
    dismissed_at: datetime | None

    @classmethod
    def of(cls, said: notice.Notice) -> Self:
        return cls(
            id=said.id,
            kind=said.kind,
            subject=said.subject,
            severity=said.severity,
            text=said.text,
            since=said.since,
            dismissed_at=said.dismissed_at,
        )


class Transfer(Shown):
    source: str
    path: str
    sha256: str
    size: int
    came: int
    speed: int
    seconds_left: float | None
    retries: int
    last_error: str | None
    ended: bool

    @classmethod
    def of(cls, file: progress.Transfer) -> Self:
        return cls(
            source=file.source,
            path=file.path,
            sha256=file.sha256,
            size=file.size,
            came=file.came,
            speed=file.speed,
            seconds_left=None if file.ended else file.seconds_left,
            retries=file.retries,
            last_error=file.error or None,
            ended=file.ended,
        )


class Sync(Shown):
    """
    The running sync, else the last one.
    """

    job: int
    running: bool
    outcome: str
    subject: str
    started_at: datetime
    ended_at: datetime | None
    files: int
    held: int
    failed: int
    size: int
    came: int
    speed: int
    seconds_left: float | None
    retries: int
    last_error: str | None
    transfers: list[Transfer]

    @classmethod
    def of(cls, seen: progress.Running) -> Self:
        job, total = seen.job, seen.progress
        return cls(
            job=job.id,
            running=seen.is_running,
            outcome=job.outcome,
            subject=job.subject,
            started_at=job.started_at,
            ended_at=job.ended_at,
            files=total.files,
            held=total.held,
            failed=total.failed,
            size=total.size,
            came=total.came,
            speed=total.speed,
            seconds_left=total.seconds_left if seen.is_running else None,
            retries=total.retries,
            last_error=total.error or None,
            transfers=[Transfer.of(each) for each in seen.transfers],
        )


class Usage(Shown):
    sources: int
    images: int
    machines: int
    deployments: int
    blobs: int
    size: int
    free: int | None

    @classmethod
    def of(cls, usage: holding.Usage) -> Self:
        return cls(
            sources=usage.sources,
            images=usage.images,
            machines=usage.machines,
            deployments=usage.deployments,
            blobs=usage.blobs,
            size=usage.size,
            free=usage.free,
        )


class Health(Shown):
    status: str
    version: str


def _public(value: object) -> object:
    return without_password(value) if isinstance(value, str) and "://" in value else value


class Problem(Shown):
    """
    What went wrong (RFC 9457), and the class of the error for programs.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": 404,
                    "title": "Not Found",
                    "detail": "there is no source 'lba'; the nearest is lab",
                    "error": "NotFound",
                }
            ]
        }
    )

    status: int
    title: str
    detail: str
    error: str

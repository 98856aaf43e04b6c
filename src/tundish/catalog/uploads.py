"""
Uploads: what was asked for, how far each is, and what it became. The bytes themselves are the store's.

A step from one state to another is one statement that asks for the old state: of two who try it, one does.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, func, insert, select, update

from tundish.catalog import tables
from tundish.catalog.db import Database, bounded
from tundish.catalog.door_tables import uploads
from tundish.catalog.recording import record
from tundish.core.digest import Digest
from tundish.core.errors import Conflict, NotFound
from tundish.core.holding import OWN, HoldingId
from tundish.core.image import Product
from tundish.core.lifecycle import State
from tundish.core.upload import Asked, Upload, UploadState

_is = uploads.c
_UNKNOWN = -1  # a size that was not promised
_ARRIVING = UploadState.ARRIVING.value


@dataclass(frozen=True, slots=True)
class Whole:
    """
    An upload of which all bytes are held: the blob, and the type that it has.
    """

    digest: Digest
    size: int
    filetype: str


class Uploads:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, asked: Asked, size: int | None, sha256: Digest | None, *, actor: str, at: datetime
    ) -> Upload:
        """
        Note that an upload begins.
        """
        row = {
            "actor": actor,
            "asked": asdict(asked),
            "size": _UNKNOWN if size is None else size,
            "sha256": sha256.hex if sha256 else "",
            "came": 0,
            "state": _ARRIVING,
            "error": "",
            "made_at": at,
            "touched_at": at,
        }
        with self._database.transaction() as connection:
            number = connection.execute(insert(uploads).values(row).returning(_is.id)).scalar_one()
        return self.get(number)

    def get(self, number: int) -> Upload:
        """
        The upload of this number.

        Raises:
            NotFound: there is none.
        """
        with self._database.read() as connection:
            row = connection.execute(select(uploads).where(_is.id == number)).first()
        if row is None:
            raise NotFound(f"there is no upload {number}; see them: tundish image uploads")
        return _upload(row)

    def list(
        self, *, states: Collection[UploadState] = (), before: int = 0, limit: int = 100
    ) -> tuple[Upload, ...]:
        """
        The last uploads in these states (none named: in any), the newest first; with `before`, older ones.
        """
        wanted = select(uploads).order_by(_is.id.desc()).limit(bounded(limit))
        if states:
            wanted = wanted.where(_is.state.in_([state.value for state in states]))
        if before:
            wanted = wanted.where(_is.id < before)
        with self._database.read() as connection:
            return tuple(map(_upload, connection.execute(wanted)))

    def arriving(self) -> tuple[Upload, ...]:
        """
        All uploads whose bytes the store has not whole yet.
        """
        with self._database.read() as connection:
            return tuple(map(_upload, connection.execute(select(uploads).where(_is.state == _ARRIVING))))

    def checking(self, holding: HoldingId) -> tuple[Upload, ...]:
        """
        The uploads that became this version and were not looked at yet.
        """
        wanted = select(uploads).where(_is.version_id == holding, _is.state == UploadState.CHECKING.value)
        with self._database.read() as connection:
            return tuple(map(_upload, connection.execute(wanted.order_by(_is.id))))

    def outstanding(self) -> int:
        """
        Bytes that are promised and have not come, of all running uploads together.
        """
        rest = case((_is.size > _is.came, _is.size - _is.came), else_=0)
        with self._database.read() as connection:
            return int(connection.scalar(select(func.sum(rest)).where(_is.state == _ARRIVING)) or 0)

    def came(self, number: int, count: int, at: datetime) -> None:
        """
        Note how many bytes are durable; of an upload that is over, nothing.
        """
        change = update(uploads).where(_is.id == number, _is.state == _ARRIVING)
        with self._database.transaction() as connection:
            connection.execute(change.values(came=count, touched_at=at))

    def measure(self, number: int, size: int) -> None:
        """
        Note how long an upload is that was begun without saying so.

        Raises:
            Conflict: it is over already, or that was said.
        """
        change = update(uploads).where(_is.id == number, _is.state == _ARRIVING, _is.size == _UNKNOWN)
        with self._database.transaction() as connection:
            if not connection.execute(change.values(size=size)).rowcount:
                raise Conflict(f"upload {number} is over already, or its size is known; ask where it is")

    def promise(self, number: int, sha256: Digest) -> None:
        """
        Note the digest of an upload whose bytes are all there, before the store gives them their name.
        """
        change = update(uploads).where(_is.id == number, _is.state == _ARRIVING)
        with self._database.transaction() as connection:
            connection.execute(change.values(sha256=sha256.hex))

    def end(self, number: int, state: UploadState, error: str, at: datetime) -> None:
        """
        Note that an upload will not become an image.

        Raises:
            Conflict: it is over already.
        """
        change = update(uploads).where(_is.id == number, _is.state == _ARRIVING)
        with self._database.transaction() as connection:
            if not connection.execute(change.values(state=state.value, error=error, touched_at=at)).rowcount:
                raise Conflict(f"upload {number} is over already; see how: tundish image uploads --all")

    def checked(self, number: int, at: datetime) -> None:
        """
        Note that what came was looked at; what was found stands in the catalog's checks.
        """
        change = update(uploads).where(_is.id == number, _is.state == UploadState.CHECKING.value)
        with self._database.transaction() as connection:
            connection.execute(change.values(state=UploadState.COMPLETE.value, touched_at=at))

    def hold(
        self,
        number: int,
        whole: Whole,
        product_of: Callable[[Mapping[str, frozenset[str]]], Product],
        at: datetime,
    ) -> HoldingId:
        """
        Make a version of what an upload brought, all at once: until it is checked, it is incomplete.

        `product_of` is told the versions that our images of this name have, each with the digests of its
        files, and answers the product with the version to be held; one that is held already stays as it is.

        Raises:
            Conflict: the upload is over already.
        """
        with self._database.transaction() as connection:
            row = connection.execute(select(uploads).where(_is.id == number)).one()
            if row.state != _ARRIVING:
                raise Conflict(f"upload {number} is over already; see how: tundish image uploads --all")
            asked = Asked(**row.asked)
            held = _held(connection, asked)
            product = product_of(held)
            name = product.versions[0].name
            if name in held:
                holding = _known(connection, asked, name)
            else:
                (holding,) = record(connection, OWN, (product,), state=State.INCOMPLETE, at=at)
            change = update(uploads).where(_is.id == number)
            connection.execute(
                change.values(
                    state=UploadState.CHECKING.value,
                    came=whole.size,
                    size=whole.size,
                    sha256=whole.digest.hex,
                    asked={**row.asked, "filetype": whole.filetype},
                    version_id=holding,
                    touched_at=at,
                )
            )
            return holding


def _known(connection: Connection, asked: Asked, name: str) -> HoldingId:
    image, version = tables.images.c, tables.versions.c
    wanted = (
        select(version.id)
        .select_from(tables.versions.join(tables.images))
        .where(image.source == OWN, image.os == asked.os, image.series == asked.series)
        .where(image.arch == asked.arch, image.kernel == asked.subarch, version.name == name)
    )
    return HoldingId(connection.scalars(wanted.limit(1)).one())


def _held(connection: Connection, asked: Asked) -> dict[str, frozenset[str]]:
    image, version, file = tables.images.c, tables.versions.c, tables.files.c
    wanted = (
        select(version.name, file.sha256)
        .select_from(tables.files.join(tables.versions).join(tables.images))
        .where(image.source == OWN, image.os == asked.os, image.series == asked.series)
        .where(image.arch == asked.arch, image.kernel == asked.subarch)
    )
    found: dict[str, set[str]] = {}
    for name, sha256 in connection.execute(wanted):
        found.setdefault(name, set()).add(sha256)
    return {name: frozenset(digests) for name, digests in found.items()}


def _upload(row: Row[Any]) -> Upload:
    return Upload(
        id=row.id,
        asked=Asked(**row.asked),
        size=None if row.size == _UNKNOWN else row.size,
        sha256=Digest(row.sha256) if row.sha256 else None,
        came=row.came,
        state=UploadState(row.state),
        error=row.error,
        holding=None if row.version_id is None else HoldingId(row.version_id),
        made_at=row.made_at,
        touched_at=row.touched_at,
        actor=row.actor,
    )

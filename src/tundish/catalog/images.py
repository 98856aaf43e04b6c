"""
What we hold: versions of images, where each came from and in what state it is.

An image belongs to a source by name only, so it outlives the source. Every answer is made of a fixed
number of questions to the database, however long it is.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, true, update
from sqlalchemy.sql.elements import ColumnElement

from tundish.catalog import references, tables
from tundish.catalog.db import Database, bounded, portions
from tundish.catalog.recording import record
from tundish.core import lifecycle
from tundish.core.digest import Digest
from tundish.core.errors import Conflict, NotFound
from tundish.core.holding import Holding, HoldingId
from tundish.core.image import BOOT_FTYPES, Item, Product, Version
from tundish.core.lifecycle import State
from tundish.core.names import ContentId, ItemName, ItemPath, ProductName, SourceName, VersionName

_image, _version, _file = tables.images.c, tables.versions.c, tables.files.c
_versions_of_images = tables.versions.join(tables.images)
_files_of_images = tables.files.join(tables.versions).join(tables.images)


@dataclass(frozen=True, slots=True)
class Totals:
    """
    Numbers of versions, of blobs they are made of, and of the bytes of these.
    """

    versions: int
    blobs: int
    size: int


class Images:
    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self, source: SourceName, product: Product, versions: Sequence[Version], state: State, at: datetime
    ) -> tuple[HoldingId, ...]:
        """
        Know these versions of a product; the answer is their ids, in the order given.

        A known version with the same bytes keeps its state; one with other bytes gets the state given.
        What `product.versions` says does not matter.
        """
        return self.record_many(source, (replace(product, versions=tuple(versions)),), state, at)

    def record_many(
        self, source: SourceName, products: Iterable[Product], state: State, at: datetime
    ) -> tuple[HoldingId, ...]:
        """
        Know every version of these products, as `record` does, all of them or none.
        """
        filled = [product for product in products if product.versions]
        with self._database.transaction() as connection:
            return record(connection, source, filled, state=state, at=at)

    def list(
        self,
        *,
        source: SourceName | None = None,
        states: Collection[State] = (),
        os: str = "",
        arch: str = "",
    ) -> tuple[Holding, ...]:
        """
        What is held from a source (None: from all) in these states (none named: in any), of an operating
        system and architecture if they are named, sorted by name.
        """
        conditions = [column == word for column, word in ((_image.os, os), (_image.arch, arch)) if word]
        if source is not None:
            conditions.append(_image.source == source)
        if states:
            conditions.append(_version.state.in_([state.value for state in states]))
        with self._database.read() as connection:
            return _holdings(connection, *conditions)

    def bare(self, states: Collection[State]) -> tuple[Holding, ...]:
        """
        All that is held in these states, without files and what versions say of themselves, in no order: for
        lists of very many, a fraction of the work.
        """
        of_version = (_version.image_id, _version.id, _version.name, _version.state)
        asked = select(*of_version, _version.since, _version.pinned)
        asked = asked.where(_version.state.in_([state.value for state in states]))
        with self._database.read() as connection:
            rows = connection.execute(asked).all()
            images = {row.id: row for row in connection.execute(select(tables.images))}
        known, named = {state.value: state for state in State}, {}
        found = []
        for image, number, version, state, since, pinned in rows:  # a row's names cost more than its values
            if image not in named:
                row = images[image]
                named[image] = SourceName(row.source), _product(row), row.hold
            source, product, hold = named[image]
            bare = Version(version, ())
            found.append(Holding(number, source, product, bare, known[state], since, pinned, hold))
        return tuple(found)

    def released(self, release: int) -> tuple[Holding, ...]:
        """
        What a release offers, as it is now, sorted by name.
        """
        inside = select(tables.released.c.version_id).where(tables.released.c.release_id == release)
        with self._database.read() as connection:
            return _holdings(connection, _version.id.in_(inside))

    def page(self, *, after: int, limit: int) -> tuple[Holding, ...]:
        """
        At most `limit` holdings in order of their ids, from the one behind `after` on.
        """
        wanted = select(_version.id).where(_version.id > after).order_by(_version.id).limit(bounded(limit))
        with self._database.read() as connection:
            found = _holdings(connection, _version.id.in_(connection.scalars(wanted).all()))
        return tuple(sorted(found, key=lambda holding: holding.id))

    def newest_bootable(self, arch: str | None = None) -> Holding | None:
        """
        The complete version with kernel, initrd and root whose name is last; of several, the last by ref.
        With `arch`, only of that architecture.
        """
        asked = (
            select(_version.id)
            .select_from(_files_of_images)
            .where(_version.state == State.COMPLETE.value, _file.ftype.in_(BOOT_FTYPES))
            .where(true() if arch is None else _image.arch == arch)
            .group_by(_version.id, _version.name, _image.os, _image.series, _image.arch, _image.kernel)
            .having(func.count(_file.ftype.distinct()) == len(BOOT_FTYPES))
            .order_by(
                _version.name.desc(),
                _image.os.desc(),
                _image.series.desc(),
                _image.arch.desc(),
                _image.kernel.desc(),
            )
            .limit(1)
        )
        with self._database.read() as connection:
            number = connection.scalar(asked)
            return None if number is None else _one(connection, HoldingId(number))

    def totals(self) -> Totals:
        """
        What is held, in numbers; retired versions and what only they are made of do not count.
        """
        alive = _version.state != State.RETIRED.value
        blobs = (
            select(_file.sha256, func.max(_file.size).label("size"))
            .select_from(tables.files.join(tables.versions))
            .where(alive)
            .group_by(_file.sha256)
            .subquery()
        )
        with self._database.read() as connection:
            versions = connection.scalar(select(func.count()).select_from(tables.versions).where(alive))
            count, size = connection.execute(select(func.count(), func.sum(blobs.c.size))).one()
        return Totals(versions or 0, count, int(size or 0))

    def get(self, number: HoldingId) -> Holding:
        """
        The holding of this id.

        Raises:
            NotFound: there is none.
        """
        with self._database.read() as connection:
            return _one(connection, number)

    def versions(self, number: HoldingId) -> tuple[Holding, ...]:
        """
        Every version of the image that this holding is of, the newest first; empty if it is gone.
        """
        image = select(_version.image_id).where(_version.id == number).scalar_subquery()
        with self._database.read() as connection:
            found = _holdings(connection, _version.image_id == image)
        return tuple(sorted(found, key=lambda holding: holding.version.name, reverse=True))

    def find(self, ref: str) -> Holding:
        """
        The holding people mean by os/series/arch, with /kernel and @version where they name them.

        Without a version it is the newest complete one. Of equals that of our own, then of the source
        with the highest priority.

        Raises:
            NotFound: there is none; the message names the nearest.
            InputError: not a reference, or it fits images with several kernels.
        """
        with self._database.read() as connection:
            return _one(connection, references.resolve(connection, ref))

    def move(self, numbers: Iterable[HoldingId], state: State, at: datetime) -> None:
        """
        Bring holdings into a state, all of them or none. Those that are in it already stay as they are.

        Raises:
            NotFound: one of them is gone.
            Conflict: the table of `core.lifecycle` does not allow it for one of them.
        """
        wanted = sorted(set(numbers))
        with self._database.transaction() as connection:
            for part in portions(wanted):
                _move(connection, part, state, at)

    def remove(self, number: HoldingId) -> None:
        """
        Forget a holding. The store keeps its bytes until they are swept.

        Raises:
            NotFound: there is none.
        """
        with self._database.transaction() as connection:
            image = connection.scalar(select(_version.image_id).where(_version.id == number))
            if image is None:
                raise _gone(number)
            connection.execute(delete(tables.versions).where(_version.id == number))
            others = select(_version.id).where(_version.image_id == image).exists()
            connection.execute(delete(tables.images).where(_image.id == image, ~others))

    def digests(self, states: Collection[State] = ()) -> frozenset[Digest]:
        """
        Every blob that holdings in these states (none named: in any) are made of.
        """
        asked = select(_file.sha256).distinct()
        if states:
            inside = _version.state.in_([state.value for state in states])
            asked = asked.select_from(tables.files.join(tables.versions)).where(inside)
        with self._database.read() as connection:
            return frozenset(map(Digest, connection.scalars(asked)))


def _one(connection: Connection, number: HoldingId) -> Holding:
    found = _holdings(connection, _version.id == number)
    if not found:
        raise _gone(number)
    return found[0]


def _gone(number: int) -> NotFound:
    return NotFound(f"the catalog holds no image version number {number}; see them all: tundish image list")


def _move(connection: Connection, numbers: Sequence[HoldingId], state: State, at: datetime) -> None:
    name = (_image.os, _image.series, _image.arch, _image.kernel, _version.name)
    asked = select(_version.id, _version.state, *name).select_from(_versions_of_images)
    found = {
        row.id: row
        for row in connection.execute(
            asked.where(_version.id.in_(numbers)).with_for_update(of=tables.versions)
        )
    }
    changing = []
    for number in numbers:
        if number not in found:
            raise _gone(number)
        _, old, *parts, version = found[number]
        try:
            if lifecycle.move(State(old), state) is not State(old):
                changing.append(number)
        except Conflict as error:
            raise Conflict(f"{'/'.join(filter(None, parts))}@{version}: {error}") from None
    change = update(tables.versions).where(_version.id.in_(changing))
    connection.execute(change.values(state=state.value, since=at))


def _holdings(connection: Connection, *conditions: ColumnElement[bool]) -> tuple[Holding, ...]:
    """
    Two questions: the versions with their images, and the files of all of them.
    """
    columns = (
        _version.name.label("version"),
        _version.state,
        _version.since,
        _version.pinned,
        _version.dropped_at,
        _version.extra.label("version_extra"),
    )
    asked = select(tables.images, _version.id.label("number"), *columns).select_from(_versions_of_images)
    rows = connection.execute(asked.where(*conditions)).all()
    items = _items(connection, *conditions)
    products: dict[int, Product] = {}
    found = []
    for row in rows:
        product = products.get(row.id)
        if product is None:
            product = products[row.id] = _product(row)
        version = Version(VersionName(row.version), tuple(items[row.number]), row.version_extra)
        found.append(
            Holding(
                id=HoldingId(row.number),
                source=SourceName(row.source),
                product=product,
                version=version,
                state=State(row.state),
                since=row.since,
                pinned=row.pinned,
                on_hold=row.hold,
                dropped_at=row.dropped_at,
            )
        )
    return tuple(sorted(found, key=_by_name))


def _items(connection: Connection, *conditions: ColumnElement[bool]) -> defaultdict[int, list[Item]]:
    columns = (_file.name, _file.ftype, _file.path, _file.size, _file.sha256, _file.extra)
    asked = select(_file.version_id, *columns).order_by(_file.version_id, _file.place)
    if conditions:
        asked = asked.select_from(_files_of_images).where(*conditions)
    items: defaultdict[int, list[Item]] = defaultdict(list)
    for number, name, ftype, path, size, sha256, extra in connection.execute(asked):
        items[number].append(Item(ItemName(name), ftype, ItemPath(path), size, Digest(sha256), extra))
    return items


def _product(row: Row[Any]) -> Product:
    return Product(
        name=ProductName(row.product),
        content_id=ContentId(row.content_id),
        os=row.os,
        series=row.series,
        arch=row.arch,
        label=row.label,
        kernel=row.kernel,
        title=row.title,
        versions=(),
        extra=row.extra,
    )


def _by_name(holding: Holding) -> tuple[str, ...]:
    of = holding.product
    place = (of.os, of.series, of.arch, of.kernel, of.label)
    return (*place, holding.source, of.content_id, of.name, holding.version.name)

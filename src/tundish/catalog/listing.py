"""
Lists of images for people: one line for each image, filtered, sorted and cut into pages by the engine.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, Select, Subquery, and_, case, exists, func, or_, select

from tundish.catalog import tables
from tundish.catalog.db import Database, bounded
from tundish.catalog.door_tables import checks
from tundish.core.errors import InputError
from tundish.core.lifecycle import State
from tundish.core.listing import SORTS, Line, Lines, Wanted

_image, _version, _file, _check = tables.images.c, tables.versions.c, tables.files.c, checks.c
_boot = tables.deployments.c
_BY_IMAGE = ("name", "os", "series", "arch", "kernel", "source")
_BOOTS = ("deployed", "machines")
_NAME = (_image.os, _image.series, _image.arch, _image.kernel)


class Listing:
    def __init__(self, database: Database) -> None:
        self._database = database

    def images(self, wanted: Wanted) -> Lines:
        """
        One page of images. Their order is total, so that pages neither repeat nor miss one.

        Raises:
            InputError: it cannot be sorted by that.
        """
        with self._database.read() as connection:
            total = int(connection.execute(_count(wanted)).scalar_one())
            chosen = list(connection.scalars(_page(wanted)))
            rows = {row.id: row for row in connection.execute(_rows(wanted, chosen))}
            numbers = [row.number for row in rows.values()]
            sized = select(_file.version_id, func.sum(_file.size)).group_by(_file.version_id)
            sizes = {
                number: int(size)
                for number, size in connection.execute(sized.where(_file.version_id.in_(numbers)))
            }
            found = [rows[image] for image in chosen if image in rows]
            booted = _booted().where(_boot.image.in_([_ref(row) for row in found]))
            boots = {row.image: row for row in connection.execute(booted)}
        lines = tuple(_line(row, sizes.get(row.number, 0), boots.get(_ref(row))) for row in found)
        return Lines(lines, total)

    def facets(self) -> Mapping[str, tuple[str, ...]]:
        """
        Every os, series, arch and source that something is held of.
        """
        with self._database.read() as connection:
            return {
                column.name: tuple(sorted(connection.scalars(select(column).distinct())))
                for column in (_image.os, _image.series, _image.arch, _image.source)
            }


def _count(wanted: Wanted) -> Select[Any]:
    """
    How many images; where nothing is said of them, their versions alone are looked at.
    """
    said = _about_images(wanted)
    joined = tables.versions.join(tables.images) if said else tables.versions
    asked = select(func.count(_version.image_id.distinct())).select_from(joined)
    return asked.where(*said, *_about_versions(wanted))


def _page(wanted: Wanted) -> Select[Any]:
    """
    The images of a page. By name they come from an index, and a page ends the search; by what their newest
    version is, that of every image must be found first.
    """
    if wanted.sort in (*_BY_IMAGE, *_BOOTS):
        some = exists().where(_version.image_id == _image.id, *_about_versions(wanted))
        asked = select(_image.id).where(some, *_about_images(wanted))
    else:
        newest = _newest(
            tables.versions.join(tables.images), *_about_images(wanted), *_about_versions(wanted)
        )
        is_newest = and_(_version.image_id == newest.c.image_id, _version.name == newest.c.name)
        joined = newest.join(tables.versions, is_newest).join(tables.images, _image.id == newest.c.image_id)
        asked = select(_image.id).select_from(joined)
    if wanted.sort in _BOOTS:
        boots = _booted().subquery("boots")
        asked = asked.outerjoin(boots, boots.c.image == _named())
        figure = boots.c[wanted.sort]  # where there is none, engines differ in its place
        return _cut(asked, (case((figure.is_(None), 0), else_=1), figure, *_NAME), wanted)
    return _ordered(asked, wanted)


def _booted() -> Select[Any]:
    """
    On how many machines each image was told to be deployed, and when last.
    """
    machines, last = func.count(_boot.mac.distinct()), func.max(_boot.started_at)
    asked = select(_boot.image, machines.label("machines"), last.label("deployed"))
    return asked.group_by(_boot.image)


def _named() -> ColumnElement[str]:
    """
    How deployments name an image: os/series/arch/kernel, without what is empty.
    """
    parts = [case((column == "", ""), else_="/" + column) for column in (_image.series, _image.arch)]
    kernel = case((_image.kernel == "", ""), else_="/" + _image.kernel)
    return _image.os + parts[0] + parts[1] + kernel


def _ref(row: Row[Any]) -> str:
    return "/".join(part for part in (row.os, row.series, row.arch, row.kernel) if part)


def _rows(wanted: Wanted, images: Sequence[int]) -> Select[Any]:
    """
    These images with their newest version of those wanted.
    """
    newest = _newest(tables.versions, _version.image_id.in_(images), *_about_versions(wanted))
    asked = select(
        tables.images,
        _version.id.label("number"),
        _version.name.label("version"),
        _version.state,
        _version.since,
        _version.pinned,
        newest.c.many,
        _check.verdict,
    )
    return asked.select_from(
        newest.join(tables.images, newest.c.image_id == _image.id)
        .join(tables.versions, and_(_version.image_id == _image.id, _version.name == newest.c.name))
        .outerjoin(checks, _check.version_id == _version.id)
    )


def _newest(among: FromClause, *conditions: ColumnElement[bool]) -> Subquery:
    """
    The last name of a version of those wanted, for each image that has one.
    """
    return (
        select(_version.image_id, func.max(_version.name).label("name"), func.count().label("many"))
        .select_from(among)
        .where(*conditions)
        .group_by(_version.image_id)
        .subquery("newest")
    )


def _about_images(wanted: Wanted) -> list[ColumnElement[bool]]:
    words = {
        _image.os: wanted.os,
        _image.series: wanted.series,
        _image.arch: wanted.arch,
        _image.kernel: wanted.kernel,
        _image.source: wanted.source,
    }
    found = [column == word for column, word in words.items() if word]
    for part in wanted.text.split():
        columns = (_image.os, _image.series, _image.arch, _image.kernel, _image.title, _image.source)
        found.append(or_(*(column.icontains(part, autoescape=True) for column in columns)))
    return found


def _about_versions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.states:
        found.append(_version.state.in_([state.value for state in wanted.states]))
    else:
        found.append(_version.state != State.RETIRED.value)
    if wanted.pinned is not None:
        found.append(_version.pinned.is_(wanted.pinned))
    return found


def _ordered(asked: Select[Any], wanted: Wanted) -> Select[Any]:
    size = select(func.coalesce(func.sum(_file.size), 0)).where(_file.version_id == _version.id)
    columns: dict[str, tuple[ColumnElement[Any], ...]] = {
        "name": _NAME,
        "os": _NAME,
        "series": (_image.series, *_NAME),
        "arch": (_image.arch, *_NAME),
        "kernel": (_image.kernel, *_NAME),
        "version": (_version.name, *_NAME),
        "size": (size.scalar_subquery(), *_NAME),
        "state": (_version.state, *_NAME),
        "since": (_version.since, *_NAME),
        "source": (_image.source, *_NAME),
        "kept": (case((_version.pinned, 0), (_image.hold, 1), else_=2), *_NAME),
    }
    chosen = columns.get(wanted.sort)
    if chosen is None:
        raise InputError(f"images cannot be sorted by {wanted.sort[:40]!r}; by one of {', '.join(SORTS)}")
    return _cut(asked, chosen, wanted)


def _cut(asked: Select[Any], order: Sequence[ColumnElement[Any]], wanted: Wanted) -> Select[Any]:
    """
    The page of a list in this order.
    """
    every = (*order, _image.id)
    asked = asked.order_by(*(each.desc() if wanted.descending else each for each in every))
    return asked.offset(max(0, wanted.offset)).limit(bounded(wanted.limit))


def _line(row: Row[Any], size: int, booted: Row[Any] | None) -> Line:
    return Line(
        id=row.number,
        source=row.source,
        os=row.os,
        series=row.series,
        arch=row.arch,
        kernel=row.kernel,
        label=row.label,
        title=row.title,
        version=row.version,
        versions=row.many,
        state=State(row.state),
        since=row.since,
        size=size,
        pinned=row.pinned,
        on_hold=row.hold,
        verdict=row.verdict or "",
        machines=booted.machines if booted is not None else 0,
        deployed=booted.deployed if booted is not None else None,
    )

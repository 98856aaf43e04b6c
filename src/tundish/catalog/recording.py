"""
Taking many image versions into the catalog at once: a handful of statements, however many there are.

What was known and has the same bytes keeps its state and gets the new words; what has other bytes gets
other files and the state it is given.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from tundish.catalog import tables
from tundish.catalog.db import portions
from tundish.core.holding import HoldingId
from tundish.core.image import Extra, Item, Product, Version
from tundish.core.lifecycle import State
from tundish.core.names import SourceName

Columns: TypeAlias = dict[str, Any]
File: TypeAlias = tuple[str, str, str, int, str, Extra]  # the columns of `files` behind its key
Key: TypeAlias = tuple[int, str]  # image id and version name

_image, _version, _file = tables.images.c, tables.versions.c, tables.files.c
_FILE_COLUMNS = (_file.name, _file.ftype, _file.path, _file.size, _file.sha256, _file.extra)


def record(
    connection: Connection,
    source: SourceName,
    products: Sequence[Product],
    *,
    state: State,
    at: datetime,
) -> tuple[HoldingId, ...]:
    """
    Know these products and their versions; the answer is one id per version, in the order given.
    """
    images = _record_images(connection, source, products)
    given: list[tuple[Key, Version]] = [
        ((image, version.name), version)
        for image, product in zip(images, products, strict=True)
        for version in product.versions
    ]
    known = _known_versions(connection, sorted(set(images)))
    renewed = {known[key]: version for key, version in given if key in known}
    _renew_extra(connection, renewed)
    _renew_files(connection, renewed, state=state, at=at)
    new = {key: version for key, version in given if key not in known}
    numbers = known | _add_versions(connection, new, state=state, at=at)
    return tuple(HoldingId(numbers[key]) for key, _ in given)


def _record_images(connection: Connection, source: SourceName, products: Sequence[Product]) -> list[int]:
    """
    Know these products, with their newest words; the answer is one id each.
    """
    wanted = {(product.content_id, product.name): _image_columns(source, product) for product in products}
    known: dict[tuple[str, str], tuple[int, Columns]] = {}
    for part in portions(sorted({product.name for product in products})):
        asked = select(tables.images).where(_image.source == source, _image.product.in_(part))
        for row in connection.execute(asked).mappings():
            columns = dict(row)
            known[(columns["content_id"], columns["product"])] = (columns.pop("id"), columns)
    _update(
        connection,
        tables.images,
        [
            {"key": known[name][0], **columns}
            for name, columns in wanted.items()
            if name in known and known[name][1] != columns
        ],
    )
    numbers = {name: number for name, (number, _) in known.items()}
    new = [columns for name, columns in wanted.items() if name not in known]
    if new:
        adding = insert(tables.images).returning(_image.content_id, _image.product, _image.id)
        numbers |= {(content, name): number for content, name, number in connection.execute(adding, new)}
    return [numbers[product.content_id, product.name] for product in products]


def _image_columns(source: SourceName, product: Product) -> Columns:
    return {
        "source": source,
        "content_id": product.content_id,
        "product": product.name,
        "os": product.os,
        "series": product.series,
        "arch": product.arch,
        "label": product.label,
        "kernel": product.kernel,
        "title": product.title,
        "extra": product.extra,
    }


def _known_versions(connection: Connection, images: Sequence[int]) -> dict[Key, int]:
    known: dict[Key, int] = {}
    for part in portions(images):
        asked = select(_version.image_id, _version.name, _version.id).where(_version.image_id.in_(part))
        known |= {(image, name): number for image, name, number in connection.execute(asked)}
    return known


def _add_versions(
    connection: Connection, new: Mapping[Key, Version], *, state: State, at: datetime
) -> dict[Key, int]:
    if not new:
        return {}
    rows = [
        {"image_id": image, "name": name, "state": state.value, "since": at, "extra": version.extra}
        for (image, name), version in new.items()
    ]
    adding = insert(tables.versions).returning(_version.image_id, _version.name, _version.id)
    numbers = {(image, name): number for image, name, number in connection.execute(adding, rows)}
    _add_files(connection, ((number, new[key].items) for key, number in numbers.items()))
    return numbers


def _renew_extra(connection: Connection, versions: Mapping[int, Version]) -> None:
    """
    Give known versions the fields they have now.
    """
    rows: list[Columns] = []
    for part in portions(sorted(versions)):
        asked = select(_version.id, _version.extra).where(_version.id.in_(part))
        for number, extra in connection.execute(asked):
            if extra != versions[number].extra:
                rows.append({"key": number, "extra": versions[number].extra})
    _update(connection, tables.versions, rows)


def _renew_files(
    connection: Connection, versions: Mapping[int, Version], *, state: State, at: datetime
) -> None:
    """
    Give known versions the files they have now.
    """
    other_files: list[int] = []
    other_bytes: list[int] = []
    for part in portions(sorted(versions)):
        held: dict[int, list[File]] = defaultdict(list)
        asked = select(_file.version_id, *_FILE_COLUMNS).where(_file.version_id.in_(part))
        for number, *columns in connection.execute(asked.order_by(_file.version_id, _file.place)):
            held[number].append(tuple(columns))
        for number in part:
            now = [_file_of(item) for item in versions[number].items]
            if held[number] != now:
                other_files.append(number)
                if _bytes(held[number]) != _bytes(now):
                    other_bytes.append(number)
    for part in portions(other_files):
        connection.execute(delete(tables.files).where(_file.version_id.in_(part)))
    _add_files(connection, ((number, versions[number].items) for number in other_files))
    _update(
        connection,
        tables.versions,
        [{"key": number, "state": state.value, "since": at} for number in other_bytes],
    )


def _add_files(connection: Connection, files: Iterable[tuple[int, Sequence[Item]]]) -> None:
    names = [column.name for column in _FILE_COLUMNS]
    rows: list[Columns] = [
        {"version_id": number, "place": place, **dict(zip(names, _file_of(item), strict=True))}
        for number, items in files
        for place, item in enumerate(items)
    ]
    if rows:
        connection.execute(insert(tables.files), rows)


def _file_of(item: Item) -> File:
    return (item.name, item.ftype, item.path, item.size, item.digest.hex, item.extra)


def _bytes(files: Iterable[File]) -> set[tuple[str, int]]:
    return {(sha256, size) for _, _, _, size, sha256, _ in files}


def _update(connection: Connection, table: Table, rows: Sequence[Columns]) -> None:
    """
    Set the columns named in each row, in the row of the table with the id `key`.
    """
    if rows:
        connection.execute(update(table).where(table.c.id == bindparam("key")), rows)

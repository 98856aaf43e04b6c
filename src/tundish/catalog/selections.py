"""
What the operator wants, by number.
"""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from tundish.catalog import tables
from tundish.catalog.db import Database
from tundish.core.digest import Digest
from tundish.core.errors import Conflict, InputError, NotFound
from tundish.core.names import SourceName
from tundish.core.selection import Selection

_is = tables.selections.c


class Selections:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, selection: Selection, at: datetime) -> int:
        """
        Want something from now on; the answer is its number.

        Raises:
            Conflict: the same is wanted already.
            NotFound: it names a source that we do not know.
            InputError: it keeps no version at all.
        """
        if selection.keep < 1:
            raise InputError(f"a selection that keeps {selection.keep} versions: keep at least 1")
        wanted = asdict(selection)
        source = wanted.pop("source")
        identity = _identity(selection)
        with self._database.transaction() as connection:
            same = connection.scalar(select(_is.id).where(_is.identity == identity))
            if same is not None:
                raise Conflict(f"selection {same} wants the same already")
            sources = tables.sources.c
            known = select(sources.name).where(sources.name == source)
            if source is not None and connection.scalar(known) is None:
                raise NotFound(f"there is no source {source!r}; add it first: tundish source add")
            row = {"source": source, "wanted": wanted, "identity": identity, "added_at": at}
            return int(
                connection.execute(insert(tables.selections).values(row).returning(_is.id)).scalar_one()
            )

    def list(self) -> tuple[tuple[int, Selection], ...]:
        """
        Every selection with its number, the oldest first.
        """
        asked = select(_is.id, _is.source, _is.wanted).order_by(_is.id)
        with self._database.read() as connection:
            return tuple((row.id, _selection(row.source, row.wanted)) for row in connection.execute(asked))

    def remove(self, number: int) -> None:
        """
        Want it no longer. What is held because of it goes with the next sync.

        Raises:
            NotFound: there is no selection of this number.
        """
        with self._database.transaction() as connection:
            if connection.execute(delete(tables.selections).where(_is.id == number)).rowcount == 0:
                raise NotFound(f"there is no selection {number}; see them all: tundish select list")


def _identity(selection: Selection) -> str:
    """
    The same name for selections that want the same, in whatever order they list it.
    """
    fields = asdict(selection)
    for field in ("arches", "kernels", "labels"):
        fields[field] = sorted(set(fields[field]))
    return Digest.of(json.dumps(fields, sort_keys=True).encode()).hex


def _selection(source: str | None, wanted: dict[str, Any]) -> Selection:
    return Selection(
        os=wanted["os"],
        series=wanted["series"],
        arches=tuple(wanted["arches"]),
        kernels=tuple(wanted["kernels"]),
        labels=tuple(wanted["labels"]),
        source=None if source is None else SourceName(source),
        keep=wanted["keep"],
    )

"""
The list of images: a row for each, by its newest version; filtered, sorted within its OS, in pages.

Pure: it is handed what is held.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import TypeAlias

from tundish.core.holding import OWN, Holding
from tundish.core.lifecycle import State

PER_PAGE = 100
FIRST_OS, LAST_OS = "ubuntu", "other"
Key: TypeAlias = tuple[str | int | float, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    Which rows to show, and in what order. Empty means any.
    """

    text: str = ""
    os: str = ""
    arch: str = ""
    state: str = ""
    source: str = ""
    kind: str = ""  # synced, own
    sort: str = "release"
    descending: bool = True
    page: int = 1


@dataclass(frozen=True, slots=True)
class Booted:
    """
    How often an image was deployed of late, on how many machines, and when last.
    """

    machines: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    holding: Holding
    versions: int
    size: int  # of all versions, what they share counted once
    machines: int = 0
    deployed_at: datetime | None = None

    @property
    def key(self) -> str:
        return self.holding.ref

    @property
    def is_own(self) -> bool:
        return self.holding.source == OWN


@dataclass(frozen=True, slots=True)
class Group:
    """
    Rows of one OS on this page, and how many of it there are on all pages.
    """

    os: str
    count: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    groups: tuple[Group, ...]
    total: int  # that fit
    whole: int  # that there are
    page: int
    last: int
    oses: tuple[str, ...]
    arches: tuple[str, ...]
    sources: tuple[str, ...]
    states: tuple[str, ...] = tuple(State)


_NEVER = datetime(1, 1, 1, tzinfo=UTC)
SORTS: Mapping[str, Callable[[Row], Key]] = {
    "release": lambda row: (
        row.holding.product.title or row.holding.product.series,
        row.holding.product.kernel,
    ),
    "arch": lambda row: (row.holding.product.arch,),
    "version": lambda row: (row.holding.version.name,),
    "size": lambda row: (row.size,),
    "status": lambda row: (row.holding.state,),
    "source": lambda row: (row.holding.source,),
    "deployed": lambda row: ((row.deployed_at or _NEVER).timestamp(),),
    "machines": lambda row: (row.machines,),
}


def rows_of(holdings: Iterable[Holding], booted: Mapping[str, Booted]) -> tuple[Row, ...]:
    """
    One row for each image. The newest version that is not retired stands for it, else the newest.
    """
    lines: dict[tuple[str, str, str], list[Holding]] = {}
    for each in holdings:
        lines.setdefault((each.source, each.product.content_id, each.product.name), []).append(each)
    return tuple(_row(versions, booted) for versions in lines.values())


def _row(versions: Sequence[Holding], booted: Mapping[str, Booted]) -> Row:
    newest = max(versions, key=lambda each: (each.state is not State.RETIRED, each.version.name))
    sizes = {item.digest: item.size for each in versions for item in each.version.items}
    boots = booted.get(newest.product.ref)
    row = Row(newest, len(versions), sum(sizes.values()))
    return replace(row, machines=boots.machines, deployed_at=boots.at) if boots else row


def listed(rows: Sequence[Row], wanted: Wanted) -> Listed:
    """
    The page that is wanted; the last one if there are not so many.
    """
    fitting = sorted((row for row in rows if _fits(row, wanted)), key=SORTS["release"])
    fitting.sort(key=SORTS.get(wanted.sort, SORTS["release"]), reverse=wanted.descending)
    fitting.sort(key=lambda row: place(row.holding.product.os))
    last = max((len(fitting) + PER_PAGE - 1) // PER_PAGE, 1)
    page = min(max(wanted.page, 1), last)
    counts = Counter(row.holding.product.os for row in fitting)
    shown = fitting[(page - 1) * PER_PAGE : page * PER_PAGE]
    return Listed(
        groups=tuple(
            Group(os, counts[os], tuple(found))
            for os, found in groupby(shown, lambda row: row.holding.product.os)
        ),
        total=len(fitting),
        whole=len(rows),
        page=page,
        last=last,
        oses=_words(row.holding.product.os for row in rows),
        arches=_words(row.holding.product.arch for row in rows),
        sources=_words(row.holding.source for row in rows),
    )


def _words(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(found)))


def place(os: str) -> tuple[bool, bool, str]:
    """
    Ubuntu first and what has no name of its own last, as operators know it from MAAS.
    """
    return (os == LAST_OS, os != FIRST_OS, os)


def _fits(row: Row, wanted: Wanted) -> bool:
    of, holding = row.holding.product, row.holding
    return (
        wanted.os in ("", of.os)
        and wanted.arch in ("", of.arch)
        and wanted.state in ("", holding.state)
        and wanted.source in ("", holding.source)
        and wanted.kind in ("", "own" if row.is_own else "synced")
        and _says(row, wanted.text)
    )


def _says(row: Row, text: str) -> bool:
    """
    Whether every word that was typed stands in the name, title, version or source.
    """
    if not text:
        return True
    said = f"{row.holding.ref} {row.holding.product.title} {row.holding.source}".casefold()
    return all(word in said for word in text.casefold().split())

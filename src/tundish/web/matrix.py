"""
What the sources offer as a matrix: for each OS its series by architecture, each cell with its kernels.

Pure. What several sources offer is shown once, by the source with the highest priority.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from tundish.core.errors import InputError
from tundish.core.image import Product
from tundish.core.names import SourceName
from tundish.core.selection import ANY, Selection
from tundish.web.rows import place

MOST_WANTED = 2_000


@dataclass(frozen=True, slots=True)
class Choice:
    """
    One kernel of a series on an architecture; "" where there is only one kind.
    """

    kernel: str
    size: int  # of the newest version
    version: str
    source: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Cell:
    arch: str
    choices: tuple[Choice, ...]
    size: int  # of all of them, what they share counted once

    @property
    def is_selected(self) -> bool:
        return all(choice.selected for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Line:
    """
    A series, with one cell for each architecture of its OS; None where it is not offered.
    """

    series: str
    title: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Block:
    os: str
    arches: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Offering:
    """
    A product, the source that gives it, and whether it is wanted already.
    """

    product: Product
    source: str
    selected: bool


def matrix(offerings: Iterable[Offering]) -> tuple[Block, ...]:
    """
    Blocks by OS, Ubuntu first; series newest first; architectures by name. Earlier offerings win.
    """
    first: dict[tuple[str, str, str, str], Offering] = {}
    for each in offerings:
        of = each.product
        if of.versions and of.os:
            first.setdefault((of.os, of.series, of.arch, of.kernel), each)
    oses: dict[str, list[Offering]] = {}
    for each in first.values():
        oses.setdefault(each.product.os, []).append(each)
    return tuple(_block(os, oses[os]) for os in sorted(oses, key=place))


def _block(os: str, offerings: Sequence[Offering]) -> Block:
    arches = tuple(sorted({each.product.arch for each in offerings}))
    series: dict[str, list[Offering]] = {}
    for each in offerings:
        series.setdefault(each.product.series, []).append(each)
    lines = [_line(name, found, arches) for name, found in series.items()]
    return Block(os, arches, tuple(sorted(lines, key=lambda line: (line.title, line.series), reverse=True)))


def _line(series: str, offerings: Sequence[Offering], arches: Sequence[str]) -> Line:
    cells: dict[str, list[Offering]] = {}
    for each in offerings:
        cells.setdefault(each.product.arch, []).append(each)
    title = next((each.product.title for each in offerings if each.product.title), series)
    return Line(series, title, tuple(_cell(arch, cells[arch]) if arch in cells else None for arch in arches))


def _cell(arch: str, offerings: Sequence[Offering]) -> Cell:
    sizes: dict[object, int] = {}
    choices = []
    for each in offerings:
        newest = max(each.product.versions, key=lambda version: version.name)
        sizes |= {item.digest: item.size for item in newest.items}
        choices.append(Choice(each.product.kernel, newest.size, newest.name, each.source, each.selected))
    return Cell(arch, tuple(sorted(choices, key=lambda choice: choice.kernel)), sum(sizes.values()))


def selections(wanted: Collection[str], keep: int, source: SourceName | None = None) -> tuple[Selection, ...]:
    """
    What was ticked (os/series/arch/kernel, with * for every kernel) as few selections.

    Raises:
        InputError: a tick that is none, or too many.
    """
    if len(wanted) > MOST_WANTED:
        raise InputError(f"{len(wanted):,} images at once; choose at most {MOST_WANTED:,}")
    kernels: dict[tuple[str, str, str], set[str]] = {}
    for each in wanted:
        os, series, arch, kernel = _parts(each)
        kernels.setdefault((os, series, arch), set()).add(kernel)
    arches: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (os, series, arch), found in kernels.items():
        narrowed = (ANY,) if ANY in found else tuple(sorted(found))
        arches.setdefault((os, series, narrowed), []).append(arch)
    return tuple(
        Selection(os, series, tuple(sorted(named)), narrowed, source=source, keep=keep)
        for (os, series, narrowed), named in sorted(arches.items())
    )


def _parts(tick: str) -> tuple[str, str, str, str]:
    parts = tick.split("/")
    if len(parts) != 4 or not all(parts):
        raise InputError(f"{tick[:80]!r} is nothing that can be ticked here; load the page again")
    os, series, arch, kernel = parts
    return os, series, arch, kernel

"""
What takes the space in an image: folders as nested areas, and where they are drawn.

The areas are squarified (Bruls, Huizing, van Wijk, 2000): rows are filled so that they stay as square as
they can be.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tundish.anatomy.index import Index, Kind

DEPTH = 3  # folders below folders that are drawn
LEAST = 0.004  # share of the whole below which areas are drawn together
REST = "others"


@dataclass(frozen=True, slots=True)
class Area:
    """
    A folder, its bytes with all that is below it, and the areas within.
    """

    path: str
    size: int
    within: tuple["Area", ...] = ()

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float

    def inner(self, edge: float, head: float) -> "Box":
        """
        What is left within a frame.
        """
        return Box(
            self.x + edge, self.y + head, max(self.width - 2 * edge, 0), max(self.height - head - edge, 0)
        )


def areas_of(index: Index) -> Area:
    """
    The folders of an image by the size of their files; each file counts once, whatever its names.
    """
    sizes: dict[str, int] = {"": 0}
    for entry in index:
        if entry.kind is Kind.FILE and not entry.first and entry.size:
            parts = entry.path.split("/")[:-1]
            for depth in range(min(len(parts), DEPTH) + 1):
                folder = "/".join(parts[:depth])
                sizes[folder] = sizes.get(folder, 0) + entry.size
    below: dict[str, list[str]] = {}
    for path in sizes:
        if path:
            below.setdefault(path.rpartition("/")[0], []).append(path)
    return _area("", sizes, below, max(sizes[""], 1) * LEAST)


def _area(path: str, sizes: dict[str, int], below: dict[str, list[str]], least: float) -> Area:
    large = [child for child in below.get(path, ()) if sizes[child] >= least]
    within = [_area(child, sizes, below, least) for child in large]
    rest = sizes[path] - sum(area.size for area in within)
    if within and rest >= least:
        within.append(Area(f"{path}/{REST}".lstrip("/"), rest))
    within.sort(key=lambda area: (-area.size, area.path))
    return Area(path, sizes[path], tuple(within))


def squarified(sizes: Sequence[int], box: Box) -> list[Box]:
    """
    A box for each size, largest first, which together fill the given one.
    """
    total = sum(sizes)
    if total <= 0 or box.width <= 0 or box.height <= 0:
        return [Box(box.x, box.y, 0, 0) for _ in sizes]
    scale = box.width * box.height / total
    scaled, found = [size * scale for size in sizes], []
    while scaled:
        side = min(box.width, box.height)
        count = _row(scaled, side)
        made, box = _laid(scaled[:count], box)
        found += made
        scaled = scaled[count:]
    return found


def _row(scaled: Sequence[float], side: float) -> int:
    """
    How many areas make the row whose worst area is the least oblong.
    """
    count, best = 1, _worst(scaled[:1], side)
    while count < len(scaled):
        following = _worst(scaled[: count + 1], side)
        if following > best:
            break
        count, best = count + 1, following
    return count


def _worst(row: Sequence[float], side: float) -> float:
    total = sum(row)
    if side <= 0 or total <= 0 or min(row) <= 0:
        return float("inf")
    return max(side**2 * max(row) / total**2, total**2 / (side**2 * min(row)))


def _laid(row: Sequence[float], box: Box) -> tuple[list[Box], Box]:
    """
    A row along the shorter side of a box, and what is left of that. Nothing leaves the box: where hardly
    anything is left of it, a quotient of two rounding errors may be any number.
    """
    total, found = sum(row), []
    if box.width >= box.height:
        width, at = min(total / box.height if box.height else 0, box.width), box.y
        for area in row:
            height = min(area / width if width else 0, max(box.y + box.height - at, 0))
            found.append(Box(box.x, at, width, height))
            at += height
        return found, Box(box.x + width, box.y, max(box.width - width, 0), box.height)
    height, at = min(total / box.width if box.width else 0, box.height), box.x
    for area in row:
        width = min(area / height if height else 0, max(box.x + box.width - at, 0))
        found.append(Box(at, box.y, width, height))
        at += width
    return found, Box(box.x, box.y + height, box.width, max(box.height - height, 0))

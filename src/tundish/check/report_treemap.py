"""
The treemap of a report as SVG, and the same as a list for whoever cannot see it.
"""

from collections.abc import Iterator

from tundish.check.report_words import size, text
from tundish.check.treemap import Area, Box, squarified

COLOURS = 8
_HEAD, _EDGE = 20.0, 2.0
_LETTER = 7.4  # width of one, at 13 pixels
MAX_LISTED = 12


def treemap(whole: Area, width: int, height: int, kind: str) -> str:
    """
    The drawing of a folder; `kind` is the class of its shape.
    """
    boxes = squarified([area.size for area in whole.within], Box(0, 0, width, height))
    cells: list[str] = []
    for place, (area, box) in enumerate(zip(whole.within, boxes, strict=True)):
        cells += _cells(area, box, place % COLOURS, 0)
    if not cells:
        return ""
    return (
        f'<svg class="map {kind}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="Folders by size, {size(whole.size)} in all">{"".join(cells)}</svg>'
    )


def _cells(area: Area, box: Box, colour: int, depth: int) -> Iterator[str]:
    if box.width < 3 or box.height < 3:
        return
    shown = Box(box.x + 1, box.y + 1, box.width - 2, box.height - 2)
    yield (
        f'<g class="c{colour} d{depth}"><rect x="{shown.x:.1f}" y="{shown.y:.1f}" width="{shown.width:.1f}" '
        f'height="{shown.height:.1f}" rx="3"><title>/{text(area.path)}, {size(area.size)}</title></rect>'
    )
    yield from _label(area, shown)
    yield "</g>"
    inner = shown.inner(_EDGE, _HEAD)
    if area.within and inner.width > 24 and inner.height > 16:
        for child, place in zip(
            area.within, squarified([one.size for one in area.within], inner), strict=True
        ):
            yield from _cells(child, place, colour, depth + 1)


def _label(area: Area, box: Box) -> Iterator[str]:
    room = int((box.width - 10) / _LETTER)
    if box.height < 16 or room < 3:
        return
    name, count = area.name, size(area.size)
    shown = name if len(name) <= room else name[: room - 1] + "…"
    yield f'<text x="{box.x + 5:.1f}" y="{box.y + 14:.1f}">{text(shown)}'
    if len(name) + len(count) + 2 <= room:
        yield f'<tspan class="size" dx="6">{count}</tspan>'
    yield "</text>"


def folders(whole: Area) -> str:
    """
    The largest folders, as a table.
    """
    found: list[Area] = []
    todo = list(whole.within)
    while todo:
        area = todo.pop()
        found.append(area)
        todo += area.within
    found.sort(key=lambda area: (-area.size, area.path))
    rows = "".join(
        f"<tr><td><code>/{text(area.path)}</code></td><td>{size(area.size)}</td>"
        f"<td>{area.size / max(whole.size, 1):.0%}</td></tr>"
        for area in found[:MAX_LISTED]
    )
    head = "<tr><th>Folder, with all below it</th><th>Size</th><th>Share</th></tr>"
    return f'<details class="folders"><summary>As a table</summary><table>{head}{rows}</table></details>'

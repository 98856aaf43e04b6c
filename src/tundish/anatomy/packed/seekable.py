"""
Something packed as a Readable: read through once, which proves that it is whole, then entered anywhere.
"""

from tundish.anatomy.image import Compression, Wrapping
from tundish.anatomy.packed.gzip_points import GzipPoints
from tundish.anatomy.packed.pages import HELD, Aside, Pages
from tundish.anatomy.packed.unwrapping import Progress, Unwrapping, silent
from tundish.anatomy.packed.xz_blocks import xz_blocks
from tundish.anatomy.readable import Readable


def seekable(
    readable: Readable,
    compression: Compression,
    heard: Progress = silent,
    limit: int = HELD,
    aside: Aside | None = None,
) -> tuple[Readable, Wrapping]:
    """
    What is in a packed file, and what was learned of the file. If it is damaged, what came before that.

    Raises:
        BadImage: it is too long, or too much for memory and cannot be entered in the middle.
    """
    if compression is Compression.GZIP:
        return _of_gzip(readable, heard, limit, aside)
    unwrapping = Unwrapping(readable, compression, heard)
    pages = Pages(xz_blocks(readable) if compression is Compression.XZ else None, limit, aside)
    for piece in unwrapping:
        pages.add(piece)
    pages.close()
    return pages, unwrapping.wrapping()


def _of_gzip(
    readable: Readable, heard: Progress, limit: int, aside: Aside | None
) -> tuple[Readable, Wrapping]:
    points = GzipPoints(readable)
    unwrapping = Unwrapping(readable, Compression.GZIP, heard, points.made)
    pages = Pages(points, limit, aside)
    for piece in unwrapping:
        pages.add(piece)
        if pages.is_full:
            points.note(pages.size, unwrapping.at)
    pages.close()
    return pages, unwrapping.wrapping()

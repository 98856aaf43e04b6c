"""
What a page of images says of those that are on their way.
"""

from pathlib import Path

from tests.support.seeding import SOURCE, products, seeded
from tundish.app.gallery import Asked, gallery
from tundish.core import clock
from tundish.core.lifecycle import State
from tundish.core.people import EVERYTHING, Actor
from tundish.core.progress import Transfer


def test_what_moves_says_how_far_it_is_and_how_long_it_takes(tmp_path: Path) -> None:
    """
    The bytes that came of all files of an image, and its rest at the speed of those that move.
    """
    with seeded(tmp_path / "state", 0) as held:
        product, now = next(products(1)), clock.now()
        held.app.catalog.images.record_many(SOURCE, [product], State.FETCHING, now)
        kernel, initrd, root = product.versions[-1].items
        moving = [
            Transfer(kernel.digest.hex, "vendor", kernel.path, kernel.size, 0, 0, "", ended=True, at=now),
            Transfer(
                root.digest.hex, "vendor", root.path, root.size, 20_000_000, 0, "", False, now, 10_000_000
            ),
        ]
        found = gallery(held.app, Actor("ada", EVERYTHING, "page"), Asked(), moving)
    rest = initrd.size + root.size - 20_000_000

    assert ([kernel.size + 20_000_000], [rest / 10_000_000]) == (
        list(found.came.values()),
        list(found.left.values()),
    )

"""
What an actor who may see some images only is shown of the list of all.
"""

from pathlib import Path

from tests.support.seeding import seeded
from tundish.app.gallery import Asked, gallery
from tundish.core.people import Actor, Grant, Kind, Role


def test_filters_offer_nothing_that_is_hidden(tmp_path: Path) -> None:
    """
    The choices above the list are those of the images that may be seen.
    """
    one = Actor("one", (Grant(Role.VIEWER, Kind.IMAGE, "ubuntu/noble/amd64*"),), "page")
    with seeded(tmp_path / "state", 30) as found:
        facets = gallery(found.app, one, Asked(text="nothing has this name")).facets

    assert (("ubuntu",), ("noble",), ("amd64",)) == (facets["os"], facets["series"], facets["arch"])

"""
What is inside of images, over the API: for who may see them, few at once.
"""

import gzip
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.api.door import Door, opened, product, viewer
from tests.support.region import DAY
from tests.support.roots import tar_of
from tundish.app import insides
from tundish.core.digest import Digest
from tundish.core.errors import Conflict
from tundish.core.image import Item, Version
from tundish.core.lifecycle import State
from tundish.core.names import ItemName, ItemPath, SourceName, VersionName
from tundish.core.people import Grant, Kind, Role

ROOT = gzip.compress(tar_of().getvalue(), mtime=0)
ASPECTS = ("inside", "packages", "sbom", "sbom?form=spdx", "difference?before={0}", "report")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Door, int]]:
    """
    A door, and the number of an image with a root.
    """
    with opened(tmp_path_factory.mktemp("insides") / "state") as door:
        with door.app.store.ingest(Digest.of(ROOT), len(ROOT)) as coming:
            coming.write(ROOT)
            coming.commit()
        file = Item(ItemName("root"), "root-tgz", ItemPath("forky/root.tgz"), len(ROOT), Digest.of(ROOT))
        version = Version(VersionName("20260505"), (file,))
        door.app.catalog.images.record(SourceName("lab"), product("forky"), [version], State.COMPLETE, DAY)
        yield door, door.app.catalog.images.find("debian/forky/amd64").id


@pytest.mark.parametrize("aspect", ASPECTS)
def test_who_sees_an_image_sees_into_it(packed: tuple[Door, int], aspect: str) -> None:
    """
    A viewer may have the file as well.
    """
    door, number = packed
    answer = door.get(f"images/{number}/{aspect.format(number)}", token=viewer(door))

    assert 200 == answer.status, answer.body


@pytest.mark.parametrize("aspect", ASPECTS)
def test_nobody_sees_into_what_is_hidden(packed: tuple[Door, int], aspect: str) -> None:
    """
    It is answered as one that is not there.
    """
    door, number = packed
    token = door.as_("cas", Grant(Role.AUTHOR, Kind.IMAGE, "debian/trixie/*"))

    assert 404 == door.get(f"images/{number}/{aspect.format(number)}", token=token).status


def test_a_hidden_image_is_not_compared_with(packed: tuple[Door, int]) -> None:
    """
    Not by way of one that may be seen.
    """
    door, number = packed
    token = door.as_("cas", Grant(Role.AUTHOR, Kind.IMAGE, "debian/trixie/*"))
    seen = door.app.catalog.images.find("debian/trixie/amd64").id

    assert 404 == door.get(f"images/{seen}/difference?before={number}", token=token).status


def test_what_is_no_image_is_told(packed: tuple[Door, int]) -> None:
    """
    As the sender's mistake, not as one of the server.
    """
    door, number = packed
    text = door.app.catalog.images.find("debian/trixie/amd64").id

    assert {422, 404} >= {
        door.get(f"images/{text}/packages").status,
        door.get(f"images/{number}/difference?before={text}").status,
    }


def test_few_are_looked_into_at_once(packed: tuple[Door, int]) -> None:
    """
    One more is asked to come again, and does so with success.
    """
    door, number = packed
    with ExitStack() as busy:
        for _ in range(insides.AT_ONCE):
            busy.enter_context(insides.reader())
        refused = door.get(f"images/{number}/inside")
    later = door.get(f"images/{number}/inside")

    assert (409, "Busy", 200) == (refused.status, refused.document["error"], later.status)


def test_what_takes_too_long_ends(packed: tuple[Door, int]) -> None:
    """
    While it is read, and its place is free again.
    """
    door, number = packed
    held = door.app.catalog.images.get(door.app.catalog.images.find("debian/forky/amd64").id)
    with (
        pytest.raises(Conflict, match="on the server itself"),
        insides.reader(seconds=-1) as reading,
        reading.look(held, door.app.store),
    ):
        pass

    assert 200 == door.get(f"images/{number}/inside").status


def test_a_report_notes_nothing(packed: tuple[Door, int]) -> None:
    """
    What was asked in other words is not what the server holds of the image.
    """
    door, number = packed
    report = door.get(f"images/{number}/report?policy=strict&firmware=both&maas=3.5").document
    assert isinstance(report["verdict"], dict)

    assert ("strict", 404) == (report["verdict"]["policy"], door.get(f"images/{number}/check").status)

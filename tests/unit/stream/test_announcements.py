import json

import pytest

from tundish.core.image import Json
from tundish.core.notice import Announcement
from tundish.core.payload import unverified
from tundish.stream.announcements import announced
from tundish.stream.products import parse

NEWS: dict[str, Json] = {"maas_version": "4.0.0", "message": "MAAS 4.0 is out", "version": 1}


def product(*news: Json, ftype: str = "notifications") -> Json:
    return {
        "versions": {
            f"2026010{number}": {"items": {"n": {"ftype": ftype, "release_notification": each}}}
            for number, each in enumerate(news)
        }
    }


def test_a_release_is_announced() -> None:
    """
    Version and message of MAAS are read.
    """
    assert [Announcement("4.0.0", "MAAS 4.0 is out")] == list(announced(product(NEWS)))


def test_the_newest_comes_last() -> None:
    """
    Of several versions each speaks, in their order.
    """
    found = announced(product(NEWS, {**NEWS, "message": "and 4.1"}))

    assert ["MAAS 4.0 is out", "and 4.1"] == [each.text for each in found]


@pytest.mark.parametrize(
    "said",
    [
        None,
        "MAAS",
        {"maas_version": "4.0"},
        {"message": "out"},
        {"maas_version": 4, "message": "out"},
        {"maas_version": "4", "message": " \n"},
    ],
)
def test_what_says_nothing_is_no_announcement(said: Json) -> None:
    """
    Without a version or a message nothing is announced.
    """
    assert [] == list(announced(product(said)))


@pytest.mark.parametrize("said", [None, [], {"versions": []}, {"versions": {"1": {"items": [1]}}}])
def test_what_is_no_product_announces_nothing(said: Json) -> None:
    """
    Whatever stands there, nothing is raised.
    """
    assert [] == list(announced(said))


def test_other_items_announce_nothing() -> None:
    """
    Only items of the one ftype speak.
    """
    assert [] == list(announced(product(NEWS, ftype="squashfs")))


def test_an_announcement_is_one_short_harmless_line() -> None:
    """
    Line breaks and the signs that a terminal acts on are gone, and the text is bounded.
    """
    (found,) = announced(product({"maas_version": "4", "message": "a\n\x1b[31mb\u202e" + "c" * 1_000}))

    assert ("a [31mb c", 500) == (found.text[:9], len(found.text))


def test_an_announcement_needs_no_file() -> None:
    """
    A product that only announces is no image, and no remark is made of it.
    """
    top = {
        "updated": "Thu, 01 Jan 2026 00:00:00 +0000",
        "format": "products:1.0",
        "content_id": "x",
        "datatype": "image-ids",
        "products": {"n": product(NEWS)},
    }
    document, remarks = parse(unverified(json.dumps(top).encode(), "a test"))

    assert ((), (Announcement("4.0.0", "MAAS 4.0 is out"),), ()) == (
        document.products,
        document.announced,
        remarks,
    )

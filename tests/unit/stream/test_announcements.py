import json
from collections.abc import Mapping

import pytest

from tundish.core.image import NOTHING, Json
from tundish.core.notice import Announcement
from tundish.core.payload import unverified
from tundish.stream.announcements import announced
from tundish.stream.products import parse, render

NEWS: dict[str, Json] = {"maas_version": "4.0.0", "message": "MAAS 4.0 is out", "version": 1}
SPEAKS: dict[str, Json] = {"n": {"ftype": "notifications", "release_notification": NEWS}}


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


def whole(products: dict[str, Json], **above: str) -> bytes:
    top: dict[str, Json] = {
        "updated": "Thu, 01 Jan 2026 00:00:00 +0000",
        "format": "products:1.0",
        "content_id": "x",
        "datatype": "image-ids",
        "products": products,
        **above,
    }
    return json.dumps(top).encode()


def image(more: Mapping[str, Json] = NOTHING, later: Json = None) -> Json:
    """
    A product of one file, perhaps with more in its version, and with a later version.
    """
    file: Json = {"ftype": "squashfs", "path": "a/squashfs", "sha256": "0" * 64, "size": 1}
    versions: dict[str, Json] = {"20260101": {"items": {"squashfs": file, **more}}}
    if later is not None:
        versions["20260102"] = later
    named = {"os": "ubuntu", "release": "noble", "arch": "amd64", "label": "stable"}
    return {**named, "versions": versions}


def test_what_is_announced_is_written_and_read_again() -> None:
    """
    A document written anew announces the same, in the same order, and lists the same images.
    """
    told = {
        "n": image(later={"items": SPEAKS}),
        "o": product(*({**NEWS, "message": f"{n}"} for n in range(12))),
    }
    before, _ = parse(unverified(whole(told), "a test"))

    after, remarks = parse(unverified(render(before), "a test"))

    assert (before, ()) == (after, remarks)


def test_an_announcement_of_an_image_product_is_taken_too() -> None:
    """
    A version that only announces stands beside versions with files, and no remark is made of it.
    """
    document, remarks = parse(unverified(whole({"n": image(later={"items": SPEAKS})}), "a test"))

    assert (["20260101"], (Announcement("4.0.0", "MAAS 4.0 is out"),), ()) == (
        [version.name for product in document.products for version in product.versions],
        document.announced,
        remarks,
    )


def test_an_announcement_beside_files_is_taken_too() -> None:
    """
    An item without a path takes nothing away from the files of its version.
    """
    document, remarks = parse(unverified(whole({"n": image(SPEAKS)}), "a test"))

    assert (1, 1, ()) == (len(document.products[0].versions[0].items), len(document.announced), remarks)


@pytest.mark.parametrize("level", ["item", "version", "product", "document"])
def test_the_kind_may_be_inherited(level: str) -> None:
    """
    Like every attribute of an item, its ftype may stand on any level above.
    """
    said: dict[str, dict[str, Json]] = {each: {} for each in ("item", "version", "product")}
    above = {"ftype": "notifications"} if level == "document" else {}
    if level != "document":
        said[level]["ftype"] = "notifications"
    item: Json = {**said["item"], "release_notification": NEWS}
    product: Json = {**said["product"], "versions": {"20260101": {**said["version"], "items": {"n": item}}}}

    document, remarks = parse(unverified(whole({"n": product}, **above), "a test"))

    assert (1, ()) == (len(document.announced), remarks)

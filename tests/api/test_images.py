"""
Images through the API: lists in pages, one by one, and what becomes of them.
"""

from urllib.parse import urlsplit

import pytest

from tests.api.door import ROOT, Door
from tundish.core.digest import Digest


def number(door: Door, series: str = "bookworm") -> int:
    found = door.get(f"find?ref=debian/{series}/amd64").document["id"]
    assert isinstance(found, int)
    return found


def test_an_image_is_listed_once_with_its_newest_version(shared: Door) -> None:
    """
    However many versions there are of it; `total` counts images.
    """
    answer = shared.get("images")

    assert (["bookworm 20260504 2", "trixie 20260504 2"], 2) == (
        [f"{each['series']} {each['version']} {each['versions']}" for each in answer.items()],
        answer.document["total"],
    )


@pytest.mark.parametrize(
    ("query", "series"),
    [
        ("series=trixie", ["trixie"]),
        ("os=ubuntu", []),
        ("text=bookw debian", ["bookworm"]),
        ("text=100%25", []),
        ("state=retired", []),
        ("state=complete&state=retired&descending=true", ["trixie", "bookworm"]),
        ("pinned=true", []),
        ("sort=version", ["bookworm", "trixie"]),
        ("sort=size&descending=true", ["trixie", "bookworm"]),
        ("sort=deployed", ["bookworm", "trixie"]),
        ("sort=since&descending=true", ["trixie", "bookworm"]),
        ("source=lab&arch=amd64&kernel=generic", ["bookworm", "trixie"]),
    ],
)
def test_images_are_filtered_and_sorted(shared: Door, query: str, series: list[str]) -> None:
    """
    By every field, by words, and in both directions.
    """
    found = shared.get(f"images?{query.replace(' ', '%20')}").items()

    assert series == [each["series"] for each in found]


@pytest.mark.parametrize("noun", ["images", "versions"])
def test_pages_hold_everything_once(shared: Door, noun: str) -> None:
    """
    Whoever follows `next` meets each row once, and an end.
    """
    seen, target = [], f"/api/v1/{noun}?limit=1"
    while target:
        answer = shared.call("GET", target)
        seen += [each["id"] for each in answer.items()]
        follow = str(answer.document["next"] or "")
        target = f"{urlsplit(follow).path}?{urlsplit(follow).query}" if follow else ""

    everything = [each["id"] for each in shared.get(noun).items()]
    assert everything == seen


def test_a_version_is_shown_with_its_files(shared: Door) -> None:
    """
    Names, sizes and digests of all files.
    """
    files = shared.get(f"images/{number(shared)}").document["files"]

    assert [
        {
            "name": "root",
            "ftype": "squashfs",
            "path": "bookworm/root",
            "size": len(ROOT),
            "sha256": Digest.of(ROOT).hex,
        }
    ] == files


@pytest.mark.parametrize(("ranged", "status", "body"), [("", 200, ROOT), ("bytes=2-5", 206, ROOT[2:6])])
def test_a_file_can_be_had_from_any_byte(shared: Door, ranged: str, status: int, body: bytes) -> None:
    """
    Whole, or a range of it.
    """
    target = f"/api/v1/images/{number(shared)}/files/root"
    answer = shared.call("GET", target, headers={"range": ranged} if ranged else {})

    assert (status, body) == (answer.status, answer.body)


@pytest.mark.parametrize("name", ["nothing", "..%2f..%2fcatalog.sqlite", "%00"])
def test_there_are_no_other_files(shared: Door, name: str) -> None:
    """
    Names lead nowhere else.
    """
    assert shared.get(f"images/{number(shared)}/files/{name}").status in {404, 422}


@pytest.mark.parametrize(("verb", "field"), [("pin", "pinned"), ("hold", "on_hold")], ids=["pin", "hold"])
def test_what_stays_is_said_and_taken_back(door: Door, verb: str, field: str) -> None:
    """
    Each answer shows the version as it is then.
    """
    back = {"pin": "unpin", "hold": "release"}[verb]
    one = number(door)

    assert [True, False] == [
        door.call("POST", f"/api/v1/images/{one}/{each}").document[field] for each in (verb, back)
    ]


def test_a_deleted_version_can_be_restored(door: Door) -> None:
    """
    While its bytes are held.
    """
    one = number(door)

    assert ["retired", "complete"] == [
        door.call("DELETE", f"/api/v1/images/{one}").document["state"],
        door.call("POST", f"/api/v1/images/{one}/restore").document["state"],
    ]


def test_one_goes_back_to_an_older_version(door: Door) -> None:
    """
    The newer one is retired, and the older is what the name means.
    """
    older = door.get("find?ref=debian/bookworm/amd64@20260503").document["id"]
    door.call("POST", f"/api/v1/images/{older}/roll-back")

    assert "20260503" == door.get("find?ref=debian/bookworm/amd64").document["version"]


def test_a_pinned_version_is_not_deleted(door: Door) -> None:
    """
    The conflict says what ties it.
    """
    one = number(door)
    door.call("POST", f"/api/v1/images/{one}/pin")

    answer = door.call("DELETE", f"/api/v1/images/{one}")

    assert (409, True) == (answer.status, "pinned" in str(answer.document["detail"]))

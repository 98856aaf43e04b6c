"""
Who may see some things is told nothing of the others, and what makes no sense at all is refused as such.
"""

import json

import pytest

from tests.api.door import Door, viewer
from tests.support.region import DAY
from tundish.core.people import Grant, Kind, Role


def scoped(door: Door) -> str:
    return door.as_("cas", Grant(Role.AUTHOR, Kind.IMAGE, "debian/trixie/*"))


@pytest.mark.parametrize(
    ("query", "total"), [("", 1), ("?series=bookworm", 0), ("?text=book", 0), ("?limit=1", 1)]
)
def test_hidden_images_are_not_counted(shared: Door, query: str, total: int) -> None:
    """
    Else a filter would tell letter by letter how they are called.
    """
    answer = shared.get(f"images{query}", token=scoped(shared)).document

    assert (total, None) == (answer["total"], answer["next"])


def test_a_page_is_full_of_what_may_be_seen(shared: Door) -> None:
    """
    What is hidden takes no place in it.
    """
    found = shared.get("images?limit=1", token=scoped(shared)).items()

    assert ["trixie"] == [each["series"] for each in found]


@pytest.mark.parametrize("ref", ["debian/bookworm/amd64", "debian/bookwork/amd64", "debian/trixie/amd64@1"])
def test_nobody_is_led_to_hidden_images(shared: Door, ref: str) -> None:
    """
    One that is hidden is answered as one that is not there, without the names of similar ones.
    """
    answer = shared.get(f"find?ref={ref}", token=scoped(shared))

    assert (404, f"there is no image {ref!r}, or it is not yours to see") == (
        answer.status,
        answer.document["detail"],
    )


def test_a_check_of_what_is_not_there_is_no_job(door: Door) -> None:
    """
    The job would tell in its log what is called alike.
    """
    order = {"kind": "check", "arguments": {"image": "debian/trixie/arm64"}}

    assert 404 == door.call("POST", "/api/v1/jobs", order, token=scoped(door)).status


def test_the_numbers_of_everything_are_not_for_a_scope(shared: Door) -> None:
    """
    As with notices.
    """
    assert 403 == shared.get("usage", token=scoped(shared)).status


def test_a_refusal_writes_little(door: Door) -> None:
    """
    The audit is kept for ever, so nobody fills it with what was refused.
    """
    order = {"kind": "check", "arguments": {"image": "x" * 1_400}}
    door.call("POST", "/api/v1/jobs", order, token=viewer(door))
    noted = door.get("audit?actor=vic").items()

    assert [("check.begin", 1_000)] == [(each["deed"], len(str(each["subject"]))) for each in noted]


@pytest.mark.parametrize(
    "arguments",
    ['{"image":"\\ud800"}', '{"image":' + "[" * 900 + "]" * 900 + "}", json.dumps({"image": "x" * 2_000})],
)
def test_arguments_that_nobody_can_mean_are_refused(door: Door, arguments: str) -> None:
    """
    Half a character, a list in nine hundred lists, and a name that is none.
    """
    raw = f'{{"kind":"check","arguments":{arguments}}}'.encode()
    answer = door.call("POST", "/api/v1/jobs", raw=raw)

    assert (422, False) == (answer.status, b"catalog" in answer.body)


def test_a_sync_in_a_million_years_is_refused(door: Door) -> None:
    """
    However large the number is.
    """
    assert 422 == door.call("PATCH", "/api/v1/settings", {"sync_every": 10**30}).status


def test_events_of_what_may_be_seen_are_told(door: Door) -> None:
    """
    To who sees some images, those of these, and none of other images, of sources or of all.
    """
    for kind, subject in [
        ("uploaded", "debian/trixie/amd64"),
        ("uploaded", "debian/bookworm/amd64"),
        ("unsigned-source", "lab"),
        ("sync-done", "sync"),
    ]:
        door.app.catalog.events.add(kind, subject, "", DAY)
    found = door.get("events", token=scoped(door)).items()

    assert ["debian/trixie/amd64"] == [each["subject"] for each in found]


def test_a_page_of_events_is_full_of_what_may_be_seen(door: Door) -> None:
    """
    However much else happened since, and the next page begins behind it.
    """
    for subject in ("trixie", "trixie", *["bookworm"] * 600):
        door.app.catalog.events.add("uploaded", f"debian/{subject}/amd64", "", DAY)
    first = door.get("events?limit=1", token=scoped(door)).document
    second = door.call("GET", str(first["next"]), token=scoped(door)).items()

    assert ["debian/trixie/amd64"] == [each["subject"] for each in second]

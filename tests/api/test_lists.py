import pytest

from tests.api.door import ROOT, Rows, call
from tundish.api.schemas import without_password
from tundish.core.image import Json

NOON = "2026-05-04T12:00:00Z"


def first(noun: str) -> Json:
    items = call(f"/api/v1/{noun}").document["items"]
    assert isinstance(items, list)
    return items[0]


def test_an_image_is_shown_with_its_files() -> None:
    """
    An image shows its names, state, size and every file with size and digest.
    """
    assert {
        "id": 1,
        "ref": "debian/bookworm/amd64/generic@20260504",
        "source": "vendor",
        "product": "net.example:debian:12",
        "os": "debian",
        "series": "bookworm",
        "arch": "amd64",
        "kernel": "generic",
        "label": "stable",
        "title": "Debian 12",
        "version": "20260504",
        "state": "complete",
        "since": NOON,
        "size": 4,
        "bootable": False,
        "files": [{"name": "root", "ftype": "squashfs", "path": "d/root", "size": 4, "sha256": ROOT.hex}],
    } == first("images")


def test_a_source_is_shown_without_its_secrets() -> None:
    """
    A source says that it is signed; neither keys nor password are in the answer.
    """
    assert {
        "name": "vendor",
        "url": "https://***@images.example/",
        "signed": True,
        "priority": 0,
        "enabled": True,
    } == first("sources")


def test_no_answer_holds_a_keyring_or_password() -> None:
    """
    No list has the bytes of a keyring or a password in it.
    """
    nouns = (
        "images",
        "sources",
        "selections",
        "machines",
        "deployments",
        "jobs",
        "events",
        "notices",
        "usage",
    )
    everything = b"".join(call(f"/api/v1/{noun}").body for noun in nouns)

    assert (False, False) == (b"KEYRING" in everything, b"secret" in everything)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://images.example/a", "https://images.example/a"),
        ("https://me:pw@images.example:81/a?b=c", "https://***@images.example:81/a?b=c"),
        ("https://a@b@c/", "https://***@c/"),
        ("http://[::1", "(not a URL)"),
        ("/srv/stream", "/srv/stream"),
    ],
)
def test_a_url_is_shown_without_who_logs_in(url: str, shown: str) -> None:
    """
    User and password of a URL are masked, everything else stays.
    """
    assert shown == without_password(url)


def test_a_selection_is_shown() -> None:
    """
    A selection shows every filter; `*` matches anything.
    """
    assert {
        "os": "debian",
        "series": "bookworm",
        "arches": ["amd64"],
        "kernels": ["*"],
        "labels": ["*"],
        "source": None,
        "keep": 2,
    } == first("selections")


def test_a_machine_is_shown() -> None:
    """
    A machine shows who it is, when it was seen and how often it was deployed.
    """
    assert {
        "mac": "52:54:00:00:00:00",
        "uuid": None,
        "machine_id": None,
        "first_seen": NOON,
        "last_seen": NOON,
        "deployments": 1,
    } == first("machines")


def test_a_deployment_is_shown() -> None:
    """
    A deployment shows what was booted where, and that it has not reported yet.
    """
    assert {
        "id": 3,
        "mac": "52:54:00:00:00:01",
        "image": "debian/bookworm/amd64/generic",
        "version": "20260504",
        "root": ROOT.hex,
        "started_at": NOON,
        "reported_at": None,
    } == first("deployments")


def test_a_job_is_shown() -> None:
    """
    A job shows what was asked and how it stands.
    """
    assert {
        "id": 3,
        "kind": "sync",
        "subject": "vendor",
        "started_at": NOON,
        "ended_at": None,
        "outcome": "running",
        "detail": "{}",
    } == first("jobs")


def test_an_event_is_shown() -> None:
    """
    An event shows when what happened to what.
    """
    assert {
        "id": 3,
        "at": NOON,
        "kind": "boot",
        "subject": "52:54:00:00:00:01",
        "text": "<b>booted</b>",
    } == first("events")


@pytest.mark.parametrize(
    ("noun", "key"),
    [("images", "id"), ("machines", "mac"), ("deployments", "id"), ("jobs", "id"), ("events", "id")],
)
def test_a_long_list_is_read_page_by_page(noun: str, key: str) -> None:
    """
    Following `next` gives every row once and then ends.
    """
    seen: list[Json] = []
    target: Json = f"/api/v1/{noun}?limit=2"
    while isinstance(target, str):
        document = call(target, views=Rows(many=5)).document
        items, target = document["items"], document["next"]
        assert isinstance(items, list)
        seen += [row[key] for row in items if isinstance(row, dict)]

    assert (5, 5) == (len(seen), len({str(one) for one in seen}))


@pytest.mark.parametrize(
    ("query", "culprit"),
    [
        ("images?limit=0", "limit"),
        ("images?limit=501", "limit"),
        ("images?limit=x", "limit"),
        ("images?after=-1", "after"),
        ("jobs?after=9223372036854775808", "after"),
        ("machines?after=%27%3B--", "MAC address"),
        ("machines?after=" + "x" * 99, "after"),
    ],
)
def test_a_bad_page_is_an_input_error_that_names_the_field(query: str, culprit: str) -> None:
    """
    A limit or key out of its bounds is refused, and the answer says which.
    """
    answer = call(f"/api/v1/{query}")

    assert (422, True) == (answer.status, culprit in str(answer.document["detail"]))


def test_the_numbers_are_shown() -> None:
    """
    Usage shows how much there is of everything; null where the store cannot know.
    """
    assert {
        "sources": 1,
        "images": 3,
        "machines": 1,
        "deployments": 1,
        "blobs": 3,
        "size": 4096,
        "free": None,
    } == call("/api/v1/usage").document


def test_a_notice_is_shown() -> None:
    """
    A notice says what is so, how bad it is, and since when.
    """
    assert {
        "id": 3,
        "kind": "disk-low",
        "subject": "store",
        "severity": "warning",
        "text": "<b>1 GiB</b> is free",
        "since": NOON,
        "dismissed_at": None,
    } == first("notices")


def test_the_running_sync_is_shown() -> None:
    """
    The totals say how far it is, how fast, and how long it still takes.
    """
    total = {name: value for name, value in call("/api/v1/sync").document.items() if name != "transfers"}

    assert {
        "job": 7,
        "running": True,
        "outcome": "running",
        "subject": "vendor",
        "started_at": NOON,
        "ended_at": None,
        "files": 2,
        "held": 0,
        "failed": 0,
        "size": 300,
        "came": 200,
        "speed": 50,
        "seconds_left": 2.0,
        "retries": 2,
        "last_error": None,
    } == total


def test_each_file_of_the_running_sync_is_shown() -> None:
    """
    A file under way says how far it is, how fast, how long it still takes and what went wrong last.
    """
    assert [
        {
            "source": "vendor",
            "path": "d/root",
            "sha256": ROOT.hex,
            "size": 100,
            "came": 20,
            "speed": 10,
            "seconds_left": 8.0,
            "retries": 2,
            "last_error": "cut short",
            "ended": False,
        }
    ] == call("/api/v1/sync").document["transfers"]


def test_before_the_first_sync_there_is_none_to_show() -> None:
    """
    Without any sync the answer is null.
    """
    assert b"null" == call("/api/v1/sync", views=Rows(many=0)).body

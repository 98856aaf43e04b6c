"""
Every noun once from end to end: what is sent is what is there afterwards.
"""

import base64
from pathlib import Path

import pytest

from tests.api.door import Door, viewer
from tests.support.keys import MADE_AT, key
from tests.support.region import DAY
from tests.support.stream_simulator import StreamSimulator

PEM = "keyring"


@pytest.fixture
def stream(tmp_path: Path) -> dict[str, object]:
    """
    What makes a source of a signed stream in a folder.
    """
    made = StreamSimulator(key("upstream").signer(at=MADE_AT))
    made.add()
    made.publish(DAY)
    for path, data in made.files.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return {"name": "near", "url": str(tmp_path), PEM: base64.b64encode(made.keyring).decode()}


def test_a_source_is_checked_then_known(door: Door, stream: dict[str, object]) -> None:
    """
    Its check says what it offers, and the answer to its addition has no keyring in it.
    """
    offered = door.call("POST", "/api/v1/sources/check", stream).document
    added = door.call("POST", "/api/v1/sources", stream)

    assert (1, [], 201, "near", True, False) == (
        offered["products"],
        offered["unread"],
        added.status,
        added.document["name"],
        added.document["signed"],
        str(stream[PEM])[:40].encode() in added.body,
    )


def test_a_source_that_cannot_be_believed_is_not_saved(door: Door, stream: dict[str, object]) -> None:
    """
    A foreign keyring is told as such.
    """
    foreign = base64.b64encode(key("foreign").signer(at=MADE_AT).keyring()).decode()
    answer = door.call("POST", "/api/v1/sources", {**stream, PEM: foreign})

    assert (502, "UnknownSigner", []) == (
        answer.status,
        answer.document["error"],
        door.get("sources").items(),
    )


def test_a_source_is_changed_and_forgotten(door: Door, stream: dict[str, object]) -> None:
    """
    What is not said stays, and what is gone is not there.
    """
    door.call("POST", "/api/v1/sources", stream)
    changed = door.call("PATCH", "/api/v1/sources/near", {"priority": 7}).document
    gone = door.call("DELETE", "/api/v1/sources/near").status

    assert (7, True, 204, 404) == (
        changed["priority"],
        changed["signed"],
        gone,
        door.get("sources/near").status,
    )


def test_what_sources_offer_can_be_browsed_and_selected(door: Door, stream: dict[str, object]) -> None:
    """
    The catalogue names a product, and a selection of it is accepted without force.
    """
    door.call("POST", "/api/v1/sources", stream)
    (offered,) = door.get("catalogue?os=ubuntu").items()
    wanted = {"os": offered["os"], "series": offered["series"], "arches": [offered["arch"]]}
    added = door.call("POST", "/api/v1/selections", wanted)

    assert (201, [added.document["id"]]) == (
        added.status,
        [each["id"] for each in door.get("selections").items()],
    )


def test_an_unknown_series_is_answered_with_the_nearest(door: Door, stream: dict[str, object]) -> None:
    """
    As the command line does.
    """
    door.call("POST", "/api/v1/sources", stream)

    answer = door.call("POST", "/api/v1/selections", {"os": "ubuntu", "series": "nobel"})

    assert (422, True) == (answer.status, "noble" in str(answer.document["detail"]))


def test_a_plan_says_what_a_sync_would_fetch(door: Door, stream: dict[str, object]) -> None:
    """
    With bytes, and without writing anything.
    """
    door.call("POST", "/api/v1/sources", stream)
    door.call("POST", "/api/v1/selections", {"os": "ubuntu", "series": "noble"})
    before = len(door.get("versions").items())

    plan = door.call("POST", "/api/v1/plans", {"sources": ["near"]})

    assert (200, True, before) == (
        plan.status,
        b"noble" in plan.body,
        len(door.get("versions").items()),
    )


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("syncs", {"sources": []}),
        ("jobs", {"kind": "verify", "arguments": {}}),
        ("channels/stable/publish", {"images": ["debian/bookworm/amd64"]}),
    ],
)
def test_what_takes_long_is_a_job_that_waits(door: Door, target: str, body: object) -> None:
    """
    The answer says where to look, and the job knows who asked.
    """
    answer = door.call("POST", f"/api/v1/{target}", body)
    job = door.call("GET", answer.headers["location"]).document

    assert (202, "queued", "ann") == (answer.status, job["outcome"], job["actor"])


def test_a_waiting_job_is_stopped_and_tried_again(door: Door) -> None:
    """
    Its log says who wanted that.
    """
    number = door.call("POST", "/api/v1/jobs", {"kind": "verify"}).document["id"]
    stopped = door.call("POST", f"/api/v1/jobs/{number}/stop").document
    again = door.call("POST", f"/api/v1/jobs/{number}/retry")
    log = [str(each["text"]) for each in door.get(f"jobs/{number}/log").items()]

    assert ("stopped", 202, True) == (stopped["outcome"], again.status, any("ann" in line for line in log))


@pytest.mark.parametrize("order", [{"kind": "dance"}, {"kind": "verify", "arguments": {"rate": "fast"}}])
def test_a_job_that_makes_no_sense_is_refused(door: Door, order: object) -> None:
    """
    An unknown kind or argument is an error at once, not later in the job.
    """
    assert 422 == door.call("POST", "/api/v1/jobs", order).status


def test_a_user_is_made_and_comes_in_with_a_token(door: Door) -> None:
    """
    The text of the token is in one answer only.
    """
    door.call("POST", "/api/v1/users", {"name": "bob", "grants": [{"role": "operator"}]})
    made = door.call("POST", "/api/v1/tokens", {"user": "bob", "name": "laptop"})
    token = str(made.document["token"])
    me = door.get("me", token=token).document

    assert (201, "bob", False) == (made.status, me["name"], token.encode() in door.get("tokens").body)


def test_a_revoked_token_counts_no_more(door: Door) -> None:
    """
    At the next request.
    """
    made = door.call("POST", "/api/v1/tokens", {"name": "short"}).document
    held = made["made"]
    assert isinstance(held, dict)
    before = door.get("me", token=str(made["token"])).status
    door.call("DELETE", f"/api/v1/tokens/{held['key']}")

    assert (200, 401) == (before, door.get("me", token=str(made["token"])).status)


def test_people_see_themselves_alone(door: Door) -> None:
    """
    Who is no admin finds one user, and no token of others.
    """
    token = viewer(door)

    assert (["vic"], 404, {"vic"}) == (
        [each["name"] for each in door.get("users", token=token).items()],
        door.get("users/ann", token=token).status,
        {each["user"] for each in door.get("tokens", token=token).items()},
    )


def test_settings_are_chosen_anew(door: Door) -> None:
    """
    What is not named stays; what makes no sense changes nothing.
    """
    changed = door.call("PATCH", "/api/v1/settings", {"sync_window": "22:00-06:00"}).document
    refused = door.call("PATCH", "/api/v1/settings", {"sync_every": 1})

    assert (True, "22:00-06:00", 422, changed) == (
        changed["sync_on"],
        changed["sync_window"],
        refused.status,
        door.get("settings").document,
    )


def test_the_audit_tells_who_changed_what(door: Door) -> None:
    """
    With what it was before and after; who is no admin may not read it.
    """
    door.call("PATCH", "/api/v1/settings", {"sync_on": False})
    (last,) = door.get("audit?limit=1").items()

    assert ("ann", "setting.change", True, 403) == (
        last["actor"],
        last["deed"],
        '"sync_on": false' in str(last["after"]),
        door.get("audit", token=viewer(door)).status,
    )


@pytest.mark.parametrize(
    "noun",
    ["events", "notices", "machines", "deployments", "usage", "channels", "sync", "users", "tokens", "jobs"],
)
def test_every_list_can_be_read(shared: Door, noun: str) -> None:
    """
    By an admin, even while it is empty.
    """
    assert 200 == shared.get(noun).status


def test_every_operation_is_described_with_its_errors(shared: Door) -> None:
    """
    Each has a name of its own, a sentence, and the problem document for what may go wrong.
    """
    described = [
        (said["operationId"], bool(said.get("description")), "404" in said["responses"], path)
        for path, methods in shared.door.openapi()["paths"].items()
        for said in methods.values()
        if path.startswith("/api/")
    ]

    assert (len(described), []) == (
        len({name for name, *_ in described}),
        [path for _, text, errors, path in described if not (text and errors)],
    )

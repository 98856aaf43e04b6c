"""
Asking only for what is new, changing only what one has read, and sending the same twice.
"""

import hashlib
import json
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field, replace

import pytest

from tests.api.door import Answer, Door
from tundish.access.admission import Admission
from tundish.app.deeds import images, people, selections, settings, sources
from tundish.core import clock
from tundish.core.holding import HoldingId
from tundish.core.people import EVERYTHING, Actor, Grant, Role
from tundish.sync.sources import Wish

WANTED = {"os": "debian", "series": "bookworm"}
SELECTIONS = "/api/v1/selections"
FORCED = f"{SELECTIONS}?force=true"


def add(door: Door, key: str, body: object = None, target: str = FORCED) -> Answer:
    return door.call("POST", target, body or WANTED, headers={"idempotency-key": key})


def test_an_answer_that_is_known_is_not_sent_again(door: Door) -> None:
    """
    304 without a body, as long as nothing changed.
    """
    before = door.get("selections")
    headers = {"if-none-match": before.headers["etag"]}
    same = door.call("GET", SELECTIONS, headers=headers)
    add(door, "k")
    changed = door.call("GET", SELECTIONS, headers=headers)

    assert ((304, b""), 200) == ((same.status, same.body), changed.status)


@pytest.mark.parametrize("path", ["", "/pin"])
def test_a_change_bound_to_an_old_state_is_refused(door: Door, path: str) -> None:
    """
    What was changed meanwhile is not changed unseen, neither itself nor by a verb.
    """
    number = door.get("images").items()[0]["id"]
    target = f"/api/v1/images/{number}"
    tag = door.call("GET", target).headers["etag"]
    door.call("POST", f"{target}/hold")
    method = "POST" if path else "DELETE"

    answer = door.call(method, target + path, headers={"if-match": tag})

    assert (412, "complete", False) == (
        answer.status,
        door.call("GET", target).document["state"],
        door.call("GET", target).document["pinned"],
    )


def test_a_change_bound_to_the_state_of_now_is_done(door: Door) -> None:
    """
    The tag of the last answer lets it through.
    """
    number = door.get("images").items()[0]["id"]
    target = f"/api/v1/images/{number}"
    tag = door.call("GET", target).headers["etag"]

    assert 200 == door.call("POST", f"{target}/pin", headers={"if-match": tag}).status


@dataclass(frozen=True, slots=True)
class Meddling(Admission):
    """
    While the second asker is let in (the first is who compares before all else), somebody does something.
    """

    meddle: Callable[[], object] = print
    came: list[str] = field(default_factory=list)

    def bearer(self, text: str, address: str) -> Actor:
        self.came.append(address)
        if len(self.came) == 2:
            Context().run(self.meddle)  # it is another request
        return Admission.bearer(self, text, address)


def meddled(door: Door, meddle: Callable[[], object]) -> None:
    gate = door.admission
    door.door.state.admission = Meddling(gate.catalog, gate.passwords, gate.first, gate.now, meddle)


CHANGES = [
    ("DELETE", "images/{image}", None),
    ("POST", "images/{image}/pin", None),
    ("POST", "images/{image}/roll-back", None),
    ("PATCH", "users/bob", {"enabled": False}),
    ("DELETE", "users/bob", None),
    ("PUT", "users/bob/password", {"password": "correct horse battery"}),
    ("PATCH", "settings", {"sync_every": 7200}),
    ("PUT", "selections/{selection}", {"os": "debian", "series": "sid"}),
    ("DELETE", "selections/{selection}", None),
    ("PATCH", "sources/lab?check=false", {"priority": 7}),
    ("PUT", "sources/lab/stream?check=false", {"stream": "candidate"}),
    ("DELETE", "sources/lab", None),
]


@pytest.mark.parametrize(("method", "target", "body"), CHANGES)
def test_nothing_is_changed_between_the_comparison_and_the_change(
    door: Door, method: str, target: str, body: object
) -> None:
    """
    What somebody does at the last moment before counts: the change is refused, and undoes nothing.
    """
    app, ann = door.app, Actor("ann", EVERYTHING, "api")
    door.as_("bob", Grant(Role.VIEWER))
    wish = Wish(url="http://h.test/stable/", unsigned=True)
    sources.add(app, ann, "lab", wish, check=False)
    image = HoldingId(int(str(door.get("images").items()[0]["id"])))
    number = add(door, "k").document["id"]
    target = target.format(image=image, selection=number)
    read = target.partition("?")[0].removesuffix("/pin").removesuffix("/roll-back")
    read = read.removesuffix("/password").removesuffix("/stream")
    tag = door.get(read).headers["etag"]

    def meddle() -> None:
        images.hold(app, ann, image)
        people.grant(app, ann, "bob", Grant(Role.AUTHOR))
        settings.change(app, ann, {"sync_every": 3600, "sync_window": "22:00-06:00"})
        app.catalog.sources.replace(replace(app.catalog.sources.get("lab"), priority=5))
        if "selections" in target:
            selections.remove(app, ann, int(str(number)))

    meddled(door, meddle)
    answer = door.call(method, f"/api/v1/{target}", body, headers={"if-match": tag})

    assert (True, 5) == (answer.status in {404, 412}, app.catalog.sources.get("lab").priority)


def test_a_change_bound_to_nothing_is_refused(door: Door) -> None:
    """
    Where nothing can be read there is nothing to compare with.
    """
    assert 412 == door.call("DELETE", f"{SELECTIONS}/7", headers={"if-match": '"x"'}).status


def test_the_same_request_is_done_once(door: Door) -> None:
    """
    The second answer is the first one again, and says so.
    """
    first, second = add(door, "k"), add(door, "k")

    assert (201, first.body, "true", 1) == (
        second.status,
        second.body,
        second.headers["idempotency-replayed"],
        len(door.get("selections").items()),
    )


def test_without_a_key_a_repetition_is_a_conflict(door: Door) -> None:
    """
    The same twice is told apart from the same once more.
    """
    assert [201, 409] == [door.call("POST", FORCED, WANTED).status for _ in range(2)]


@pytest.mark.parametrize(
    ("body", "target"),
    [({"os": "debian", "series": "trixie"}, FORCED), (None, f"{SELECTIONS}?force=false")],
)
def test_a_key_belongs_to_one_request(door: Door, body: object, target: str) -> None:
    """
    Another body or address with the same key is refused.
    """
    add(door, "k")

    assert 422 == add(door, "k", body, target).status


def test_a_key_belongs_to_who_sent_it(door: Door) -> None:
    """
    Two people may choose the same one.
    """
    add(door, "k")
    other = door.as_("bob", *door.app.catalog.users.get("ann").grants)
    body = {"os": "debian", "series": "trixie"}

    answer = door.call("POST", FORCED, body, headers={"idempotency-key": "k"}, token=other)

    assert 201 == answer.status


def test_what_failed_may_be_tried_again(door: Door) -> None:
    """
    An error is no answer to be kept.
    """
    number = door.get("images").items()[0]["id"]
    target, headers = f"/api/v1/images/{number}/restore", {"idempotency-key": "k"}
    first = door.call("POST", target, headers=headers).status
    door.call("DELETE", f"/api/v1/images/{number}")

    assert [409, 200] == [first, door.call("POST", target, headers=headers).status]


def test_a_request_that_is_under_way_is_not_begun_twice(door: Door) -> None:
    """
    Whoever sends it meanwhile is told to ask again.
    """
    asked = f"POST {SELECTIONS}?force=true\n".encode() + json.dumps(WANTED).encode()
    door.app.catalog.answers.begin("ann", "k", hashlib.sha256(asked).hexdigest(), clock.now())

    assert (409, []) == (add(door, "k").status, door.get("selections").items())


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
def test_a_key_is_of_its_form(door: Door, key: str) -> None:
    """
    Neither empty nor long nor unprintable.
    """
    assert 422 == add(door, key).status


def test_a_narrowed_token_is_not_told_what_a_wider_one_was(door: Door) -> None:
    """
    Though both are of the same user, and the request is the same.
    """
    add(door, "k")
    made = door.call("POST", "/api/v1/tokens", {"grants": [{"role": "viewer"}]}).document
    body = {"os": "debian", "series": "trixie"}

    answer = door.call("POST", FORCED, body, headers={"idempotency-key": "k"}, token=str(made["token"]))

    assert 422 == answer.status


USER = {"name": "eve", "password": "correct horse battery"}


def repeated(door: Door, target: str, body: object) -> Answer:
    """
    The answer to the second of two requests with one key.
    """
    for _ in range(2):
        answer = door.call("POST", f"/api/v1/{target}", body, headers={"idempotency-key": "once"})
    return answer


def test_a_token_is_made_once(door: Door) -> None:
    """
    Its text is not kept, so who asks again is told which token to revoke, and gets no second one.
    """
    answer = repeated(door, "tokens", {"name": "laptop"})
    (made,) = [each for each in door.get("tokens").items() if each["name"] == "laptop"]
    place = f"/api/v1/tokens/{made['key']}"

    assert (409, place, True) == (
        answer.status,
        answer.headers["location"],
        f"DELETE {place}" in str(answer.document["detail"]),
    )


def test_what_a_repeated_token_names_can_be_revoked(door: Door) -> None:
    """
    And another key makes another token.
    """
    gone = door.call("DELETE", repeated(door, "tokens", {"name": "laptop"}).headers["location"])
    again = door.call("POST", "/api/v1/tokens", {"name": "laptop"}, headers={"idempotency-key": "two"})

    assert (204, 201) == (gone.status, again.status)


def test_a_user_is_made_once(door: Door) -> None:
    """
    The second answer says where.
    """
    answer = repeated(door, "users", USER)

    assert (409, "/api/v1/users/eve") == (answer.status, answer.headers["location"])


def test_of_a_password_not_even_a_hash_is_remembered(door: Door) -> None:
    """
    Whoever reads the catalog could guess at that faster than at argon2.
    """
    repeated(door, "users", USER)
    other = {**USER, "password": "staple of another kind"}
    answer = door.call("POST", "/api/v1/users", other, headers={"idempotency-key": "once"})

    assert (409, True) == (answer.status, b"done before" in answer.body)

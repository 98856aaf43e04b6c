"""
Nobody gets in unknown, and nobody sees or does what is not granted.
"""

import re

import pytest
from fastapi.routing import APIRoute

from tests.api.door import Door, viewer
from tundish.api.routes import NOUNS, PREFIX
from tundish.core.people import Grant, Kind, Role

OPEN = {"/healthz", "/readyz", "/api/v1/openapi.json"}
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}
OWN = {
    ("POST", "/api/v1/tokens"),
    ("DELETE", "/api/v1/tokens/{key}"),
    ("PUT", "/api/v1/users/{name}/password"),
}


def routes(door: Door) -> list[tuple[str, str]]:
    """
    Method and path of everything that the routers hold, and of what the description says beyond that.
    """
    held = {
        (method, PREFIX + route.path)
        for noun in NOUNS
        for route in noun.ROUTER.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    paths = door.door.openapi()["paths"]
    return sorted(held | {(method.upper(), path) for path, said in paths.items() for method in said})


def concrete(path: str) -> str:
    return re.sub(r"\{[a-z]+\}", "1", path)


def example(door: Door, method: str, path: str) -> object:
    """
    A body as the description shows it; None if there is none to send.
    """
    described = door.door.openapi()
    body = described["paths"][path][method.lower()].get("requestBody")
    if body is None or "application/json" not in body["content"]:
        return None
    name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return described["components"]["schemas"][name]["examples"][0]


def test_every_route_but_those_of_health_wants_a_key(shared: Door) -> None:
    """
    Asked without one, each answers 401 before it looks at anything else.
    """
    refused = {
        (method, path)
        for method, path in routes(shared)
        if shared.call(method, concrete(path), token="").status == 401
    }

    assert {pair for pair in routes(shared) if pair[1] not in OPEN} == refused


def test_there_are_routes_to_be_refused(shared: Door) -> None:
    """
    The list above is not empty by mistake.
    """
    assert 50 < len(routes(shared))


@pytest.mark.parametrize("key", ["td_0000000000000000_" + "0" * 64, "x", "td__", "a" * 5_000])
def test_a_wrong_key_is_no_key(shared: Door, key: str) -> None:
    """
    Whatever stands there, nobody gets in.
    """
    assert 401 == shared.get("images", token=key).status


@pytest.mark.parametrize("said", ["Basic YW5uOmFubg==", "Bearer", "OAuth x", ""])
def test_another_scheme_is_no_key(shared: Door, said: str) -> None:
    """
    Only bearer tokens count here.
    """
    assert 401 == shared.call("GET", "/api/v1/me", token="", headers={"authorization": said}).status


def test_a_viewer_changes_nothing(shared: Door) -> None:
    """
    With the bodies that the description shows, every change is refused or about something not there.
    """
    token = viewer(shared)
    before = shared.app.catalog.images.list()

    statuses = {
        (method, path): shared.call(method, concrete(path), example(shared, method, path), token=token).status
        for method, path in routes(shared)
        if method in CHANGES and (method, path) not in OWN
    }

    assert ({}, before) == (
        {key: status for key, status in statuses.items() if status not in {403, 404, 412}},
        shared.app.catalog.images.list(),
    )


def test_what_may_not_be_seen_is_not_there(shared: Door) -> None:
    """
    Who is granted some images finds those alone, one by one and in the list.
    """
    token = shared.as_("cy", Grant(Role.VIEWER, Kind.IMAGE, "debian/trixie/*"))
    refs = [str(each["ref"]) for each in shared.get("images", token=token).items()]
    hidden = shared.get("find?ref=debian/bookworm/amd64", token=token).status

    assert (["debian/trixie/amd64/generic@20260504"], 404) == (refs, hidden)


def test_an_author_has_no_say_in_sources(shared: Door) -> None:
    """
    The refusal names the power, and who can give it.
    """
    token = shared.as_("al", Grant(Role.AUTHOR))
    answer = shared.call(
        "POST", "/api/v1/sources", {"name": "x", "url": "http://x/", "unsigned": True}, token=token
    )

    assert (403, True) == (answer.status, "source.edit" in str(answer.document["detail"]))


def test_a_change_by_a_session_needs_its_token(door: Door) -> None:
    """
    The cookie alone, which a browser sends for any page, changes nothing.
    """
    actor = door.admission.bearer(door.token, "127.0.0.1")
    cookie = door.admission.open_session(actor)
    headers = {"cookie": f"tundish-session={cookie}"}
    held = {**headers, "x-csrf-token": door.admission.csrf(cookie)}
    number = door.get("images").items()[0]["id"]

    assert [200, 403, 200] == [
        door.call("GET", "/api/v1/me", token="", headers=headers).status,
        door.call("POST", f"/api/v1/images/{number}/pin", token="", headers=headers).status,
        door.call("POST", f"/api/v1/images/{number}/pin", token="", headers=held).status,
    ]


def test_a_refusal_is_in_the_audit(door: Door) -> None:
    """
    Who tried what, and from where.
    """
    token = viewer(door)
    number = door.get("images").items()[0]["id"]
    door.call("POST", f"/api/v1/images/{number}/pin", token=token)

    last = door.app.catalog.audit.list(1)[0]
    assert ("vic", "image.pin", "refused", "127.0.0.1") == (last.actor, last.deed, last.outcome, last.address)

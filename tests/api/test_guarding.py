"""
Who is no admin leads the server to public addresses only; the owner's own sources may be anywhere.
"""

import pytest

from tests.api.door import Answer, Door
from tests.support.hostile_server import HostileServer
from tundish.core.people import EVERYTHING, Grant, Kind, Role

NEARBY = "http://127.0.0.1:9/stable/"


def operator(door: Door) -> str:
    return door.as_("bob", Grant(Role.OPERATOR, Kind.SOURCE, "*"))


def added(door: Door, token: str, url: str = NEARBY, *, check: str = "true") -> Answer:
    door.app.guard_sources()
    body = {"name": "lab", "url": url, "unsigned": True}
    return door.call("POST", f"/api/v1/sources?check={check}", body, token=token)


def is_guarded(door: Door) -> bool:
    return door.app.catalog.sources.get("lab").fetching.is_guarded


def test_an_operator_makes_the_server_ask_nothing_nearby(door: Door) -> None:
    """
    Neither an answer nor the lack of one tells what listens in the server's own network.
    """
    with HostileServer({}) as server:
        answer = added(door, operator(door), server.url)

        assert (502, True, []) == (answer.status, b"no public address" in answer.body, server.requests)


def test_an_admin_may_choose_any_address(door: Door) -> None:
    """
    As where mirrors have private ones, behind an air gap.
    """
    with HostileServer({}) as server:
        added(door, door.token, server.url)

        assert server.requests


def test_what_is_saved_unasked_stays_guarded(door: Door) -> None:
    """
    So that no later sync asks what could not be asked before.
    """
    added(door, operator(door), check="false")
    answer = door.call("POST", "/api/v1/sources/lab/check", token=operator(door))

    assert (True, 502, True) == (is_guarded(door), answer.status, b"no public address" in answer.body)


@pytest.mark.parametrize(
    ("wish", "guarded"),
    [
        ({"priority": 3}, False),
        ({"url": "http://127.0.0.1:9/candidate/"}, False),
        ({"url": "http://127.0.0.1:10/stable/"}, True),
        ({"mirrors": ["http://10.0.0.5/"]}, True),
        ({"proxy": "http://10.0.0.5:3128"}, True),
    ],
)
def test_an_operator_keeps_to_where_a_source_is(door: Door, wish: dict[str, object], guarded: bool) -> None:
    """
    One that an admin chose may be changed, but leads nowhere else that is not public.
    """
    added(door, door.token, check="false")
    door.call("PATCH", "/api/v1/sources/lab?check=false", wish, token=operator(door))

    assert guarded is is_guarded(door)


def test_an_admin_who_says_where_it_is_frees_a_source(door: Door) -> None:
    """
    By the API as by a command.
    """
    added(door, operator(door), check="false")
    door.call("PATCH", "/api/v1/sources/lab?check=false", {"url": NEARBY})

    assert not is_guarded(door)


@pytest.mark.parametrize(("grants", "guarded"), [(EVERYTHING, False), ((Grant(Role.OPERATOR),), True)])
def test_a_mirror_is_guarded_by_who_asks_for_it(door: Door, grants: tuple[Grant, ...], guarded: bool) -> None:
    """
    Whatever the request itself says of it.
    """
    arguments = {"name": "m", "url": NEARBY, "unsigned": True, "is_guarded": False}
    order = {"kind": "mirror", "arguments": arguments}
    job = door.call("POST", "/api/v1/jobs", order, token=door.as_("sam", *grants)).document["id"]
    kept = door.get(f"jobs/{job}").document["arguments"]

    assert isinstance(kept, dict)
    assert guarded is kept["is_guarded"]

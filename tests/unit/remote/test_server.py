"""
Asking another tundish: what is sent, what is made of answers, and what of errors.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from tundish.core.errors import (
    REACTIONS,
    BadDocument,
    Conflict,
    InputError,
    Locked,
    NotFound,
    TundishError,
    Unauthorised,
    Unreachable,
    UpstreamError,
    reaction,
)
from tundish.core.image import Json
from tundish.fetch.sending import Sent
from tundish.remote.server import Server, base


@dataclass
class Wire:
    """
    Answers in order, and what was asked.
    """

    answers: list[Sent | TundishError]
    asked: list[tuple[str, str, Mapping[str, str], bytes]] = field(default_factory=list)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] = b"",
        limit: int,
    ) -> Sent:
        self.asked.append((method, url, headers, b"".join([body] if isinstance(body, bytes) else body)))
        answer = self.answers.pop(0)
        if isinstance(answer, TundishError):
            raise answer
        return answer


def said(document: Json, status: int = 200, **headers: str) -> Sent:
    return Sent(status, headers, json.dumps(document).encode())


def server(*answers: Sent | TundishError) -> tuple[Server, Wire]:
    wire = Wire(list(answers))
    return Server("http://s.example:5240", "td_secret", wire), wire


def test_a_list_is_read_to_its_end() -> None:
    """
    Pages are followed by the address that each names.
    """
    here, wire = server(
        said({"items": [{"id": 2}], "next": "/api/v1/jobs?after=2"}),
        said({"items": [{"id": 1}], "next": None}),
    )

    rows = here.rows("/jobs", limit=1)

    assert ([{"id": 2}, {"id": 1}], "http://s.example:5240/api/v1/jobs?after=2") == (rows, wire.asked[1][1])


def test_a_next_page_elsewhere_is_not_asked() -> None:
    """
    A server cannot send the token to another one.
    """
    here, _ = server(said({"items": [], "next": "http://evil.example/"}))

    with pytest.raises(BadDocument):
        here.rows("/jobs")


def test_a_change_is_sent_with_a_key_and_again_with_the_same() -> None:
    """
    Where nobody answered, the same change is sent once more under its key.
    """
    here, wire = server(Unreachable("no"), said({"id": 1}))

    here.send("POST", "/syncs", {"sources": []})

    assert (2, 1) == (len(wire.asked), len({asked[2]["Idempotency-Key"] for asked in wire.asked}))


def test_what_has_no_key_is_sent_once() -> None:
    """
    A change that could be done twice is not repeated.
    """
    here, wire = server(Unreachable("no"))

    with pytest.raises(Unreachable):
        here.send("DELETE", "/sources/lab")
    assert 1 == len(wire.asked)


def test_the_token_is_sent_and_never_shown() -> None:
    """
    It is in the header, and not in what the server prints as.
    """
    here, wire = server(said({}))

    here.get("/me")

    assert ("Bearer td_secret", False) == (wire.asked[0][2]["Authorization"], "td_secret" in repr(here))


@pytest.mark.parametrize("family", sorted(REACTIONS, key=str), ids=lambda family: family.__name__)
def test_an_error_keeps_its_exit_code(family: type[TundishError]) -> None:
    """
    What a server refuses ends a command as it would end there, whatever the family.
    """
    wanted = REACTIONS[family]
    here, _ = server(said({"error": family.__name__, "detail": "words"}, wanted.status))

    with pytest.raises(TundishError) as caught:
        here.get("/x")

    assert wanted.exit == reaction(caught.value).exit


def test_an_error_keeps_its_words() -> None:
    """
    The message is the server's.
    """
    here, _ = server(said({"error": "NotFound", "detail": "there is no job 9"}, 404))

    with pytest.raises(NotFound, match="there is no job 9"):
        here.get("/jobs/9")


def test_who_is_locked_out_hears_for_how_long() -> None:
    """
    The time to wait comes along.
    """
    here, _ = server(said({"error": "Locked", "detail": "too many"}, 429, **{"retry-after": "30"}))

    with pytest.raises(Locked) as caught:
        here.get("/me")
    assert 30.0 == caught.value.retry_after


def test_a_refused_token_is_said() -> None:
    """
    401 is nobody known, whatever else is in the answer.
    """
    here, _ = server(Sent(401, {}, b"<html>"))

    with pytest.raises(Unauthorised):
        here.get("/me")


@pytest.mark.parametrize("body", [b"<html>", b"[" * 100_000, b"\xff"])
def test_what_is_no_tundish_is_named(body: bytes) -> None:
    """
    An answer that is no JSON is an error of the other side.
    """
    here, _ = server(Sent(200, {}, body))

    with pytest.raises(BadDocument):
        here.get("/me")


def test_a_strange_error_is_the_other_sides() -> None:
    """
    A status without a problem document, as of a proxy, is an upstream error.
    """
    here, _ = server(Sent(503, {}, b"busy"))

    with pytest.raises(UpstreamError, match="503"):
        here.get("/me")


def test_a_name_is_quoted() -> None:
    """
    What a user types stays one segment of the path.
    """
    here, wire = server(said({}))

    here.get("/sources/a b?c")

    assert "http://s.example:5240/api/v1/sources/a%20b%3Fc" == wire.asked[0][1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("http://a:5240", "http://a:5240"),
        ("https://a.example/tundish/", "https://a.example/tundish"),
        ("http://a:5240/api/v1", "http://a:5240"),
    ],
)
def test_a_server_is_named_by_its_base(text: str, found: str) -> None:
    """
    A trailing slash and the prefix of the API do not matter.
    """
    assert found == base(text)


@pytest.mark.parametrize("text", ["lab", "ftp://a/", "http://me:pw@a/", "http://[::1", ""])
def test_what_is_no_server_is_refused(text: str) -> None:
    """
    Neither a word, nor another scheme, nor an address with a password.
    """
    with pytest.raises(InputError):
        base(text)


def test_a_conflict_is_one() -> None:
    """
    409 with its class comes back as it was.
    """
    here, _ = server(said({"error": "Conflict", "detail": "pinned"}, 409))

    with pytest.raises(Conflict, match="pinned"):
        here.send("DELETE", "/images/1")

"""
Too many requests are refused, each asker for itself, and what moves bytes is never counted.
"""

import asyncio
from collections.abc import MutableMapping

import pytest

from tundish.api.bounds import Message, Receive, Send
from tundish.api.pacing import Paced, token_of
from tundish.core.pace import BURST, Pace


async def inner(_scope: Message, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def asked(
    door: Paced, path: str = "/api/v1/me", address: str = "192.0.2.1", **headers: str
) -> tuple[int, str]:
    """
    Status and Retry-After.
    """
    said: list[MutableMapping[str, object]] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "path": path, "client": (address, 1), "headers": pairs}
    asyncio.run(door(scope, receive, send))
    status, found = said[0]["status"], said[0]["headers"]
    assert isinstance(status, int)
    assert isinstance(found, list)
    return status, dict(found).get(b"retry-after", b"").decode()


def door(*, addresses: float = 0, tokens: float = 0) -> Paced:
    return Paced(inner, Pace(addresses), Pace(tokens))


def test_too_many_of_an_address_are_refused_for_a_while() -> None:
    """
    With the seconds to wait; a network of IPv6 is one address.
    """
    paced = door(addresses=1 / BURST)
    first = asked(paced, address="2001:db8::1")[0]
    second, wait = asked(paced, address="2001:db8::2")

    assert (200, 429, True) == (first, second, 0 < int(wait) <= BURST)


def test_another_address_is_answered() -> None:
    """
    Nobody is kept out by others.
    """
    paced = door(addresses=1 / BURST)

    assert [200, 429, 200] == [asked(paced, address=f"192.0.2.{last}")[0] for last in (1, 1, 2)]


@pytest.mark.parametrize("header", ["authorization", "cookie"])
def test_too_many_of_a_token_are_refused(header: str) -> None:
    """
    From whatever addresses; another token is another asker, also with the same public half.
    """
    paced = door(tokens=1 / BURST)
    scheme = "Bearer " if header == "authorization" else "tundish-session="
    found = [
        asked(paced, address=address, **{header: f"{scheme}td_1234_{secret}"})[0]
        for address, secret in [("192.0.2.1", "a"), ("192.0.2.2", "a"), ("192.0.2.3", "b")]
    ]

    assert [200, 429, 200] == found


def test_a_key_of_maas_is_known_whatever_is_new_in_its_header() -> None:
    """
    Time and nonce change; key and signature do not.
    """
    signed = 'OAuth oauth_nonce="{0}", oauth_token="k", oauth_signature="%26s", oauth_timestamp="{0}"'
    one, two = (token_of([(b"authorization", signed.format(number).encode())]) for number in (1, 2))

    assert one == two != ""


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/uploads/7/content",
        "/api/v1/images/7/files/root.squashfs",
        "/MAAS/api/2.0/boot-resources/1/upload/2/",
        "/prefix/api/v1/uploads/7/content",
        "/health",
        "/readyz",
        "/metrics",
    ],
)
def test_bytes_and_monitors_are_not_counted(path: str) -> None:
    """
    An upload has thousands of pieces.
    """
    paced = door(addresses=1 / BURST)

    assert {200} == {asked(paced, path)[0] for _ in range(50)}


def test_what_was_refused_is_counted() -> None:
    """
    For the metrics.
    """
    paced = door(addresses=1 / BURST)
    for _ in range(3):
        asked(paced)

    assert 2 == paced.addresses.refused

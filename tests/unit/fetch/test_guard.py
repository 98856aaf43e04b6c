"""
Who may choose only public addresses leads the server to no other, whatever a name means a moment later.
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.support.hostile_server import HostileServer, redirect
from tundish.core.errors import BadStatus, InputError, is_worth_retrying
from tundish.core.selection import Fetching
from tundish.fetch.guard import Guard
from tundish.fetch.http import HttpFetcher
from tundish.fetch.lines import Lines

PRIVATE = (
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.5", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1",
    "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "no address",
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address: str) -> None:
    """
    Loopback, private, link-local with its metadata, multicast; and what leads to them from IPv6.
    """
    assert not Guard().admits(address)


@pytest.mark.parametrize("address", ["91.189.91.48", "2620:2d:4000:1::17", "64:ff9b::5bbd:5b30"])
def test_what_is_public_is_admitted(address: str) -> None:
    """
    Of IPv4 and IPv6.
    """
    assert Guard().admits(address)


@pytest.mark.parametrize(
    ("word", "host", "address"),
    [
        ("10.0.0.0/8", "mirror.lab", "10.1.2.3"),
        ("10.1.2.3", "10.1.2.3", "10.1.2.3"),
        ("fd00::/8", "mirror.lab", "fd00::7"),
        ("*.lab", "mirror.lab", "192.168.1.1"),
        ("*.LAB", "Mirror.Lab.", "192.168.1.1"),
    ],
)
def test_what_is_allowed_is_admitted(word: str, host: str, address: str) -> None:
    """
    By network or by name: so serves a server behind an air gap, whose mirrors have private addresses.
    """
    guard = replace(Guard.read([word]), look_up=lambda *_: (address,))

    assert (address,) == guard.admitted(host, 80)


def test_a_name_with_several_addresses_gives_those_that_may_be_asked() -> None:
    """
    One that is private beside a public one is never connected to.
    """
    guard = Guard(look_up=lambda *_: ("10.0.0.5", "91.189.91.48"))

    assert ("91.189.91.48",) == guard.admitted("two.example", 80)


@pytest.mark.parametrize("word", ["10.0.0.0/99", "1.2.3.4.5", "x/y"])
def test_a_word_that_is_no_network_is_refused(word: str) -> None:
    """
    So that a slip of the finger allows nothing.
    """
    with pytest.raises(InputError, match="TUNDISH_ALLOWED_HOSTS"):
        Guard.read([word])


def test_a_server_on_loopback_is_not_asked() -> None:
    """
    No connection is made, and nobody tries again.
    """
    with HostileServer({"f": b"x"}) as server, HttpFetcher(guard=Guard()) as fetcher:
        with pytest.raises(BadStatus, match="no public address") as caught:
            fetcher.document(server.url + "f", limit=10)

        assert ([], False) == (server.requests, is_worth_retrying(caught.value))


def test_the_address_is_judged_that_is_connected_to() -> None:
    """
    A name that was public when it was saved and means loopback by now leads nowhere.
    """
    answers: list[Sequence[str]] = [("91.189.91.48",), ("127.0.0.1",)]
    guard = Guard(look_up=lambda *_: answers.pop(0))
    guard.admitted("rebound.example", 80)
    with (
        HttpFetcher(guard=guard) as fetcher,
        pytest.raises(BadStatus, match=r"rebound\.example is at no public address"),
    ):
        fetcher.document("http://rebound.example/f", limit=10)


def test_a_redirect_leads_nowhere_that_is_not_public() -> None:
    """
    Although the host that sends there may be asked.
    """
    guard = Guard(
        hosts=("mirror.lab",), look_up=lambda name, _: ("127.0.0.1" if name == "mirror.lab" else name,)
    )
    with HostileServer({"f": b"x"}) as server, HttpFetcher(guard=guard) as fetcher:
        server.behave("f", redirect("http://169.254.169.254/latest/"))
        port = server.url.rstrip("/").rpartition(":")[2]
        with pytest.raises(BadStatus, match=r"169\.254\.169\.254 is at no public"):
            fetcher.document(f"http://mirror.lab:{port}/f", limit=10)


def test_a_name_is_asked_at_the_address_that_was_judged() -> None:
    """
    It is looked up once; the request still says the name.
    """
    with HostileServer({"f": b"x"}) as server:
        port = server.url.rstrip("/").rpartition(":")[2]
        guard = Guard(hosts=("mirror.lab",), look_up=lambda *_: ("127.0.0.1",))
        with HttpFetcher(guard=guard) as fetcher:
            assert b"x" == fetcher.document(f"http://mirror.lab:{port}/f", limit=10)


def test_a_chosen_proxy_is_judged() -> None:
    """
    It would be what is connected to.
    """
    lines = Lines(connections=1, http_proxy=None, guard=Guard())
    try:
        fetcher = lines.of(Fetching(proxy="http://127.0.0.1:9/", is_guarded=True))
        with pytest.raises(BadStatus, match=r"127\.0\.0\.1 is at no public"):
            fetcher.document("http://91.189.91.48/f", limit=10)
    finally:
        lines.close()


def test_behind_the_proxy_of_the_settings_targets_are_judged() -> None:
    """
    It would ask them for us.
    """
    lines = Lines(connections=1, http_proxy="http://127.0.0.1:9/", guard=Guard())
    try:
        with pytest.raises(BadStatus, match=r"169\.254\.169\.254 is at no public"):
            lines.of(Fetching(is_guarded=True)).document("http://169.254.169.254/latest/", limit=10)
    finally:
        lines.close()

"""
Who is believed about who asks, and what nobody can claim.
"""

import pytest

from tundish.core.errors import InputError
from tundish.core.proxies import DIRECT, Origin, Proxies

LAN = Proxies.read(["10.0.0.0/24", "::1", "10.1.0.5"])


@pytest.mark.parametrize(
    ("peer", "chain", "client"),
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),  # the first is what the client made up
        ("10.0.0.1", "203.0.113.9, 10.1.0.5", "203.0.113.9"),  # two proxies of ours
        ("10.0.0.1", "10.0.0.7, 10.1.0.5", "10.0.0.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense\r\nX: 1", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, nonsense", "10.0.0.1"),
        ("::ffff:10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("::1", "[2001:db8::1]", "2001:db8::1"),
        ("203.0.113.1", "1.1.1.1", "203.0.113.1"),  # no proxy of ours
        ("", "1.1.1.1", ""),
        ("10.0.0.1", ",".join(["10.0.0.2"] * 1000), "10.0.0.2"),
    ],
)
def test_the_client_is_the_last_that_is_no_proxy(peer: str, chain: str, client: str) -> None:
    """
    What stands before the last address that our own proxies saw is not looked at.
    """
    assert client == LAN.origin(peer, {"x-forwarded-for": chain}).address


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        (
            {"x-forwarded-proto": "https", "x-forwarded-host": "a.example", "x-forwarded-prefix": "/t/"},
            Origin("10.0.0.1", "https", "a.example", "/t"),
        ),
        ({"x-forwarded-proto": "javascript"}, Origin("10.0.0.1", "http")),
        ({"x-forwarded-host": "a.example/evil"}, Origin("10.0.0.1", "http")),
        ({"x-forwarded-host": "evil, a.example:8443"}, Origin("10.0.0.1", "http", "a.example:8443")),
        ({"x-forwarded-host": "a\r\nb"}, Origin("10.0.0.1", "http")),
        ({"x-forwarded-prefix": "//evil.example"}, Origin("10.0.0.1", "http")),
        ({"x-forwarded-prefix": "/../.."}, Origin("10.0.0.1", "http")),
    ],
)
def test_a_proxy_says_how_it_was_reached(said: dict[str, str], seen: Origin) -> None:
    """
    Scheme, host and prefix count if they have the form of one, and not otherwise.
    """
    assert seen == LAN.origin("10.0.0.1", said)


def test_without_proxies_nothing_is_believed() -> None:
    """
    Where none is named, the connection alone says who asks.
    """
    said = {"x-forwarded-for": "1.1.1.1", "x-forwarded-host": "evil", "x-forwarded-proto": "https"}

    assert Origin("127.0.0.1", "http") == DIRECT.origin("127.0.0.1", said)


def test_the_public_url_is_that_of_everybody() -> None:
    """
    With a URL of our own, no header says another; the client's address is still what it was.
    """
    ours = Proxies.read(["10.0.0.1"], "https://images.example:8443/t/")
    said = {"x-forwarded-host": "other.example", "x-forwarded-for": "203.0.113.9"}

    assert Origin("203.0.113.9", "https", "images.example:8443", "/t") == ours.origin("10.0.0.1", said)


@pytest.mark.parametrize("network", ["", "10.0.0.1/24", "lan", "10.0.0.0/33"])
def test_a_network_that_is_none_is_refused(network: str) -> None:
    """
    The message shows it and an example.
    """
    with pytest.raises(InputError, match="is no network"):
        Proxies.read([network])


@pytest.mark.parametrize(
    "url",
    ["images.example", "ftp://a", "https://", "https://u:p@a", "http://a/?x", "http://a/b c", "http://[x"],
)
def test_a_public_url_that_is_none_is_refused(url: str) -> None:
    """
    The message shows it and an example.
    """
    with pytest.raises(InputError, match="is no URL of a door"):
        Proxies.read([], url)

"""
Each source is asked the way its settings say.
"""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.support.hostile_server import HostileServer
from tundish.core.errors import InputError
from tundish.core.selection import Fetching
from tundish.fetch.lines import Lines

FILES = {"f": bytes(100_000)}


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer(FILES) as made:
        yield made


@pytest.fixture
def proxy() -> Iterator[HostileServer]:
    with HostileServer(FILES) as made:
        yield made


def asked(lines: Lines, url: str, fetching: Fetching) -> None:
    with closing(lines):
        lines.of(fetching).document(url, limit=100_000)


def test_the_proxy_of_the_settings_is_the_usual(server: HostileServer, proxy: HostileServer) -> None:
    """
    A source that says nothing is asked through the proxy of the settings.
    """
    asked(Lines(connections=1, http_proxy=proxy.url), server.url + "f", Fetching())

    assert (0, 1) == (len(server.requests), len(proxy.requests))


def test_a_source_can_go_without_proxy(server: HostileServer, proxy: HostileServer) -> None:
    """
    A source set to no proxy is asked directly.
    """
    asked(Lines(connections=1, http_proxy=proxy.url), server.url + "f", Fetching(proxy="none"))

    assert (1, 0) == (len(server.requests), len(proxy.requests))


def test_a_source_can_have_its_own_proxy(server: HostileServer, proxy: HostileServer) -> None:
    """
    A source with a proxy of its own is asked through that one.
    """
    asked(Lines(connections=1, http_proxy=None), server.url + "f", Fetching(proxy=proxy.url))

    assert (0, 1) == (len(server.requests), len(proxy.requests))


def test_hosts_can_be_spared_the_proxy(server: HostileServer, proxy: HostileServer) -> None:
    """
    A host that is named as direct is asked directly.
    """
    lines = Lines(connections=1, http_proxy=proxy.url, no_proxy=("127.0.0.1",))

    asked(lines, server.url + "f", Fetching())

    assert (1, 0) == (len(server.requests), len(proxy.requests))


def test_the_token_goes_along(server: HostileServer) -> None:
    """
    A source with a token sends it.
    """
    asked(Lines(connections=1, http_proxy=None), server.url + "f", Fetching(token="s3cret"))

    assert ["Bearer s3cret"] == [request.authorization for request in server.requests]


def test_tokens_do_not_mix(server: HostileServer) -> None:
    """
    Another source of the same process does not send it.
    """
    lines = Lines(connections=1, http_proxy=None)
    with closing(lines):
        for token in ("one", "", "two"):
            lines.of(Fetching(token=token)).document(server.url + "f", limit=100_000)

    assert ["Bearer one", None, "Bearer two"] == [request.authorization for request in server.requests]


def test_connections_are_shared(server: HostileServer) -> None:
    """
    Sources with the same settings share their connections.
    """
    lines = Lines(connections=1, http_proxy=None)
    with closing(lines):
        for _ in range(2):
            lines.of(Fetching()).document(server.url + "f", limit=100_000)

    assert 1 == len({request.connection for request in server.requests})


def test_a_capped_source_comes_in_small_pieces(server: HostileServer) -> None:
    """
    A slow source is read a quarter of a second at a time, so that nobody waits long for us.
    """
    lines = Lines(connections=1, http_proxy=None)
    with closing(lines), lines.of(Fetching(bandwidth=40_000)).open(server.url + "f") as answer:
        longest = max(map(len, answer.chunks()))

    assert longest <= 10_000


@pytest.mark.parametrize("fetching", [Fetching(proxy="ftp://x"), Fetching(token="a b\n")])
def test_what_makes_no_sense_is_refused(fetching: Fetching) -> None:
    """
    A proxy or token that is none is the operator's mistake.
    """
    with pytest.raises(InputError):
        Lines(connections=1, http_proxy=None).of(fetching)

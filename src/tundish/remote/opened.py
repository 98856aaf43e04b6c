"""
A server, opened with its way out, and let go in the end.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tundish.fetch.fetcher import Limits
from tundish.fetch.sending import Sender
from tundish.remote.server import Server, base

PATIENCE = 300.0  # seconds: a server that plans a sync asks all of its sources first


@contextmanager
def opened(
    address: str, token: str, *, http_proxy: str | None = None, no_proxy: tuple[str, ...] = ()
) -> Iterator[Server]:
    """
    The server at an address.

    Raises:
        InputError: it is no address of a server.
    """
    place = base(address)
    sender = Sender(Limits(stall=PATIENCE), http_proxy=http_proxy, no_proxy=no_proxy)
    try:
        yield Server(place, token, sender)
    finally:
        sender.close()

"""
Requests that say something: to the API of another server. Bounded in time and length, as all that goes out.

Nothing is sent twice and no redirect is followed: whoever sends knows what may be repeated.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.util import Url

from tundish import __version__
from tundish.core.errors import BadStatus
from tundish.fetch.fetcher import DEFAULTS, Limits, gather
from tundish.fetch.headers import REDIRECTS, address, is_direct, shown
from tundish.fetch.wire import MAX_HOSTS, Pool, TlsPool, pools, translated

ALWAYS = {"Accept-Encoding": "identity", "User-Agent": f"tundish/{__version__}"}


@dataclass(frozen=True, slots=True)
class Sent:
    """
    What came back, whatever the status. Headers by their names in small letters.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Sender:
    """
    Safe to share between threads; `close` in the end.
    """

    def __init__(
        self,
        limits: Limits = DEFAULTS,
        *,
        connections: int = 2,
        http_proxy: str | None = None,
        no_proxy: tuple[str, ...] = (),
    ) -> None:
        self._limits, self._no_proxy = limits, no_proxy
        self._timeout = Timeout(connect=limits.connect, read=limits.stall)
        self._straight = PoolManager(MAX_HOSTS, maxsize=connections)
        self._straight.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}
        self._pools = pools(connections, http_proxy) if http_proxy else None

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] = b"",
        limit: int,
    ) -> Sent:
        """
        Ask once, and read at most `limit` bytes of the answer. A body in pieces wants its `Content-Length`.

        Raises:
            InputError: it is no address.
            BadStatus: the other side leads elsewhere.
            TooLong: the answer is longer.
            UpstreamError: no answer, or none in time.
        """
        target = address(url)
        place = shown(url)
        with translated(place):
            response = self._opened(method, target, {**ALWAYS, **headers}, body)
        try:
            if response.status in REDIRECTS:
                raise BadStatus(
                    f"{place}: HTTP {response.status} to {shown(response.headers.get('Location', ''))}; "
                    "give that address, if you trust it",
                    url=place,
                    status=response.status,
                )
            with translated(place, begun=True):
                whole = gather(response.read1, limit=limit, chunk=self._limits.chunk, url=place)
        finally:
            response.close()
            response.release_conn()
        return Sent(response.status, {key.lower(): value for key, value in response.headers.items()}, whole)

    def close(self) -> None:
        """
        Let go of all idle connections.
        """
        self._straight.clear()
        if self._pools is not None:
            self._pools.clear()

    def _opened(
        self, method: str, target: Url, headers: Mapping[str, str], body: bytes | Iterable[bytes]
    ) -> BaseHTTPResponse:
        is_straight = self._pools is None or is_direct(target, self._no_proxy)
        manager = self._straight if is_straight or self._pools is None else self._pools
        return manager.urlopen(
            method,
            target._replace(auth=None, fragment=None).url,
            headers=headers,
            body=body,
            redirect=False,
            retries=False,
            timeout=self._timeout,
            preload_content=False,
            decode_content=False,
        )

"""
urllib3 behind a wall: its pools with our bounds on time, and its exceptions turned into ours.

A socket's time limit bounds one silence; a server that drips bytes stays below it for ever. So every
read is timed: the lines before the body must all come within one `stall`, and a body must keep a pace.
"""

import http.client
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager, exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection

from tundish.core.clock import monotonic
from tundish.core.errors import CutShort, InputError, Stalled, TundishError, Unreachable, UpstreamError
from tundish.fetch.guard import Guard
from tundish.fetch.headers import address, basic

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SLOWEST = 256  # bytes per second; slower than this for a whole `stall` is a stall
MAX_HOSTS = 64  # hosts whose connections are kept

MEANINGS: dict[type[BaseException], type[TundishError]] = {
    # no connection, or it broke
    OSError: Unreachable,
    http.client.HTTPException: Unreachable,
    exceptions.HTTPError: Unreachable,
    exceptions.PoolError: Unreachable,
    exceptions.EmptyPoolError: Unreachable,
    exceptions.FullPoolError: Unreachable,
    exceptions.ClosedPoolError: Unreachable,
    exceptions.RequestError: Unreachable,
    exceptions.HostChangedError: Unreachable,
    exceptions.MaxRetryError: Unreachable,
    exceptions.NewConnectionError: Unreachable,
    exceptions.NameResolutionError: Unreachable,
    exceptions.ConnectTimeoutError: Unreachable,
    exceptions.ProxyError: Unreachable,
    exceptions.SSLError: Unreachable,
    exceptions.ProtocolError: Unreachable,
    exceptions.IncompleteRead: Unreachable,
    exceptions.InvalidChunkLength: Unreachable,
    # silence
    TimeoutError: Stalled,
    exceptions.TimeoutError: Stalled,
    exceptions.ReadTimeoutError: Stalled,
    # an answer that is not HTTP as it should be
    exceptions.ResponseError: UpstreamError,
    exceptions.DecodeError: UpstreamError,
    exceptions.InvalidHeader: UpstreamError,
    exceptions.HeaderParsingError: UpstreamError,
    exceptions.ResponseNotChunked: UpstreamError,
    exceptions.BodyNotHttplibCompatible: UpstreamError,
    exceptions.UnrewindableBodyError: UpstreamError,
    exceptions.TimeoutStateError: UpstreamError,
    # an address that is none
    exceptions.LocationValueError: InputError,
    exceptions.LocationParseError: InputError,
    exceptions.URLSchemeUnknown: InputError,
    exceptions.ProxySchemeUnknown: InputError,
    exceptions.ProxySchemeUnsupported: InputError,
}
FOREIGN = (
    exceptions.HTTPError,
    exceptions.ProxySchemeUnsupported,
    http.client.HTTPException,
    OSError,
)
_SENTENCES: dict[type[TundishError], str] = {
    Unreachable: "no connection ({reason}); check the address, the network and the proxy",
    Stalled: "nothing came within the time limit; try again or raise the limit",
    CutShort: "the transfer broke off ({reason}); what came is kept, run it again to go on",
    UpstreamError: "the answer is not proper HTTP ({reason}); is this the right address?",
    InputError: "not an address ({reason}); check its form",
}


@contextmanager
def translated(url: str, *, begun: bool = False) -> Iterator[None]:
    """
    The wall: nothing foreign gets past it. `url` is as it may be shown; `begun`: bytes of the body flow.
    """
    try:
        yield
    except FOREIGN as error:
        kind = meaning(error)
        kind = CutShort if begun and kind is Unreachable else kind
        text = f"{url}: " + _SENTENCES[kind].format(reason=_reason(error))
        raise kind(text, url=url) if issubclass(kind, UpstreamError) else kind(text) from error


def meaning(error: BaseException) -> type[TundishError]:
    return next(MEANINGS[kind] for kind in type(error).__mro__ if kind in MEANINGS)


def _reason(error: BaseException) -> str:
    """
    The innermost cause in words, without what a hostile server may have put into it.
    """
    while error.__cause__ is not None:
        error = error.__cause__
    words = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or str(error)
    text = "".join(sign if sign.isprintable() else "?" for sign in str(words))[:200]
    return text or type(error).__name__


def pools(connections: int, http_proxy: str, guard: Guard | None = None) -> ProxyManager:
    """
    Pools that keep `connections` idle ones per host, through a proxy, whose address the guard must admit.

    Raises:
        InputError: the proxy's address is none.
    """
    proxy = address(http_proxy)
    secret = {"Proxy-Authorization": basic(proxy.auth)} if proxy.auth else None
    manager = ProxyManager(
        proxy._replace(auth=None).url, MAX_HOSTS, proxy_headers=secret, maxsize=connections
    )
    guarded = {"guard": guard}
    manager.pool_classes_by_scheme = {
        "http": type("GuardedPool", (Pool,), guarded),
        "https": type("GuardedTlsPool", (TlsPool,), guarded),
    }
    return manager


class Paced(io.RawIOBase):
    """
    The socket's bytes, timed. A read that keeps a transfer below its pace is a timeout.
    """

    def __init__(self, raw: io.RawIOBase, patience: float) -> None:
        self._raw, self._patience = raw, patience
        self._waited, self._came = 0.0, 0
        self._deadline: float | None = monotonic() + patience

    def headers_came(self) -> None:
        """
        From here on only the pace counts.
        """
        self._deadline, self._waited, self._came = None, 0.0, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        before = monotonic()
        count = self._raw.readinto(buffer)
        now = monotonic()
        if self._deadline is not None and now > self._deadline:
            raise TimeoutError("the headers did not come in time")
        self._waited += now - before
        self._came += count or 0
        if self._waited > self._patience:
            if count and self._came < SLOWEST * self._waited:
                raise TimeoutError("too slow")
            self._waited, self._came = 0.0, 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class PromptResponse(http.client.HTTPResponse):
    """
    An answer whose status and headers must all come within the socket's own time limit. Its first bytes may
    be in a reader already.
    """

    def __init__(
        self,
        sock: Any,
        *args: Any,
        reader: "io.BufferedReader[Any] | None" = None,
        paced: Paced | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(sock, *args, **kwargs)
        if reader is None or paced is None:
            paced = Paced(self.fp.detach(), sock.gettimeout() or 1e9)
            reader = io.BufferedReader(paced)
        self._paced, self.fp = paced, reader

    def begin(self) -> None:
        super().begin()
        self._paced.headers_came()


class _Connection(HTTPConnection):
    response_class = PromptResponse
    guard: Guard | None = None

    def _new_conn(self) -> Any:
        return _connected(self, super()._new_conn)


class _TlsConnection(HTTPSConnection):
    response_class = PromptResponse
    guard: Guard | None = None

    def _new_conn(self) -> Any:
        return _connected(self, super()._new_conn)


def _connected(connection: _Connection | _TlsConnection, connect: Callable[[], Any]) -> Any:
    """
    A socket to one of the addresses that the guard admits; TLS still asks for the name.
    """
    if connection.guard is None:
        return connect()
    host = connection.host
    *others, last = connection.guard.admitted(host, connection.port)
    try:
        for address in others:
            connection.host = address
            with suppress(OSError, exceptions.HTTPError):
                return connect()
        connection.host = last
        return connect()
    finally:
        connection.host = host


class Pool(HTTPConnectionPool):
    ConnectionCls = _Connection
    guard: Guard | None = None

    def _new_conn(self) -> Any:
        made = cast("_Connection", super()._new_conn())
        made.guard = self.guard
        return made

    def new(self) -> HTTPConnection:
        """
        A connection that is not open yet, with all settings of the pool.
        """
        return cast("HTTPConnection", self._new_conn())


class TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection
    guard: Guard | None = None

    def _new_conn(self) -> Any:
        made = cast("_TlsConnection", super()._new_conn())
        made.guard = self.guard
        return made

    def new(self) -> HTTPConnection:
        """
        A connection that is not open yet, with all settings of the pool.
        """
        return cast("HTTPConnection", self._new_conn())

"""
The control door on uvicorn, with bounds: how many connections, how long a head, how slow a body.
"""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tundish.api.bounds import Asgi
from tundish.boot.listener import Limits

# Idle streams of events are most of them, at 40 KiB each; a machine that books 2,000 has 80 MiB for them.
MOST = 2_000
LEAST = 1_024  # bytes per second of a body, on average over the time that a silence may last
HEAD = 16 * 1024  # bytes
LATE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class ControlServer(uvicorn.Server):
    """
    uvicorn's server, which leaves the signals of the process to others.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def is_too_long(seen: bytes) -> bool:
    """
    Whether the head that begins here has more than `HEAD` bytes. The parser says so only of one that comes in
    many pieces.
    """
    return len(seen) > HEAD and not any(0 <= seen.find(end, 0, HEAD) for end in (b"\r\n\r\n", b"\n\n"))


class Patient(H11Protocol):
    """
    A connection that is cut off when a head does not end, or a body hardly comes, from one look to the next.
    """

    _look: asyncio.TimerHandle | None = None
    _came = 0  # bytes since the last look
    _was_waiting = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn says it; asyncio promises less
        super().connection_made(transport)
        most = self.config.limit_concurrency
        if most is not None and len(self.connections) > most:
            transport.write(FULL)
            transport.close()
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._came += len(data)
        if self.conn.their_state is h11.IDLE and is_too_long(self.conn.trailing_data[0] + data):
            self.send_400_response("The head of the request is too long.")
        else:
            super().data_received(data)

    def _expect(self) -> None:
        self._look = self.loop.call_later(self.config.timeout_keep_alive / 2, self._looked)

    def _looked(self) -> None:
        """
        A head and the silence before it must end between two looks; a body must come at `LEAST`.
        """
        is_waiting = self._waits_for_head or self._waits_for_body
        if is_waiting and self._was_waiting:
            if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
                self.transport.write(LATE)
            self.transport.close()
            return
        self._was_waiting, self._came = is_waiting, 0
        self._expect()

    @property
    def _waits_for_head(self) -> bool:
        """
        Not between two requests: then there is uvicorn's own limit.
        """
        return self.conn.their_state is h11.IDLE and self.timeout_keep_alive_task is None

    @property
    def _waits_for_body(self) -> bool:
        is_slow = self._came < LEAST * self.config.timeout_keep_alive / 2
        return self.conn.their_state is h11.SEND_BODY and is_slow and not self.flow.read_paused


def configured(door: Asgi, limits: Limits, tls: ssl.SSLContext | None) -> uvicorn.Config:
    return uvicorn.Config(
        door,
        http=Patient,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST,
        timeout_keep_alive=max(1, round(limits.idle)),
        h11_max_incomplete_event_size=HEAD,
        timeout_graceful_shutdown=max(1, round(limits.grace)),
        ssl_context_factory=None if tls is None else lambda _config, _default: tls,
    )

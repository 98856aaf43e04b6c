"""
Who takes connections for the quick lane, counts them, and ends those that ask nothing for too long.

A connection that is handed on becomes one of the framework's, whose limits hold for it from then on.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from tundish.boot.lane import Lane, Stock

FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
AT_ONCE = 64  # connections taken in one turn of the loop
NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
PAUSE = 1.0  # s until connections are taken again, when this machine had no room for one


@dataclass(frozen=True, slots=True)
class Bounds:
    most: int  # connections, those of the framework with them
    idle: float  # seconds


class Lanes:
    """
    The connections of one listening socket. With `tls` none is for a lane.
    """

    def __init__(
        self,
        listener: socket.socket,
        server: web.Server,
        stock: Stock,
        bounds: Bounds,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener, self._server, self._stock = listener, server, stock
        self._bounds, self._tls = bounds, tls
        self._lanes: set[Lane] = set()
        self._emptied = asyncio.Event()
        self._handing: set[asyncio.Task[None]] = set()
        self._timers: dict[Callable[[], None], asyncio.TimerHandle] = {}
        listener.setblocking(False)
        self._listen()
        self._sweep()

    async def close(self, grace: float) -> None:
        """
        Take nobody any more; let what is under way end within `grace` seconds.
        """
        self._loop.remove_reader(self._listener.fileno())
        for timer in self._timers.values():
            timer.cancel()
        for lane in tuple(self._lanes):
            lane.close_soon()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                while self._lanes:
                    self._emptied.clear()
                    await self._emptied.wait()
        for lane in tuple(self._lanes):
            lane.close()
        await asyncio.gather(*self._handing, return_exceptions=True)

    def _listen(self) -> None:
        self._loop.add_reader(self._listener.fileno(), self._arrive)

    def _arrive(self) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in NO_ROOM:
                    raise
                self._loop.remove_reader(self._listener.fileno())
                self._later(PAUSE, self._listen)
                return
            self._admit(connection, str(address[0]) if address else "")

    def _admit(self, connection: socket.socket, address: str) -> None:
        connection.setblocking(False)
        if len(self._lanes) + len(self._handing) + len(self._server.connections) >= self._bounds.most:
            with suppress(OSError):
                connection.send(FULL)
            connection.close()
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None or self._stock.proxies.trusts(address):
            self._hand_over(connection)
        else:
            self._lanes.add(Lane(connection, address, self._stock, self))

    def gone(self, lane: Lane) -> None:
        self._lanes.discard(lane)
        self._emptied.set()

    def passed_on(self, lane: Lane) -> None:
        self._hand_over(lane.socket)

    def _hand_over(self, connection: socket.socket) -> None:
        task = self._loop.create_task(self._joined(connection))
        self._handing.add(task)
        task.add_done_callback(self._handing.discard)

    async def _joined(self, connection: socket.socket) -> None:
        patience = self._bounds.idle if self._tls is not None else None
        with suppress(OSError):  # it is gone already, or does not shake hands
            await self._loop.connect_accepted_socket(
                self._server, connection, ssl=self._tls, ssl_handshake_timeout=patience
            )

    def _sweep(self) -> None:
        """
        End connections that ask nothing for too long.
        """
        now = self._loop.time()
        for lane in tuple(self._lanes):
            if lane.idle is not None and now - lane.idle >= self._bounds.idle:
                lane.close()
        self._later(self._bounds.idle / 4, self._sweep)

    def _later(self, delay: float, act: Callable[[], None]) -> None:
        self._timers[act] = self._loop.call_later(delay, act)

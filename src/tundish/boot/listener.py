"""
The file door on a socket, with bounds: how many connections, how long a head, how long a silence.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from tundish.boot.http import FileDoor

FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Bounds on clients. `idle` also bounds how long the head of a request may take. Seconds and bytes.
    """

    connections: int = 400  # two files each; 1,024 open files are what a process usually may have
    idle: float = 30.0
    line: int = 4096
    fields: int = 64
    grace: float = 5.0  # what transfers under way get when the door closes


LIMITS = Limits()


@asynccontextmanager
async def listening(door: FileDoor, listener: socket.socket, limits: Limits = LIMITS) -> AsyncIterator[None]:
    """
    Serve `door` on a bound socket until the context is left; nothing is left open.
    """
    runner = web.AppRunner(
        door,
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=limits.idle,
        max_line_size=limits.line,
        max_field_size=limits.line,
        max_headers=limits.fields,
        shutdown_timeout=limits.grace / 2,  # waited for twice: until done, then until cancelled
        lingering_time=min(5.0, limits.idle),
    )
    await runner.setup()
    if runner.server is None:
        raise RuntimeError("a runner that was set up has a server")
    server = await asyncio.get_running_loop().create_server(
        _Gate(runner.server, limits.connections), sock=listener, backlog=1024
    )
    try:
        yield
    finally:
        server.close()
        await runner.cleanup()
        await server.wait_closed()


class _Gate:
    """
    Gives each connection to the door, or to `_Full` when it has enough.
    """

    def __init__(self, door: web.Server, most: int) -> None:
        self._door, self._most, self._expected = door, most, 0

    def __call__(self) -> asyncio.Protocol:
        if len(self._door.connections) + self._expected >= self._most:
            return _Full()
        # The door counts a connection one turn of the loop later; a crowd comes within one turn.
        self._expected += 1
        asyncio.get_running_loop().call_soon(self._arrived)
        return self._door()

    def _arrived(self) -> None:
        self._expected -= 1


class _Full(asyncio.Protocol):
    """
    Tells one client too many to come back.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(FULL)
        transport.close()

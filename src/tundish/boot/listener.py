"""
The file door on a socket, with bounds: how many connections, how long a head, how long a silence.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from tundish.boot.http import STOCK, FileDoor
from tundish.boot.lanes import Bounds, Lanes


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Bounds on clients. `idle` also bounds how long the head of a request may take. Seconds and bytes.
    """

    connections: int = 1_000  # three files each; a server sees to it that it may open as many
    idle: float = 30.0
    line: int = 4096
    fields: int = 64
    grace: float = 5.0  # what transfers under way get when the door closes


LIMITS = Limits()


@asynccontextmanager
async def listening(
    door: FileDoor, listener: socket.socket, limits: Limits = LIMITS, tls: ssl.SSLContext | None = None
) -> AsyncIterator[None]:
    """
    Serve `door` on a bound socket until the context is left; nothing is left open. With `tls` every byte
    passes through Python.
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
    bounds = Bounds(limits.connections, limits.idle)
    lanes = Lanes(listener, runner.server, door[STOCK], bounds, tls)
    try:
        yield
    finally:
        await asyncio.gather(lanes.close(limits.grace), runner.cleanup())

"""
The pump: bytes of a file into a socket, as the kernel takes them, in as few calls as can be.

The socket is registered once and not anew for each piece, as the loop's own sendfile does it; whoever takes
nothing for too long is given up.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass

Done = Callable[[int, OSError | None], None]  # (bytes handed to the kernel, what ended it early)

MOST = 8 * 1024 * 1024  # bytes in one call: more than any buffer of a socket, less than a turn of the loop


@dataclass(frozen=True, slots=True)
class Pace:
    """
    How slow a client may be. Each slice must be taken at `least` bytes per second, plus `wait` seconds.
    """

    slice: int = 32 * 1024 * 1024
    wait: float = 30.0
    least: float = 128 * 1024

    def patience(self, size: int) -> float:
        return self.wait + size / self.least


PACE = Pace()


@dataclass(frozen=True, slots=True)
class Way:
    """
    From where to where: a socket that is not blocking, an open file, and the part of it.
    """

    out: int
    file: int
    begin: int
    end: int


class Pump:
    """
    Hands one part of a file over; `done` is called once, maybe before `start` returns, unless it is stopped.
    """

    __slots__ = ("_at", "_done", "_loop", "_next", "_pace", "_timer", "_waits", "_way")

    def __init__(self, loop: asyncio.AbstractEventLoop, way: Way, pace: Pace, done: Done) -> None:
        self._loop, self._way, self._pace, self._done = loop, way, pace, done
        self._at = self._next = way.begin
        self._waits = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def handed(self) -> int:
        return self._at - self._way.begin

    def start(self) -> None:
        """
        Begin with what fits into the socket now.
        """
        self._more()

    def stop(self) -> None:
        """
        Let go of socket and file.
        """
        if self._waits:
            self._loop.remove_writer(self._way.out)
            self._waits = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _more(self) -> None:
        try:
            sent = os.sendfile(self._way.out, self._way.file, self._at, min(MOST, self._way.end - self._at))
        except (BlockingIOError, InterruptedError):
            sent = None
        except OSError as error:
            self._finish(error)
            return
        if sent == 0:
            self._finish(ConnectionResetError("the file got shorter while it was sent"))
            return
        self._at += sent or 0
        if self._at == self._way.end:
            self._finish(None)
            return
        if not self._waits:
            self._loop.add_writer(self._way.out, self._more)
            self._waits = True
        if self._timer is None or self._at >= self._next:
            self._expect()

    def _expect(self) -> None:
        """
        The next slice, and until when it must be taken.
        """
        if self._timer is not None:
            self._timer.cancel()
        size = min(self._pace.slice, self._way.end - self._at)
        self._next = self._at + size
        self._timer = self._loop.call_later(self._pace.patience(size), self._late)

    def _late(self) -> None:
        self._finish(ConnectionResetError("the client took nothing for too long"))

    def _finish(self, error: OSError | None) -> None:
        self.stop()
        self._done(self.handed, error)


async def pumped(way: Way, pace: Pace, moved: Callable[[int], None]) -> None:
    """
    Hand one part over; `moved` is told how many bytes went, however it ends.

    Raises:
        ConnectionError: the client went away or was too slow, or the file got shorter.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[OSError | None] = loop.create_future()
    pump = Pump(loop, way, pace, lambda _handed, error: ended.set_result(error))
    try:
        pump.start()
        error = await ended
    finally:
        pump.stop()
        moved(pump.handed)
    if isinstance(error, ConnectionError):
        raise error
    if error is not None:
        raise ConnectionResetError(f"cannot send the file: {error.strerror}") from error

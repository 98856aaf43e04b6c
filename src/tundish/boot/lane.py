"""
The quick lane of the file door: connections that ask for images plainly are answered on the bare socket.

A request is looked at before it is taken (MSG_PEEK). The first one that is not plain, or cannot be answered
here, stays where it is, and its connection goes to the framework for good.
"""

import asyncio
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from io import FileIO
from typing import Protocol

from tundish.boot.finding import Finder
from tundish.boot.pumping import Pace, Pump, Way
from tundish.boot.quick import LONGEST, Plain, chosen, head_of, plain
from tundish.boot.sending import face_of
from tundish.core import clock
from tundish.core.answered import Answered, Heard, RequestIds
from tundish.core.errors import TundishError
from tundish.core.proxies import Proxies


@dataclass(slots=True)
class Stock:
    """
    What all lanes answer with: where the bytes are, the fields of every head, and who hears of answers.
    """

    finder: Finder
    fields: Mapping[str, str]
    pace: Pace
    heard: Heard
    ids: RequestIds
    proxies: Proxies  # who asks by one of them is not for a lane
    constant: bytes = field(init=False)
    _date: tuple[int, str] = (0, "")

    def __post_init__(self) -> None:
        self.constant = "".join(f"{name}: {value}\r\n" for name, value in self.fields.items()).encode()

    def date(self) -> str:
        """
        Now, as a head says it; made once a second.
        """
        second = int(clock.monotonic())
        if second != self._date[0]:
            self._date = second, format_datetime(clock.now(), usegmt=True)
        return self._date[1]


@dataclass(frozen=True, slots=True)
class _Answer:
    asked: Plain
    status: int
    file: FileIO
    request_id: str


class Road(Protocol):
    def gone(self, lane: "Lane", /) -> None:
        """
        It is no lane any more: closed, or about to be passed on.
        """

    def passed_on(self, lane: "Lane", /) -> None:
        """
        Its connection is for somebody else.
        """


class Lane:
    """
    One connection. `idle` is since when it asks nothing; None while it is answered.
    """

    __slots__ = (
        "_answer",
        "_begun",
        "_closing",
        "_loop",
        "_pump",
        "_reads",
        "_road",
        "_stock",
        "_task",
        "address",
        "idle",
        "left",
        "socket",
    )

    def __init__(self, connection: socket.socket, address: str, stock: Stock, road: Road) -> None:
        self._loop = asyncio.get_running_loop()
        self.socket, self.address, self._stock, self._road = connection, address, stock, road
        self._pump: Pump | None = None
        self._task: asyncio.Task[None] | None = None
        self._answer: _Answer | None = None
        self._closing, self._reads, self.left, self._begun = False, True, False, 0.0
        self.idle: float | None = self._loop.time()
        self._loop.add_reader(connection.fileno(), self._readable)

    def close(self) -> None:
        """
        Now, whatever is under way.
        """
        if self.left:
            return
        self._leave()
        if self._task is not None:
            self._task.cancel()
        if self._pump is not None:
            self._pump.stop()
            self._account(self._pump.handed)
        self.socket.close()

    def close_soon(self) -> None:
        """
        Once what is under way has been sent.
        """
        self._closing = True
        if self.idle is not None:
            self.close()

    def _leave(self) -> None:
        self._be_quiet()
        self.left = True
        self._road.gone(self)

    def _be_quiet(self) -> None:
        if self._reads:
            self._loop.remove_reader(self.socket.fileno())
            self._reads = False

    def _give_up(self) -> None:
        """
        Let somebody else answer; nothing of the request was taken.
        """
        self._leave()
        self._road.passed_on(self)

    def _readable(self) -> None:
        try:
            seen = self.socket.recv(LONGEST, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.close()
            return
        if self.idle is None:  # it asks ahead, or nothing more
            self._closing = self._closing or not seen
            self._be_quiet()
        elif not seen:
            self.close()
        elif (asked := plain(seen)) is None:
            self._give_up()
        else:
            self._look_for(asked)

    def _look_for(self, asked: Plain) -> None:
        self._begun, self.idle = self._loop.time(), None
        try:
            known = self._stock.finder.known(asked.digest)
        except TundishError:
            self._give_up()
            return
        if known is not None:
            self._send(asked, *known)
        else:
            self._be_quiet()  # what was looked at is still there to be read
            self._task = self._loop.create_task(self._find(asked))

    async def _find(self, asked: Plain) -> None:
        try:
            found = await self._stock.finder.open(asked.digest)
        except TundishError:
            self._task = None
            self._give_up()  # it finds out again, and says it well
            return
        self._task = None
        self._send(asked, *found)

    def _send(self, asked: Plain, file: FileIO, facts: os.stat_result) -> None:
        face = face_of(facts, asked.digest.hex)
        choice = chosen(asked, face)
        if choice is None:
            file.close()
            self._give_up()
            return
        status, part = choice
        request_id = self._stock.ids.of(asked.fields.get("X-Request-Id"))
        head = head_of(
            status, part, face, constant=self._stock.constant, date=self._stock.date(), request_id=request_id
        )
        self._answer = _Answer(asked, status, file, request_id)
        try:
            self.socket.recv(asked.length)
            sent = self.socket.send(head, socket.MSG_MORE)
        except OSError:
            sent = 0
        if sent != len(head):
            self._account(0)
            self.close()
            return
        way = Way(self.socket.fileno(), file.fileno(), part.start, part.start + part.length)
        self._pump = Pump(self._loop, way, self._stock.pace, self._sent)
        self._pump.start()

    def _sent(self, handed: int, error: OSError | None) -> None:
        self._pump, self.idle = None, self._loop.time()
        self._account(handed)
        if error is not None or self._closing:
            self.close()
        elif not self._reads:
            self._loop.add_reader(self.socket.fileno(), self._readable)
            self._reads = True

    def _account(self, handed: int) -> None:
        answer, self._answer = self._answer, None
        if answer is None:
            return
        answer.file.close()
        seconds = self._loop.time() - self._begun
        self._stock.heard(
            Answered(
                "files",
                "GET",
                answer.asked.path,
                answer.status,
                handed,
                seconds,
                self.address,
                answer.request_id,
            )
        )

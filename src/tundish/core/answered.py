"""
A request that was answered at a door: what the log and the figures are made of. No secrets: the path is
without its query.
"""

import re
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import count

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Answered:
    door: str  # control, files
    method: str
    path: str
    status: int
    sent: int  # bytes of the body
    seconds: float
    address: str  # of the client; behind a trusted proxy, of whom it names
    request_id: str
    actor: str = ""


Heard = Callable[[Answered], None]


def nobody(_answered: Answered) -> None:
    """
    Hears nothing of it.
    """


_ASKER: ContextVar[list[str] | None] = ContextVar("_ASKER", default=None)


def asker() -> list[str]:
    """
    A list that will hold the name of who asks, once that is known, in this context and the threads it starts.
    """
    names: list[str] = []
    _ASKER.set(names)
    return names


def note_asker(name: str) -> None:
    """
    Tell whoever keeps a record of the request under way who asks; elsewhere it changes nothing.
    """
    names = _ASKER.get()
    if names is not None:
        names[:] = [name]


class RequestIds:
    """
    Names for requests, so that a line of a log can be found again: the client's, if it has the form of one.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix, self._numbers = prefix, count(1)

    def of(self, given: str | None) -> str:
        if given is not None and REQUEST_ID.fullmatch(given):
            return given
        return f"{self._prefix}-{next(self._numbers)}"

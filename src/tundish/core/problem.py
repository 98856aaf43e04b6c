"""
What a door says of an error: a problem document (RFC 9457), the same at every door.

Our own errors speak for themselves. Anything foreign is a bug: its text stays in the log.
"""

import json
import math
from dataclasses import asdict, dataclass
from http import HTTPStatus

from tundish.core.errors import Locked, Overloaded, TundishError, reaction

MEDIA_TYPE = "application/problem+json"
BUG = "tundish made a mistake; its log has the details"


@dataclass(frozen=True, slots=True)
class Problem:
    """
    The fields of the document. `error` is the class of the error, for programs.
    """

    status: int
    title: str
    detail: str
    error: str

    def document(self) -> bytes:
        return json.dumps(asdict(self)).encode()


def problem(error: BaseException) -> Problem:
    """
    An error as a problem; the table of reactions gives the status.
    """
    status = reaction(error).status
    ours = isinstance(error, TundishError)
    return Problem(
        status, phrase(status), str(error) if ours else BUG, type(error).__name__ if ours else "Bug"
    )


def retry_after(error: BaseException) -> str | None:
    """
    After how many seconds to come again, as the header of that name says it; None where it makes no odds.
    """
    if not isinstance(error, Locked | Overloaded):
        return None
    return str(max(1, math.ceil(error.retry_after)))


def refusal(status: int, detail: str = "") -> Problem:
    """
    What a door refuses before any of ours is asked: no such address, wrong method, too long.
    """
    return Problem(status, phrase(status), detail or phrase(status), "Refused")


def phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Error"

"""
A condition on a change, which is judged in the transaction of the change: nobody can write in between.

It is set for a request, armed by the deed once it is allowed, and judged once: in the first transaction after
that. What it reads, on whatever thread, it reads within that transaction.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import Connection

Check: TypeAlias = Callable[[], None]


@dataclass(slots=True)
class _Condition:
    check: Check
    is_armed: bool = False
    is_judged: bool = False


_STANDING: ContextVar[_Condition | None] = ContextVar("_STANDING", default=None)
_INSIDE: ContextVar[Connection | None] = ContextVar("_INSIDE", default=None)


@contextmanager
def bound(check: Check) -> Iterator[None]:
    """
    Let the change that is made in this context, and in the threads it starts, be undone if `check` raises.
    """
    before = _STANDING.set(_Condition(check))
    try:
        yield
    finally:
        _STANDING.reset(before)


def arm() -> None:
    """
    What is written next is the change.
    """
    condition = _STANDING.get()
    if condition is not None:
        condition.is_armed = True


def inside() -> Connection | None:
    """
    The transaction in which a condition is being judged.
    """
    return _INSIDE.get()


def judge(connection: Connection) -> None:
    """
    Judge the condition that is armed, if there is one, within this transaction.
    """
    condition = _STANDING.get()
    if condition is None or not condition.is_armed or condition.is_judged:
        return
    condition.is_judged = True  # once: what a deed writes later is another state by its own doing
    before, standing = _INSIDE.set(connection), _STANDING.set(None)
    try:
        condition.check()
    finally:
        _STANDING.reset(standing)
        _INSIDE.reset(before)

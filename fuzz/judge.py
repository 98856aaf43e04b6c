"""
One execution, and whether it was as it may be.
"""

from collections.abc import Callable
from contextlib import suppress
from time import thread_time

from fuzz.target import Failed, Target


def execute(target: Target, data: bytes, clock: Callable[[], float] = thread_time) -> float:
    """
    Let a target take an input; the seconds of the processor that it took.

    Raises:
        Failed: it took too long.
        Exception: any that the target may not answer with.
    """
    began = clock()
    with suppress(*target.errors):
        target.takes(data)
    spent = clock() - began
    if spent > target.seconds:
        raise Failed(f"{target.name}: {spent:.2f} s of the processor; allowed are {target.seconds} s")
    return spent

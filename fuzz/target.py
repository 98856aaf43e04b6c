"""
What is fuzzed: a function that takes the bytes of a stranger, and what it may answer with.

Any other exception, more time or more memory than the target says is a failure.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from tundish.core.errors import TundishError

Takes: TypeAlias = Callable[[bytes], object]
Seeds: TypeAlias = Callable[[], Iterable[bytes]]
Mutation: TypeAlias = Callable[[bytes, Random], bytes]

KIB, MIB = 1024, 1024 * 1024


class Failed(Exception):
    """
    The target did what it may not do, without an exception of its own.
    """


@dataclass(frozen=True, slots=True)
class Target:
    """
    One parser. `takes` raises nothing but the errors named, which are all of ours.
    """

    name: str
    takes: Takes
    seeds: Seeds  # real documents, made by code
    errors: tuple[type[TundishError], ...]
    seconds: float = 1.0  # of the processor, for one execution
    memory: int = 256 * MIB  # beyond what the process needs before the first execution
    longest: int = 16 * KIB  # bytes of an input
    words: tuple[bytes, ...] = ()  # what such inputs are made of
    mutation: Mutation | None = None  # one that keeps the form of the input, in turn with those of bytes


def target(
    *errors: type[TundishError],
    seeds: Seeds,
    seconds: float = 1.0,
    memory: int = 256 * MIB,
    longest: int = 16 * KIB,
    words: Iterable[bytes] = (),
    mutation: Mutation | None = None,
) -> Callable[[Takes], Target]:
    """
    Make a target of a function; its name, with dashes, is that of the function.
    """

    def made(takes: Takes) -> Target:
        name = getattr(takes, "__name__", "").replace("_", "-")
        return Target(name, takes, seeds, errors, seconds, memory, longest, tuple(words), mutation)

    return made


def text(data: bytes) -> str:
    """
    Bytes as the text that a command line, a file or a header would give to a parser.
    """
    return data.decode("utf-8", "surrogateescape")

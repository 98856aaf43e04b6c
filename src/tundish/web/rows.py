"""
Order of operating systems on the page, and lines gathered under them. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol, TypeVar

FIRST_OS, LAST_OS = "ubuntu", "other"


class OfOs(Protocol):
    @property
    def os(self) -> str: ...


Line = TypeVar("Line", bound=OfOs)


@dataclass(frozen=True, slots=True)
class Group:
    """
    Lines of one OS that follow each other; without a name where the list goes by something else.
    """

    os: str
    lines: tuple[object, ...]


def grouped(lines: Iterable[Line], *, by_os: bool) -> tuple[Group, ...]:
    """
    The lines in their order, under the name of their OS or all together.
    """
    if not by_os:
        found = tuple(lines)
        return (Group("", found),) if found else ()
    return tuple(Group(os, tuple(each)) for os, each in groupby(lines, lambda line: line.os))


def place(os: str) -> tuple[bool, bool, str]:
    """
    Ubuntu first and what has no name of its own last, as operators know it from MAAS.
    """
    return (os == LAST_OS, os != FIRST_OS, os)

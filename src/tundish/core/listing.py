"""
Lists of images for people, as values: what is wanted, and one line for each image.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from tundish.core.lifecycle import State

SORTS = (
    "name",
    "os",
    "series",
    "arch",
    "kernel",
    "version",
    "size",
    "state",
    "since",
    "source",
    "kept",
    "deployed",
    "machines",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    Which images, and in which order. Empty words want anything; `text` is looked for in names and titles.
    """

    os: str = ""
    series: str = ""
    arch: str = ""
    kernel: str = ""
    source: str = ""
    states: Collection[State] = ()  # none named: all but retired ones
    pinned: bool | None = None
    text: str = ""
    sort: str = "name"
    descending: bool = False
    offset: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Line:
    """
    An image by its newest version of those wanted.
    """

    id: int  # of the version
    source: str
    os: str
    series: str
    arch: str
    kernel: str
    label: str
    title: str
    version: str
    versions: int  # how many of those wanted there are
    state: State
    since: datetime
    size: int
    pinned: bool
    on_hold: bool
    verdict: str  # fit, unfit; empty: not checked
    machines: int = 0  # that were told to deploy it, in whatever version
    deployed: datetime | None = None  # when the last of them was

    @property
    def ref(self) -> str:
        """
        os/series/arch/kernel@version.
        """
        name = "/".join(part for part in (self.os, self.series, self.arch, self.kernel) if part)
        return f"{name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Lines:
    lines: tuple[Line, ...]
    total: int  # of all pages

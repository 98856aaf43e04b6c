"""
What our catalog holds: a version of a product, where it came from and in what state it is.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from tundish.core.image import NOTHING, Extra, Product, Version
from tundish.core.lifecycle import State
from tundish.core.names import SourceName

HoldingId = NewType("HoldingId", int)

OWN = SourceName("own")  # the source of what we built or were given; no stream source may take this name


@dataclass(frozen=True, slots=True)
class Holding:
    """
    One version of one image in the catalog. `product.versions` is empty; `version` is the one held.
    """

    id: HoldingId
    source: SourceName
    product: Product
    version: Version
    state: State
    since: datetime  # of the state
    pinned: bool = False  # stays, whatever is newer
    on_hold: bool = False  # of its image nothing newer is taken
    dropped_at: datetime | None = None  # since when its source offers it no longer

    @property
    def ref(self) -> str:
        """
        How people name it: os/series/arch/kernel@version.
        """
        return f"{self.product.ref}@{self.version.name}"


@dataclass(frozen=True, slots=True)
class Job:
    """
    One run of a verb: what was asked, how it ended. `ended_at` is None while it waits or runs.
    """

    id: int
    kind: str
    subject: str
    started_at: datetime  # while it waits: when it was asked for
    ended_at: datetime | None
    outcome: str  # "queued", "running", "done", "partial", "failed", "stopped", "lost"
    detail: str  # JSON, for people and tools
    actor: str = ""  # who asked for it; empty: this machine
    arguments: Extra = field(default_factory=lambda: NOTHING, hash=False)
    resource: str = ""  # one job at a time may have it
    attempt: int = 0
    not_before: datetime | None = None  # while it waits
    holder: str = ""  # the server that runs it
    lease_until: datetime | None = None  # None: whoever runs it is not bound to renew anything
    stop: bool = False  # somebody asked it to stop


@dataclass(frozen=True, slots=True)
class Line:
    """
    What a job said, in one line of its log.
    """

    number: int
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Event:
    """
    Something that happened and that somebody may want to read later.
    """

    id: int
    at: datetime
    kind: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """
    What this state holds, in numbers. `free` is None where the store cannot know.
    """

    sources: int
    images: int  # versions of images, retired ones not counted
    machines: int
    deployments: int  # that reported
    blobs: int
    size: int  # bytes of all blobs
    free: int | None

"""
What an operator wants from a source, and the source itself, as values.
"""

from dataclasses import dataclass
from datetime import datetime

from tundish.core.names import SourceName

ANY = "*"


@dataclass(frozen=True, slots=True)
class Source:
    """
    A place that publishes a stream, and the keys we believe. An empty keyring means: set to unsigned.
    """

    name: SourceName
    url: str  # base, with a trailing slash, or the full path of an index
    keyring: bytes  # binary OpenPGP keys, normalised
    priority: int = 0
    enabled: bool = True

    @property
    def is_signed(self) -> bool:
        return bool(self.keyring)


@dataclass(frozen=True, slots=True)
class Selection:
    """
    A filter on products. Every field must match; `*` matches anything.
    """

    os: str
    series: str
    arches: tuple[str, ...] = (ANY,)
    kernels: tuple[str, ...] = (ANY,)
    labels: tuple[str, ...] = (ANY,)
    source: SourceName | None = None  # None: any source
    keep: int = 1  # how many of the newest versions


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What was last accepted of one document: the high-water mark against replay.
    """

    document: str  # its place relative to the source
    updated: datetime | None
    digest: str
    at: datetime

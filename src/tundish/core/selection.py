"""
What an operator wants from a source, and the source itself, as values.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tundish.core.names import SourceName

ANY = "*"
SPOKEN_FOR = ("auto", "status", "stop")  # verbs behind `tundish sync`; no source may have their names


class Proxying(StrEnum):
    """
    Which proxy a source is asked through.
    """

    SETTINGS = "settings"  # the one of the settings, if any
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Fetching:
    """
    How the bytes of a source are fetched.
    """

    proxy: str = Proxying.SETTINGS  # a `Proxying`, or http://HOST:PORT
    token: str = field(default="", repr=False)  # a bearer token; never shown
    mirrors: tuple[str, ...] = ()  # further roots that hold the same files, tried in turn
    bandwidth: int | None = None  # bytes per second, over all files together
    window: str = ""  # when it may be synced by itself, as in 22:00-06:00; empty: always
    is_guarded: bool = False  # its addresses were chosen by who may only choose public ones


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
    fetching: Fetching = Fetching()
    signers: tuple[str, ...] = ()  # fingerprints that alone may sign; empty: every key of the keyring

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
    keep: int = 2  # how many of the newest versions, the current one included


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What was last accepted of one document: the high-water mark against replay.
    """

    document: str  # its place relative to the source
    updated: datetime | None
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """
    A document as it was fetched and verified: to be read again without its source.
    """

    document: str  # its path below the source's root
    url: str  # where it came from
    validator: str | None  # what names this state of it, for the next question
    body: bytes = field(repr=False)
    read_at: datetime = field(compare=False)

"""
What a run works with, what it is about to do, and what it did: values between a run and its door.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime

from tundish.core.errors import TundishError
from tundish.core.image import Remark
from tundish.fetch.fetcher import Fetcher
from tundish.fetch.retry import Patience
from tundish.mirrors.plan import Change
from tundish.mirrors.record import Totals
from tundish.mirrors.transfer import Wanted
from tundish.stream.filters import Search
from tundish.trust.protocols import Signer, Verifier


@dataclass(frozen=True, slots=True)
class Desk:
    """
    What a mirror works with. `holder` is who we are, for whoever finds the folder taken; `bounded` limits
    how long the filters may take.
    """

    fetcher: Fetcher
    verifier: Verifier
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    holder: str
    signer: Signer | None = None
    patience: Patience = field(default_factory=Patience)
    parallel: int = 8
    bounded: Callable[[], AbstractContextManager[object]] = nullcontext
    search: Search | None = None  # None: patterns are searched here, as long as `bounded` lets them


@dataclass(frozen=True, slots=True)
class Prepared:
    """
    What a run will do. `growth` is in bytes, and negative when the mirror shrinks; `files` are those to
    fetch, where that is known.
    """

    changes: tuple[Change, ...]
    growth: int
    remarks: tuple[Remark, ...]
    troubles: tuple[str, ...]  # documents that could not be had
    files: tuple[Wanted, ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    A file by its path, or a document by its content id, that could not be had.
    """

    subject: str
    error: TundishError


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What a run did. Without `changed`, the source had nothing new. `removed` files outlived their grace.
    """

    changed: bool
    totals: Totals
    fetched_files: int = 0
    fetched_bytes: int = 0
    removed: int = 0
    fingerprint: str = ""  # of the key that signed the catalogue; empty for a verbatim mirror
    failures: tuple[Trouble, ...] = ()

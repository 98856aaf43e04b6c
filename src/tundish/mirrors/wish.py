"""
What a person wants of a source: the words of one command as a value.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from tundish.core.digest import Digest
from tundish.core.errors import InputError
from tundish.core.names import ItemPath, item_path
from tundish.fetch.headers import shown
from tundish.stream import filters
from tundish.stream.filters import Filter

GRACE = timedelta(days=3)
INDEX = item_path("streams/v1/index.sjson")
_ENTRY = re.compile(r"(?P<root>.*/)(?P<path>streams/v1/[^/]+\.s?json)")


@dataclass(frozen=True, slots=True)
class Wish:
    """
    `keyring` is binary and normalised; empty means, knowingly, that nothing is verified.
    """

    url: str
    keyring: bytes
    filters: tuple[str, ...] = ()
    path: str | None = None  # where to start, instead of the index
    most: int | None = None  # versions of a product
    keep: bool = False  # versions that left the source, while there are fewer than `most`
    prune: bool = False  # products that left the source or no longer match go too
    download: bool = True
    mirrors: tuple[str, ...] = ()  # further roots, asked in turn when the source fails
    signed: bool | None = None  # by our own key or, if not, verbatim; None: as the folder was before
    expires_days: int = 0  # of our own signatures; 0: never
    grace: timedelta = field(default=GRACE, repr=False)
    allow_rollback: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        if self.keep and self.most is None:
            raise InputError("--keep needs --max N: how many versions to fill up to")
        if self.expires_days and not self.signed:
            raise InputError("--expires is about our own signatures; give --sign KEY too")
        if self.keyring and self.start[1].endswith(".json"):
            raise InputError(
                f"{self.start[1]} is not signed, so a keyring cannot verify it; "
                "start at the .sjson, or give -U in place of --keyring"
            )

    @property
    def start(self) -> tuple[str, ItemPath]:
        """
        The root of the stream, with a trailing slash, and the path of the document to begin with.

        Raises:
            InputError: the path leads out of the stream.
        """
        url = self.url if "://" in self.url else str(Path(self.url).absolute()) + "/"
        if self.path is None and (found := _ENTRY.fullmatch(url.removesuffix("/"))):
            return found["root"], item_path(found["path"])
        root = url if url.endswith("/") else url + "/"
        return root, INDEX if self.path is None else item_path(self.path)

    @property
    def roots(self) -> tuple[str, ...]:
        return (self.start[0], *self.mirrors)

    def parsed(self) -> tuple[Filter, ...]:
        """
        The filters, read.

        Raises:
            InputError: one is none, or there are too many.
        """
        if len(self.filters) > filters.MAX_FILTERS:
            raise InputError(f"over {filters.MAX_FILTERS} filters; join some of them in one expression")
        return tuple(filters.parse(text) for text in self.filters)

    @property
    def name(self) -> str:
        """
        Tells wishes apart that would mirror something else. Says nothing of what is wished.
        """
        bare = replace(self, url=shown(self.url), mirrors=tuple(map(shown, self.mirrors)))
        return Digest.of(repr(bare).encode()).hex

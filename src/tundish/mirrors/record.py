"""
What a mirror knows of itself, in the folder `.tundish` below its root.

    .tundish/
    ├── lock              one writer at a time
    ├── record.json       marks, what each wish last met, which documents stand in the tree
    ├── held/<hex>.json   what is held of one products file; named by the hash of its content id
    ├── paths             size and path of every file that is held, a line each, to look at quickly
    ├── going.json        files that nothing lists any more, and since when
    ├── work/             drafts, given their names by renaming
    └── store/            the bytes; files of the tree are further names of them
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tundish.core.digest import Digest
from tundish.core.errors import BadDocument, StorageError
from tundish.core.image import Item, Products
from tundish.core.names import ContentId, ItemPath
from tundish.core.payload import unverified
from tundish.core.selection import Seen
from tundish.mirrors.plan import OWN, Held
from tundish.store.durable import on_disk
from tundish.stream import products as stream_products

_RECORD, _GOING, _PATHS, _HELD = "record.json", "going.json", "paths", "held"
_MAX_WISHES = 32  # remembered; the oldest is forgotten first


@dataclass(frozen=True, slots=True)
class Kept:
    """
    A document as it was accepted. `expires` is the end of its signature.
    """

    path: ItemPath
    digest: str
    validator: str | None
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class Totals:
    """
    Files and bytes: held in the tree, and listed by its catalogue but not held.
    """

    files: int = 0
    bytes: int = 0
    listed: int = 0
    lacking: int = 0
    lacking_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Met:
    """
    What a wish met when it was last fulfilled: while that stands, there is nothing to do.
    """

    documents: tuple[Kept, ...]
    totals: Totals


@dataclass(frozen=True, slots=True)
class Going:
    since: datetime
    digest: str  # of the bytes; empty for a document


@dataclass(frozen=True, slots=True)
class Origin:
    """
    Where what is held of a products file came from: the source's root, and its documents kept as evidence.
    """

    root: str
    evidence: tuple[ItemPath, ...] = ()


@dataclass(slots=True)
class Record:
    signed: bool | None = None  # how the catalogue of the tree is made; None: there is none yet
    marks: dict[str, dict[str, Seen]] = field(default_factory=dict)  # by root, then document
    origins: dict[ContentId, Origin] = field(default_factory=dict)
    documents: dict[str, dict[ItemPath, str]] = field(default_factory=dict)  # by entry: path and digest
    met: dict[str, Met] = field(default_factory=dict)  # by name of the wish
    catalogue: str = ""  # the hash of what our own catalogue says, but for its date
    renew: datetime | None = None  # when our own signatures are to be made anew

    def standing(self) -> dict[ItemPath, str]:
        """
        The documents that stand in the tree.
        """
        return {path: digest for each in self.documents.values() for path, digest in each.items()}

    def remember(self, name: str, met: Met) -> None:
        self.met.pop(name, None)
        self.met[name] = met
        for oldest in [*self.met][:-_MAX_WISHES]:
            del self.met[oldest]


class Notes:
    """
    The folder of one mirror. Reading makes nothing; `draft` says how a file is written whole.
    """

    def __init__(self, root: Path) -> None:
        self.folder = root / OWN

    def record(self) -> Record:
        """
        Raises:
            StorageError: it cannot be read or is damaged.
        """
        said = self._read(_RECORD)
        with _sound(self.folder / _RECORD):
            return _record(said) if said else Record()

    def going(self) -> dict[ItemPath, Going]:
        said = self._read(_GOING)
        with _sound(self.folder / _GOING):
            return {
                ItemPath(path): Going(datetime.fromisoformat(since), str(digest))
                for path, (since, digest) in said.items()
            }

    def paths(self) -> dict[ItemPath, int]:
        """
        The size of every file that is held.
        """
        path = self.folder / _PATHS
        with on_disk(path), _sound(path):
            text = path.read_bytes().decode() if path.exists() else ""
            lines = (line.partition(" ") for line in text.split("\n") if line)
            return {ItemPath(name): int(size) for size, _, name in lines}

    def held(self, names: Iterable[ContentId]) -> Held:
        return {name: each for name in names if (each := self._held(name))}

    def _held(self, name: ContentId) -> Products | None:
        path = self.folder / held_text_name(name)
        with on_disk(path):
            if not path.exists():
                return None
            text = path.read_bytes()
        try:
            return stream_products.parse(unverified(text, str(path)), nameless=True)[0]
        except BadDocument as error:
            raise _damaged(path) from error

    def _read(self, name: str) -> Any:
        path = self.folder / name
        with on_disk(path), _sound(path):
            return json.loads(path.read_bytes()) if path.exists() else {}


def record_text(record: Record) -> tuple[str, bytes]:
    """
    Name and text of the record.
    """
    return _RECORD, _json(asdict(record))


def going_text(going: Mapping[ItemPath, Going]) -> tuple[str, bytes]:
    return _GOING, _json(
        {path: (each.since.isoformat(), each.digest) for path, each in sorted(going.items())}
    )


def paths_text(files: Mapping[ItemPath, Item]) -> tuple[str, bytes]:
    return _PATHS, "".join(f"{item.size} {path}\n" for path, item in files.items()).encode()


def held_text(document: Products) -> tuple[str, bytes]:
    return held_text_name(document.content_id), stream_products.render(document)


def held_text_name(name: ContentId) -> str:
    return f"{_HELD}/{Digest.of(name.encode()).hex}.json"  # an id is never a file name as it stands


def _json(value: object) -> bytes:
    return json.dumps(value, default=datetime.isoformat, indent=1).encode() + b"\n"


def _record(said: Any) -> Record:
    return Record(
        signed=said["signed"],
        marks={
            root: {name: _seen(each) for name, each in marks.items()} for root, marks in said["marks"].items()
        },
        origins={
            ContentId(name): Origin(each["root"], tuple(map(ItemPath, each["evidence"])))
            for name, each in said["origins"].items()
        },
        documents={
            entry: {ItemPath(p): str(d) for p, d in e.items()} for entry, e in said["documents"].items()
        },
        met={name: _met(each) for name, each in said["met"].items()},
        catalogue=said["catalogue"],
        renew=_moment(said["renew"]),
    )


def _seen(said: Any) -> Seen:
    return Seen(
        said["document"], _moment(said["updated"]), said["digest"], datetime.fromisoformat(said["at"])
    )


def _met(said: Any) -> Met:
    documents = (
        Kept(ItemPath(each["path"]), each["digest"], each["validator"], _moment(each["expires"]))
        for each in said["documents"]
    )
    return Met(tuple(documents), Totals(**said["totals"]))


def _moment(said: Any) -> datetime | None:
    return None if said is None else datetime.fromisoformat(said)


@contextmanager
def _sound(path: Path) -> Iterator[None]:
    """
    Whatever is odd about a file of ours, it is damaged.
    """
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> StorageError:
    return StorageError(
        f"{path} is damaged; remove it and run the mirror again: files that are there are not fetched again"
    )

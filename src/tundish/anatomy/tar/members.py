"""
The members of a tar in their order, with all that headers before them say of them.

The stream ends where GNU tar stops reading: at a block of zeros, or where the bytes do.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tundish.anatomy.index import Kind
from tundish.anatomy.tar import pax, sparse
from tundish.anatomy.tar.feed import Feed
from tundish.anatomy.tar.header import BLOCK, Header, is_end, parse
from tundish.core.errors import BadImage

MAX_MEMBERS = 2_000_000  # headers of every type
MAX_NAME = 64 * 1024  # bytes of a name that has a header of its own

_FILES = {b"0", b"\0", b"7", b"S"}
_KINDS = {
    b"2": Kind.LINK,
    b"3": Kind.CHAR,
    b"4": Kind.BLOCK,
    b"5": Kind.FOLDER,
    b"D": Kind.FOLDER,  # with a list of what it held, for incremental backups
    b"6": Kind.FIFO,
}
_HARD, _VOLUME_LABEL = b"1", b"V"
_WITHOUT_DATA = b"123456"  # their size, where they have one, counts nothing that follows
_EXTENDED, _GLOBAL, _LONG_NAME, _LONG_TARGET = b"xX", b"g", b"L", b"K"


@dataclass(frozen=True, slots=True)
class Member:
    """
    One member. `kind` is None where it is unknown what it is; `hard` says that `target` is an earlier path.

    `stored` bytes of it begin at `place` of the tar; with holes, `parts` say where in the file they belong.
    """

    name: str
    kind: Kind | None
    mode: int
    uid: int
    gid: int
    size: int
    mtime: int
    place: int
    stored: int
    target: str = ""
    hard: bool = False
    xattrs: tuple[tuple[str, bytes], ...] = ()
    device: tuple[int, int] = (0, 0)
    parts: tuple[tuple[int, int], ...] | None = None


class _Said:
    """
    What extended headers said: of all members, and of the next one.
    """

    def __init__(self) -> None:
        self._of_all: dict[str, bytes] = {}
        self.records: dict[str, bytes] = {}
        self.listed: list[tuple[str, bytes]] = []

    def of_the_next(self, key: str, value: bytes) -> None:
        self.records[key] = value
        self.listed.append((key, value))

    def of_all(self, data: bytes, at: int) -> None:
        self._of_all.update(pax.pairs(data, at))
        if sum(len(key) + len(value) for key, value in self._of_all.items()) > pax.MAX_RECORDS:
            raise BadImage(f"the global headers of the tar hold more than {pax.MAX_RECORDS} bytes")

    def together(self) -> pax.Records:
        return {**self._of_all, **self.records} if self._of_all else self.records

    def over(self) -> None:
        if self.listed:
            self.records, self.listed = {}, []


def members(feed: Feed) -> Iterator[Member]:
    """
    Each member, when the feed stands at its data; the caller may read them, or leave them.

    Raises:
        BadImage: a header is damaged, or the tar ends within a member.
    """
    said = _Said()
    for _ in range(MAX_MEMBERS):
        at = feed.at
        block = feed.take(BLOCK)
        if not block or is_end(block):
            return
        header = parse(block, at)
        if header.kind in _EXTENDED:
            for key, value in pax.pairs(_data(feed, header, pax.MAX_RECORDS), at):
                said.of_the_next(key, value)
        elif header.kind == _GLOBAL:
            said.of_all(_data(feed, header, pax.MAX_RECORDS), at)
        elif header.kind in {_LONG_NAME, _LONG_TARGET}:
            key = "path" if header.kind == _LONG_NAME else "linkpath"
            said.of_the_next(key, _data(feed, header, MAX_NAME).partition(b"\0")[0])
        else:
            yield from _member(feed, header, said)
            said.over()
    raise BadImage(f"the tar has more than {MAX_MEMBERS} members")


def _member(feed: Feed, header: Header, said: _Said) -> Iterator[Member]:
    records = said.together()
    size = 0 if header.kind in _WITHOUT_DATA else pax.whole(records, "size", header.size)
    holes = sparse.old(header, feed) if header.kind == b"S" else None
    begin = feed.at
    if holes is None and any(key.startswith("GNU.sparse.") for key in records):
        holes = sparse.of_records(records, said.listed, feed, size)
    stored = begin + size - feed.at
    if holes and holes.stored != stored:
        raise BadImage(f"the map of a file with holes in the tar, at {begin}, does not fit what is stored")
    member = _described(header, records, holes, feed.at, stored)
    if header.kind != _VOLUME_LABEL:
        yield member
    feed.skip(begin + size + -size % BLOCK - feed.at)
    if feed.at < begin + size:
        raise BadImage(f"the tar ends in the middle of {member.name}, after {feed.at} bytes")


def _described(
    header: Header, records: pax.Records, holes: sparse.Map | None, place: int, stored: int
) -> Member:
    name = records.get("GNU.sparse.name") or records.get("path") or header.name
    kind = Kind.FILE if header.kind in _FILES or header.kind == _HARD else _KINDS.get(header.kind)
    if kind is Kind.FILE and header.kind != _HARD and name.endswith(b"/"):
        kind = Kind.FOLDER  # as tars of v7 have it
    return Member(
        name.decode("utf-8", "surrogateescape"),
        kind,
        header.mode,
        pax.whole(records, "uid", header.uid),
        pax.whole(records, "gid", header.gid),
        holes.size if holes else stored,
        pax.whole(records, "mtime", header.mtime, lowest=-(2**63)),
        place,
        stored,
        (records.get("linkpath") or header.target).decode("utf-8", "surrogateescape"),
        header.kind == _HARD,
        pax.xattrs(records) if records else (),
        header.device,
        holes.parts if holes else None,
    )


def _data(feed: Feed, header: Header, most: int) -> bytes:
    if header.size > most:
        raise BadImage(f"a header of the tar at {feed.at - BLOCK} is longer than {most} bytes")
    padded = header.size + -header.size % BLOCK
    data = feed.take(padded)
    if len(data) < padded:
        raise BadImage(f"the tar ends in a header, at {feed.at}")
    return data[: header.size]

"""
An Index as a tar: the same paths give the same bytes, on every machine and at any time.

Sorted by path, so folders come before what they hold. Times are clamped, owners are numbers only, the root
is 0755 0:0. Only what the plain header cannot say stands in an extended one.
"""

from collections.abc import Iterable, Iterator

from tundish.anatomy.index import Entry, Index, Kind
from tundish.core.errors import BadImage

BLOCK = 512
_END = bytes(20 * BLOCK)
_MAX_NAME = 100
_MAX_ID = 0o7777777
_MAX_SIZE = 0o77777777777
_TYPES = {
    Kind.FILE: b"0",
    Kind.LINK: b"2",
    Kind.CHAR: b"3",
    Kind.BLOCK: b"4",
    Kind.FOLDER: b"5",
    Kind.FIFO: b"6",
}


def tar(index: Index, epoch: int) -> Iterator[bytes]:
    """
    The tar in pieces; no time in it is later than `epoch`. Sockets, which no tar can hold, are left out.

    Raises:
        BadImage: the content of a file is damaged, or has another length than its entry says.
    """
    ordered = sorted((one for one in index if one.path), key=lambda one: one.path.encode(errors=_LOSSLESS))
    firsts: dict[str, str] = {}  # the first name of the image: the first one in the tar
    root = index.get("")
    yield _header("./", Entry("", Kind.FOLDER, 0o755, mtime=root.mtime if root else epoch), b"5", epoch)
    for entry in ordered:
        if entry.kind is Kind.SOCKET:
            continue
        origin = entry.first or entry.path
        first = firsts.setdefault(origin, entry.path)
        if first != entry.path:
            yield _header(f"./{entry.path}", entry, b"1", epoch, f"./{first}")
            continue
        name = f"./{entry.path}/" if entry.kind is Kind.FOLDER else f"./{entry.path}"
        yield _header(name, entry, _TYPES[entry.kind], epoch, entry.target)
        if entry.kind is Kind.FILE:
            yield from _content(index, entry)
    yield _END


def carrying(name: str, size: int, pieces: Iterable[bytes], epoch: int) -> Iterator[bytes]:
    """
    A tar with one regular file of `size` bytes, which the pieces make.
    """
    yield _header(name, Entry(name, Kind.FILE, 0o644, size=size, mtime=epoch), b"0", epoch)
    yield from pieces
    yield bytes(-size % BLOCK)
    yield _END


_LOSSLESS = "surrogateescape"  # names of Linux are bytes; what is no UTF-8 comes back as it was


def latest(entries: Iterable[Entry]) -> int:
    """
    The newest time among the entries, 0 where there are none.
    """
    return max((one.mtime for one in entries), default=0)


def _content(index: Index, entry: Entry) -> Iterator[bytes]:
    length = 0
    for piece in index.stream(entry.path) if entry.size else ():
        length += len(piece)
        if length > entry.size:
            break
        yield piece
    if length != entry.size:
        raise BadImage(
            f"{entry.path} in {index.origin} has not the {entry.size} bytes that it is said to have"
        )
    yield bytes(-length % BLOCK)


def _header(name: str, entry: Entry, kind: bytes, epoch: int, target: str = "") -> bytes:
    size = entry.size if kind == b"0" else 0
    mtime = max(0, min(entry.mtime, epoch))
    raw, aim = name.encode(errors=_LOSSLESS), target.encode(errors=_LOSSLESS)
    records = [(b"SCHILY.xattr." + key.encode(), value) for key, value in entry.xattrs if kind != b"1"]
    records += [(b"path", raw)] if len(raw) > _MAX_NAME else []
    records += [(b"linkpath", aim)] if len(aim) > _MAX_NAME else []
    for key, value, most in (
        (b"size", size, _MAX_SIZE),
        (b"uid", entry.uid, _MAX_ID),
        (b"gid", entry.gid, _MAX_ID),
        (b"mtime", mtime, _MAX_SIZE),
    ):
        if value > most:
            records.append((key, b"%d" % value))
    plain = _block(raw, aim, kind, entry, size=min(size, _MAX_SIZE), mtime=min(mtime, _MAX_SIZE))
    return _extended(records) + plain if records else plain


def _extended(records: Iterable[tuple[bytes, bytes]]) -> bytes:
    data = b"".join(_record(key, value) for key, value in sorted(records))
    head = _block(b"././@PaxHeader", b"", b"x", Entry("", Kind.FILE), size=len(data), mtime=0)
    return head + data + bytes(-len(data) % BLOCK)


def _record(key: bytes, value: bytes) -> bytes:
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    if len(str(length)) > len(str(rest)):
        length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def _block(name: bytes, target: bytes, kind: bytes, entry: Entry, *, size: int, mtime: int) -> bytes:
    uid, gid = min(entry.uid, _MAX_ID), min(entry.gid, _MAX_ID)
    major, minor = entry.device
    start = b"%s%07o\0%07o\0%07o\0%011o\0%011o\0" % (
        name[:_MAX_NAME].ljust(_MAX_NAME, b"\0"),
        entry.mode,
        uid,
        gid,
        size,
        mtime,
    )
    rest = b"%s%sustar\x0000%s%07o\0%07o\0" % (
        kind,
        target[:_MAX_NAME].ljust(_MAX_NAME, b"\0"),
        bytes(64),
        major,
        minor,
    )
    total = sum(start) + sum(rest) + 8 * 32
    return (start + b"%06o\0 " % total + rest).ljust(BLOCK, b"\0")

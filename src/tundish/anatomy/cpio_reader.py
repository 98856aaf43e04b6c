"""
What an initrd holds: archives one after the other, the first often not compressed (microcode), the last is.

Only names and metadata; the content is passed by. `cpio.py` writes the same form.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from stat import S_IFMT, S_IMODE

from tundish.anatomy.image import Compression
from tundish.anatomy.packed.unwrapping import Unwrapping
from tundish.anatomy.readable import Bytes, Readable, Slice
from tundish.anatomy.sniff import compression_of
from tundish.anatomy.tar.feed import Feed, PlacedFeed
from tundish.core.errors import BadImage

MAX_MEMBERS = 500_000
MAX_NAME = 4096
MAX_ARCHIVES = 32

_HEADER = 110
_MAGICS = (b"070701", b"070702")
_TRAILER = "TRAILER!!!"
_GAP = 4096


@dataclass(frozen=True, slots=True)
class Packed:
    """
    A member; `mode` carries its kind as well.
    """

    path: str
    mode: int
    size: int

    @property
    def permissions(self) -> int:
        return S_IMODE(self.mode)

    @property
    def kind(self) -> int:
        return S_IFMT(self.mode)


def initrd(readable: Readable, name: str) -> Iterator[Packed]:
    """
    The members of all archives of an initrd, in their order.

    Raises:
        BadImage: it is damaged, or nothing that a kernel unpacks.
    """
    at = 0
    for _ in range(MAX_ARCHIVES):
        at = _past_zeros(readable, at)
        if at >= readable.size:
            return
        rest = Slice.of(readable, at, readable.size - at)
        compression = compression_of(rest.read_at(0, 16))
        if compression is not Compression.NONE:
            yield from _compressed(rest, compression, name)
            return
        feed = PlacedFeed(rest)
        yield from newc(feed, name)
        at += feed.at
    raise BadImage(f"{name} holds more than {MAX_ARCHIVES} archives")


def newc(feed: Feed, name: str) -> Iterator[Packed]:
    """
    The members of one archive, up to its trailer.

    Raises:
        BadImage: it is damaged, or no archive of this form.
    """
    begin = feed.at
    for _ in range(MAX_MEMBERS):
        at = feed.at
        header = feed.take(_HEADER)
        fields = _fields(header)
        if fields is None:
            raise BadImage(f"{name} has no header of cpio at {at}, where one should be")
        mode, size, length = fields[1], fields[6], fields[11]
        if not 0 < length <= MAX_NAME:
            raise BadImage(f"{name} has a name of {length} bytes at {at}")
        path = feed.take(length).rstrip(b"\0").decode("utf-8", "surrogateescape")
        feed.skip(-(feed.at - begin) % 4)
        if path == _TRAILER:
            return
        if feed.skip(size) < size:
            raise BadImage(f"{name} ends in the middle of {path}")
        feed.skip(-(feed.at - begin) % 4)
        yield Packed(path.removeprefix("./").strip("/"), mode, size)
    raise BadImage(f"{name} holds more than {MAX_MEMBERS} members")


def _compressed(packed: Readable, compression: Compression, name: str) -> Iterator[Packed]:
    unwrapping = Unwrapping(packed, compression)
    feed = Feed(unwrapping)
    yield from newc(feed, name)


def _fields(header: bytes) -> list[int] | None:
    digits = header[6:]
    if len(header) < _HEADER or header[:6] not in _MAGICS or not digits.isalnum():
        return None
    try:
        return [int(digits[at : at + 8], 16) for at in range(0, 104, 8)]
    except ValueError:
        return None


def _past_zeros(readable: Readable, at: int) -> int:
    while gap := readable.read_at(at, _GAP):
        rest = gap.lstrip(b"\0")
        at += len(gap) - len(rest)
        if rest:
            break
    return at


def listed(data: bytes, name: str) -> tuple[Packed, ...]:
    """
    The members of an initrd in memory.

    Raises:
        BadImage: it is damaged.
    """
    return tuple(initrd(Bytes(data), name))

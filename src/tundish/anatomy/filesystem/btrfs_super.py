"""
The superblock of btrfs, and its map from logical addresses to places on the device.

Source of the layout: the documentation of btrfs, on-disk format. Only filesystems of one device are read.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256
from uuid import UUID

from tundish.anatomy.crc32c import crc32c
from tundish.anatomy.readable import Readable, exactly
from tundish.core.errors import BadImage

MAIN = 64 * 1024
_COPIES = (64 * 1024 * 1024, 256 * 1024 * 1024 * 1024)
_LENGTH, _MAGIC = 4096, b"_BHRfS_M"
_NUMBERS = struct.Struct("<QQ8sQQQQQQQQQIIIIIQQQQHBBB")
_AT, _DEVICE_AT, _LABEL_AT, _CHUNKS_AT, _CHUNKS = 48, 201, 299, 811, 2048
_SUMS = {0: "crc32c", 1: "xxhash64", 2: "sha256", 3: "blake2b"}
_INCOMPAT = (
    *("mixed-backref", "default-subvol", "mixed-bg", "compress-lzo", "compress-zstd", "big-metadata"),
    *("extref", "raid56", "skinny-metadata", "no-holes", "metadata-uuid", "raid1c34", "zoned"),
    *("extent-tree-v2", "raid-stripe-tree"),
)
_READ_ONLY = ("free-space-tree", "free-space-tree-valid", "verity", "block-group-tree")
_DUMPS = 3 << 33
_CHUNK, _STRIPE = struct.Struct("<QQQQIIIHH"), struct.Struct("<QQ16s")
_CHUNK_KEY = 228
_SPREAD = 0x8 | 0x40 | 0x80 | 0x100  # RAID0, RAID10, RAID5, RAID6
_MAX_CHUNKS = 1 << 20


@dataclass(frozen=True, slots=True)
class Super:
    """
    What the superblock says. Addresses are logical.
    """

    size: int
    used: int
    root: int
    root_level: int
    chunk_root: int
    chunk_level: int
    log: int
    devices: int
    device: int  # its own number
    sector: int
    node: int  # bytes of a node
    flags: int
    features: tuple[str, ...]
    chunks: bytes
    label: str
    uuid: str
    copy: bool  # the first one is damaged, so this is another

    @property
    def state(self) -> str:
        """
        "clean", or why an installer might not mount it.
        """
        if self.copy:
            return "its first superblock is damaged; a copy was read"
        return "needs recovery: its log was not written back" if self.log else "clean"

    @property
    def why(self) -> str:
        """
        Why nothing is listed, or empty.
        """
        if self.devices != 1:
            return f"spread over {self.devices} devices, which is not read"
        return "a dump of metadata only" if self.flags & _DUMPS else ""


def read_super(readable: Readable, name: str) -> Super:
    """
    Read and judge the superblock, or the first good copy of it.

    Raises:
        BadImage: there is none, or its numbers make no sense.
    """
    try:
        return _read(readable, MAIN, name)
    except BadImage:
        for at in _COPIES:
            if readable.read_at(at + 64, 8) == _MAGIC:
                return _read(readable, at, name)
        raise


def _read(readable: Readable, at: int, name: str) -> Super:
    raw = exactly(readable, at, _LENGTH, f"{name}: the superblock of btrfs")
    found = _NUMBERS.unpack_from(raw, _AT)
    own, flags, magic, _, root, chunk_root, log, _, size, used, _, devices = found[:12]
    sector, node, _, _, length = found[12:17]
    read_only, incompat, kind, root_level, chunk_level = found[19:24]
    if magic != _MAGIC or own != at:
        raise BadImage(f"{name}: no superblock of btrfs at {at}")
    if not _fits(raw, kind):
        raise BadImage(f"{name}: the superblock of btrfs is damaged, its sum is wrong")
    sane = (
        512 <= sector <= 65536
        and sector.bit_count() == 1
        and sector <= node <= 65536
        and node.bit_count() == 1
        and length <= _CHUNKS
        and root_level < 8
        and chunk_level < 8
    )
    if not sane:
        raise BadImage(
            f"{name}: the superblock of btrfs makes no sense: sectors of {sector}, nodes of {node}, "
            f"{length} bytes of chunks"
        )
    names = (*_named(_INCOMPAT, incompat), *_named(_READ_ONLY, read_only))
    return Super(
        size,
        used,
        root,
        root_level,
        chunk_root,
        chunk_level,
        log,
        devices,
        int.from_bytes(raw[_DEVICE_AT : _DEVICE_AT + 8], "little"),
        sector,
        node,
        flags,
        (*names, _SUMS.get(kind, f"sum-{kind}")),
        raw[_CHUNKS_AT : _CHUNKS_AT + length],
        raw[_LABEL_AT : _LABEL_AT + 256].partition(b"\0")[0].decode("utf-8", "replace"),
        str(UUID(bytes=raw[32:48])),
        at != MAIN,
    )


def _fits(raw: bytes, kind: int) -> bool:
    """
    Whether the sum is right; one of a kind that is not known here is believed.
    """
    body = raw[32:]
    if kind == 0:
        return crc32c(body) ^ 0xFFFF_FFFF == int.from_bytes(raw[:4], "little")
    if kind == 2:
        return sha256(body).digest() == raw[:32]
    return kind != 3 or blake2b(body, digest_size=32).digest() == raw[:32]


def _named(names: Sequence[str], flags: int) -> Iterator[str]:
    for bit in range(64):
        if flags >> bit & 1:
            yield names[bit] if bit < len(names) else f"unknown_{1 << bit:x}"


@dataclass(frozen=True, slots=True)
class Chunk:
    """
    A stretch of logical addresses. `places` are where it begins on the device; empty: it is not to be had.
    """

    start: int
    length: int
    places: tuple[int, ...]


def chunk(start: int, raw: bytes, device: int) -> Chunk:
    """
    A chunk as its item describes it.

    Raises:
        BadImage: the item is cut short.
    """
    if len(raw) < _CHUNK.size:
        raise BadImage("a chunk is cut short")
    length, _, _, kind, _, _, _, stripes, _ = _CHUNK.unpack_from(raw)
    rows = _STRIPE.iter_unpack(raw[_CHUNK.size : _CHUNK.size + min(stripes, len(raw) // 32) * 32])
    try:
        places = tuple(place for owner, place, _ in rows if owner == device)
    except struct.error as error:
        raise BadImage("a chunk is cut short") from error
    return Chunk(start, length, () if kind & _SPREAD and stripes > 1 else places)


def first_chunks(found: Super, name: str) -> Iterator[Chunk]:
    """
    The chunks that the superblock itself names: those in which the map of all others is.

    Raises:
        BadImage: they are damaged.
    """
    raw, at = found.chunks, 0
    while at + 17 + _CHUNK.size <= len(raw):
        _, kind, start = struct.unpack_from("<QBQ", raw, at)
        (stripes,) = struct.unpack_from("<H", raw, at + 17 + 44)
        end = at + 17 + _CHUNK.size + stripes * 32
        if kind != _CHUNK_KEY or end > len(raw):
            raise BadImage(f"{name}: the chunks in the superblock of btrfs are damaged")
        yield chunk(start, raw[at + 17 : end], found.device)
        at = end


class Chunks:
    """
    The bytes of a filesystem by logical address.
    """

    def __init__(self, readable: Readable, name: str, found: Iterator[Chunk]) -> None:
        self._readable, self._name = readable, name
        self.all: list[Chunk] = []
        for one in found:
            self.all.append(one)
            if len(self.all) > _MAX_CHUNKS:
                raise BadImage(f"{name}: more than {_MAX_CHUNKS} chunks")
        self.all.sort(key=lambda one: one.start)
        self._starts = [one.start for one in self.all]

    def read(self, address: int, length: int, subject: str) -> bytes:
        """
        Raises:
            BadImage: nothing is there.
        """
        row = bisect_right(self._starts, address) - 1
        if row < 0 or address + length > self.all[row].start + self.all[row].length:
            raise BadImage(f"{self._name}: {subject} is at {address}, which is in no chunk")
        if not self.all[row].places:
            raise BadImage(f"{self._name}: {subject} is at {address}, which is spread over devices")
        place = self.all[row].places[0] + address - self.all[row].start
        return exactly(self._readable, place, length, f"{self._name}: {subject}")

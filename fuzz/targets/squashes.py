"""
squashfs: tiny ones made by code, their tables stored as they are, so that changes reach what they say.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import zstandard
from isal import isal_zlib

from fuzz.counted import Counted
from fuzz.target import target
from tundish.anatomy.filesystem.squashfs import read
from tundish.anatomy.index import Kind
from tundish.anatomy.readable import File
from tundish.core.errors import BadImage

_NONE = 0xFFFF_FFFF


def _row(kind: int, number: int) -> bytes:
    return struct.pack("<HHHHII", kind, 0o755, 0, 0, 1, number)


def _metadata(data: bytes) -> bytes:
    return struct.pack("<H", 0x8000 | len(data)) + data


@dataclass
class _Made:
    data: bytearray

    def add(self, piece: bytes) -> int:
        self.data += piece
        return len(self.data) - len(piece)


def _image(compression: int, content: bytes, packed: bytes) -> bytes:
    made = _Made(bytearray(96))
    block = made.add(packed)
    tail = made.add(b"tail of a file")
    inodes = [
        _row(2, 2) + struct.pack("<IIIII", block, 0, 0, len(content) + 14, len(packed)),
        _row(9, 3) + struct.pack("<QQQIIIII", block, len(content), 0, 2, _NONE, 0, 0, len(packed)),
        _row(3, 4) + struct.pack("<II", 1, 6) + b"../etc",
        _row(4, 5) + struct.pack("<II", 1, 0x0801),
        _row(13, 6) + struct.pack("<II", 1, _NONE),
    ]
    names = [(b"block", 2), (b"file", 2), (b"link", 3), (b"node", 4), (b"pipe", 6)]
    listing, at = struct.pack("<III", len(names) - 1, 0, 1), 0
    for number, (inode, (name, kind)) in enumerate(zip(inodes, names, strict=True)):
        listing += struct.pack("<HhHH", at, number + 1, kind, len(name) - 1) + name
        at += len(inode)
    root = _row(1, 1) + struct.pack("<IIHHI", 0, 2, len(listing) + 3, 0, 7)
    places = [made.add(_metadata(b"".join(inodes) + root)), made.add(_metadata(listing))]
    fragment = made.add(_metadata(struct.pack("<QII", tail, 14 | 1 << 24, 0)))
    places.append(made.add(fragment.to_bytes(8, "little")))
    owners = made.add(_metadata(bytes(4)))
    ids = made.add(owners.to_bytes(8, "little"))
    value = _metadata(struct.pack("<HH", 0, 4) + b"note" + struct.pack("<I", 5) + b"hello")
    values = made.add(value)
    rows = made.add(_metadata(struct.pack("<QII", 0, 1, 17)))
    attributes = made.add(struct.pack("<QIIQ", values, 1, 0, rows))
    head = struct.pack(
        "<4sIIIIHHHHHHQQQQQQQQ", b"hsqs", 6, 0, 4096, 1, compression, 12, 0, 1, 4, 0,
        at, len(made.data), ids, attributes, *places, (1 << 64) - 1,
    )  # fmt: skip
    made.data[:96] = head
    return bytes(made.data)


def _images() -> Iterator[bytes]:
    content = bytes(range(256)) * 16
    yield _image(1, content, isal_zlib.compress(content))
    yield _image(6, content, zstandard.compress(content))


@target(BadImage, seeds=_images, words=(b"hsqs", b"\xff\xff\xff\xff", b"\x00\x80", b"\x00\x00\x00\x01"))
def filesystems_squashfs(data: bytes) -> None:
    """
    A squashfs is read or refused, and a file gives no more bytes than it says.
    """
    index = read(File(Counted(data)), "fuzz").index
    for one in list(index or ())[:40]:
        if one.kind is Kind.FILE and index is not None:
            try:
                pieces = index.stream(one.path)
                assert sum(len(piece) for _, piece in zip(range(4), pieces, strict=False)) <= one.size
            except BadImage:
                continue

"""
Tars made header by header, as no program would make them.
"""

from dataclasses import dataclass

from tundish.anatomy.keeping import nothing
from tundish.anatomy.readable import Bytes
from tundish.anatomy.tar.contents import Passes
from tundish.anatomy.tar.reader import Listing, read_tar

END = bytes(1024)


@dataclass(frozen=True)
class Raw:
    """
    A member as its header says; `stated` is a size other than that of the data, `number` a raw size field.
    """

    name: bytes
    data: bytes = b""
    kind: bytes = b"0"
    target: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    stated: int | None = None
    number: bytes | None = None


def member(raw: Raw) -> bytes:
    stated = len(raw.data) if raw.stated is None else raw.stated
    block = bytearray(512)
    block[: len(raw.name)] = raw.name
    block[100:124] = b"%07o\0%07o\0%07o\0" % (raw.mode, raw.uid, raw.gid)
    block[124:136] = raw.number if raw.number is not None else b"%011o\0" % stated
    block[136:148] = b"%011o\0" % 1_700_000_000
    block[156:157] = raw.kind
    block[157 : 157 + len(raw.target)] = raw.target
    block[257:265] = b"ustar\x0000"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + raw.data + bytes(-len(raw.data) % 512)


def record(key: str, value: bytes) -> bytes:
    """
    A record of an extended header, with its own length before it.
    """
    body = b" " + key.encode() + b"=" + value + b"\n"
    length = len(body)
    while len(str(length)) + len(body) != length:
        length = len(str(length)) + len(body)
    return str(length).encode() + body


def extended(**records: bytes) -> bytes:
    """
    An extended header; `__` in a name stands for a dot.
    """
    data = b"".join(record(key.replace("__", "."), value) for key, value in records.items())
    return member(Raw(b"PaxHeaders/x", data, b"x"))


def tar_of(*members: Raw | bytes) -> bytes:
    return b"".join(one if isinstance(one, bytes) else member(one) for one in members) + END


def listing_of(data: bytes, piece: int = 7777) -> Listing:
    """
    The listing of a tar that comes in pieces of such a length.
    """
    pieces = (data[at : at + piece] for at in range(0, len(data), piece))
    return read_tar(pieces, "root.tar", nothing, Passes(lambda: Bytes(data)))

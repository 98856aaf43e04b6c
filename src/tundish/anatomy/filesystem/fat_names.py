"""
The records of a FAT folder: short names of eight and three letters, and the long ones before them.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

_RECORD = struct.Struct("<8s3sBBBHHHHHHHI")
_SIZE = 32
_LABEL, _FOLDER, _LONG = 0x08, 0x10, 0x0F
_LONG_MASK = 0x3F
_LAST, _MAX_PARTS = 0x40, 20
_DELETED, _STANDS_FOR_DELETED = 0xE5, 0x05
_LOW_BASE, _LOW_SUFFIX = 0x08, 0x10  # Windows NT and Linux keep the case of a short name so


@dataclass(frozen=True, slots=True)
class Record:
    name: str
    raw: bytes  # the eleven letters
    flags: int
    first: int  # cluster
    size: int
    mtime: int

    @property
    def is_folder(self) -> bool:
        return bool(self.flags & _FOLDER)

    @property
    def is_label(self) -> bool:
        return bool(self.flags & _LABEL)


def records(folder: bytes) -> Iterator[Record]:
    """
    What a folder holds, up to its mark of the end; deleted records are passed over.
    """
    parts: list[tuple[int, int, bytes]] = []
    for at in range(0, len(folder) - _SIZE + 1, _SIZE):
        data = folder[at : at + _SIZE]
        if not data[0]:
            return
        if data[0] == _DELETED:
            parts = []
        elif data[11] & _LONG_MASK == _LONG:
            parts = [] if data[0] & _LAST else parts
            parts.append((data[0] & ~_LAST, data[13], data[1:11] + data[14:26] + data[28:32]))
        else:
            yield _record(data, parts)
            parts = []


def _record(data: bytes, parts: list[tuple[int, int, bytes]]) -> Record:
    base, suffix, flags, case, _, _, _, _, high, time, date, low, size = _RECORD.unpack(data)
    raw = base + suffix
    name = _long(parts, raw) or _short(base, suffix, case)
    return Record(name, raw, flags, high << 16 | low, size, _seconds(date, time))


def _long(parts: list[tuple[int, int, bytes]], raw: bytes) -> str:
    """
    The long name, if its parts are all there in order and belong to this short one; else nothing.
    """
    count, checksum = len(parts), 0
    for letter in raw:
        checksum = ((checksum & 1) << 7 | checksum >> 1) + letter & 0xFF
    if not 0 < count <= _MAX_PARTS or [order for order, _, _ in parts] != list(range(count, 0, -1)):
        return ""
    if any(stated != checksum for _, stated, _ in parts):
        return ""
    text = b"".join(piece for _, _, piece in reversed(parts))
    end = next((at for at in range(0, len(text), 2) if text[at : at + 2] == b"\0\0"), len(text))
    return text[:end].decode("utf-16-le", "replace")


def _short(base: bytes, suffix: bytes, case: int) -> str:
    if base[0] == _STANDS_FOR_DELETED:
        base = bytes([_DELETED]) + base[1:]
    front, back = base.decode("cp437").rstrip(" "), suffix.decode("cp437").rstrip(" ")
    front = front.lower() if case & _LOW_BASE else front
    back = back.lower() if case & _LOW_SUFFIX else back
    return f"{front}.{back}" if back else front


def _seconds(date: int, time: int) -> int:
    """
    A local time without a zone, taken as UTC; 0 where it is no time.
    """
    try:
        moment = datetime(
            1980 + (date >> 9),
            date >> 5 & 15,
            date & 31,
            time >> 11,
            time >> 5 & 63,
            (time & 31) * 2,
            tzinfo=UTC,
        )
    except ValueError:
        return 0
    return int(moment.timestamp())

"""
What Rock Ridge adds to the records of ISO9660: names, modes, owners, links, devices, times.

Its fields may continue elsewhere; how often is bounded.
"""

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

_MAX_JUMPS = 32
_MAX_AREA = 64 * 1024
_NAME_GOES_ON, _NAME_SELF, _NAME_PARENT = 1, 2, 4
_TARGET_GOES_ON, _TARGET_SELF, _TARGET_PARENT, _TARGET_ROOT = 1, 2, 4, 8
_CREATED, _MODIFIED, _LONG_TIME = 1, 2, 0x80
_SKIP_AT = 6

ReadBlock = Callable[[int, int, int], bytes]  # block, offset in it, length


@dataclass(slots=True)
class Extras:
    """
    The fields of one record, as far as it has them.
    """

    name: bytes = b""
    mode: int | None = None
    uid: int = 0
    gid: int = 0
    links: int = 1
    serial: int = 0
    target: list[str] = field(default_factory=list)
    device: tuple[int, int] = (0, 0)
    mtime: int | None = None
    child: int = 0  # where a folder that was moved up is
    moved: bool = False  # a folder that belongs elsewhere
    packed: bool = False
    _open: bool = False

    @property
    def kind(self) -> int:
        return stat.S_IFMT(self.mode or 0)


def skip_of(area: bytes) -> int | None:
    """
    How many bytes to pass over in each record, as the root's own record says; None without Rock Ridge.
    """
    if area[:2] == b"SP" and len(area) > _SKIP_AT and area[4:6] == b"\xbe\xef":
        return area[_SKIP_AT]
    return None


def extras(area: bytes, read: ReadBlock) -> Extras:
    """
    Read the fields of a record.
    """
    found = Extras()
    for signature, data in _fields(area, read):
        if take := _TAKES.get(signature):
            take(found, data)
    return found


def _fields(area: bytes, read: ReadBlock) -> Iterator[tuple[bytes, bytes]]:
    for _ in range(_MAX_JUMPS):
        onwards = b""
        while len(area) >= 4 and area[2] >= 4:
            signature, data, area = area[:2], area[4 : area[2]], area[area[2] :]
            if signature == b"ST":
                break
            if signature == b"CE" and len(data) >= 24:
                onwards = data
            else:
                yield signature, data
        if not onwards:
            return
        area = read(_number(onwards, 0), _number(onwards, 8), min(_number(onwards, 16), _MAX_AREA))


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def _name(found: Extras, data: bytes) -> None:
    if data and not data[0] & (_NAME_SELF | _NAME_PARENT) and len(found.name) <= _MAX_AREA:
        found.name += data[1:]


def _attributes(found: Extras, data: bytes) -> None:
    if len(data) >= 32:
        found.mode, found.links = _number(data, 0), _number(data, 8)
        found.uid, found.gid = _number(data, 16), _number(data, 24)
        found.serial = _number(data, 32)


def _device(found: Extras, data: bytes) -> None:
    high, low = _number(data, 0), _number(data, 8)
    # Linux writes 0 as the high half and both numbers into the low one.
    found.device = (high, low) if high else (low >> 8 & 0xFFF, low & 0xFF | low >> 12 & 0xFFF00)


def _target(found: Extras, data: bytes) -> None:
    at = 1
    while at + 2 <= len(data) and len(found.target) <= _MAX_AREA:
        flags, length = data[at], data[at + 1]
        text = data[at + 2 : at + 2 + length].decode("utf-8", "surrogateescape")
        text = {_TARGET_SELF: ".", _TARGET_PARENT: "..", _TARGET_ROOT: ""}.get(flags & 14, text)
        if found._open and found.target:  # noqa: SLF001 # its own module fills it
            found.target[-1] += text
        else:
            found.target.append(text)
        found._open = bool(flags & _TARGET_GOES_ON)  # noqa: SLF001
        at += 2 + length


def _times(found: Extras, data: bytes) -> None:
    if not data or not data[0] & _MODIFIED:
        return
    width = 17 if data[0] & _LONG_TIME else 7
    at = 1 + (width if data[0] & _CREATED else 0)
    stamp = data[at : at + width]
    found.mtime = seconds(stamp) if width == 7 else long_seconds(stamp)


def _child(found: Extras, data: bytes) -> None:
    found.child = _number(data, 0)


def _moved(found: Extras, _: bytes) -> None:
    found.moved = True


def _packed(found: Extras, data: bytes) -> None:
    found.packed = data[:2] == b"pz"


_TAKES: dict[bytes, Callable[[Extras, bytes], None]] = {
    b"NM": _name,
    b"PX": _attributes,
    b"PN": _device,
    b"SL": _target,
    b"TF": _times,
    b"CL": _child,
    b"RE": _moved,
    b"ZF": _packed,
}


def seconds(stamp: bytes) -> int:
    """
    A time of seven bytes, of which the last is the zone; 0 where it is no time.
    """
    if len(stamp) < 7:
        return 0
    year, month, day, hour, minute, second, zone = stamp[:7]
    return _since_1970((1900 + year, month, day, hour, minute, second), zone)


def long_seconds(stamp: bytes) -> int:
    """
    A time of sixteen digits and a byte for the zone; 0 where it is no time.
    """
    digits = stamp[:14].decode("latin-1")
    if len(stamp) < 17 or not (digits.isascii() and digits.isdigit()):
        return 0
    fields = (int(digits[:4]), *(int(digits[at : at + 2]) for at in range(4, 14, 2)))
    return _since_1970(fields, stamp[16])


def _since_1970(fields: tuple[int, ...], zone: int) -> int:
    year, month, day, hour, minute, second = fields
    quarters = zone - 256 if zone > 127 else zone
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        return int((moment - timedelta(minutes=15 * quarters)).timestamp())
    except (ValueError, OverflowError):
        return 0

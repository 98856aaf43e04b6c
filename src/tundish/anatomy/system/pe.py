"""
The head of a PE file: for which machine it is, whether it carries a signature, and its SBAT section.

Whose signature it is, or whether it fits, is not asked.
"""

from dataclasses import dataclass
from struct import Struct

from tundish.core.errors import BadImage

MAX_SECTIONS = 96  # as the loaders of firmware have it
MAX_SBAT = 64 * 1024
MAX_COMPONENTS = 200
_COFF, _SECTION, _DIRECTORY = Struct("<4sHHIIIHH"), Struct("<8sIIII16x"), Struct("<II")
_MACHINES = {
    0x14C: "i386",
    0x8664: "amd64",
    0xAA64: "arm64",
    0x1C0: "armhf",
    0x1C2: "armhf",
    0x1C4: "armhf",
    0x5064: "riscv64",
}
_OPTIONAL = {0x10B: (92, 96), 0x20B: (108, 112)}  # PE32 and PE32+: where directories are counted, and begin
_CERTIFICATES = 4


@dataclass(frozen=True, slots=True)
class Pe:
    arch: str
    signed: bool
    sbat: tuple[tuple[str, int], ...]


def read(data: bytes, size: int) -> Pe:
    """
    What the beginning of a PE file of this size tells.

    Raises:
        BadImage: it is no PE file, or its head leads out of what is there.
    """
    at = int.from_bytes(data[60:64], "little")
    if not data.startswith(b"MZ") or at + _COFF.size > len(data):
        raise BadImage("not a PE file: its first bytes are others")
    magic, machine, sections, _, _, _, optional, _ = _COFF.unpack_from(data, at)
    if magic != b"PE\0\0" or sections > MAX_SECTIONS:
        raise BadImage(f"not a PE file: {sections} sections, and {magic!r} where PE belongs")
    start = at + _COFF.size
    table = start + optional
    if table + sections * _SECTION.size > len(data):
        raise BadImage("the section table of a PE file leads beyond its end")
    signed = _signed(data[start:table], size)
    sbat = _sbat(data, data[table : table + sections * _SECTION.size])
    return Pe(_MACHINES.get(machine, ""), signed, sbat)


def _signed(optional: bytes, size: int) -> bool:
    """
    Whether there is a certificate table, and inside the file.
    """
    counted, first = _OPTIONAL.get(int.from_bytes(optional[:2], "little"), (0, 0))
    place = first + _CERTIFICATES * _DIRECTORY.size
    if not counted or len(optional) < place + _DIRECTORY.size:
        return False
    if int.from_bytes(optional[counted : counted + 4], "little") <= _CERTIFICATES:
        return False
    offset, length = _DIRECTORY.unpack_from(optional, place)
    return bool(length > 8 and 0 < offset <= size - length)


def _sbat(data: bytes, table: bytes) -> tuple[tuple[str, int], ...]:
    for name, virtual, _, raw, offset in _SECTION.iter_unpack(table):
        if name.rstrip(b"\0") == b".sbat":
            length = min(virtual or raw, raw, MAX_SBAT)
            return _components(data[offset : offset + length].partition(b"\0")[0].decode("utf-8", "replace"))
    return ()


def _components(text: str) -> tuple[tuple[str, int], ...]:
    found = list[tuple[str, int]]()
    for line in text.splitlines()[:MAX_COMPONENTS]:
        fields = line.split(",")
        if len(fields) > 1 and fields[1].isascii() and fields[1].isdigit() and len(fields[1]) < 10:
            found.append((fields[0].strip(), int(fields[1])))
    return tuple(found)

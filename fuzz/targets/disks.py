"""
Disk files, partition tables, volume groups, FAT and ISO9660: tiny ones made by code, their sums put right.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

import zstandard
from tests.support.real_disks import gpt_of_large_sectors, physical_volume

from fuzz.counted import Counted
from fuzz.mutation import of_bytes
from fuzz.target import KIB, MIB, Mutation, target, text
from tundish.anatomy.crc32c import crc32c
from tundish.anatomy.disk import lvm, lvm_text, qcow2, table, vhd, vhdx, vmdk
from tundish.anatomy.disk.disk import read_disk, system_of, targets_of
from tundish.anatomy.filesystem import fat, iso9660
from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.index import Kind
from tundish.anatomy.readable import File, Readable
from tundish.core.errors import BadImage


def _file(data: bytes) -> Readable:
    return File(Counted(data))


@dataclass(frozen=True, slots=True)
class _Behind:
    """
    The input, and before it zeros that need no fuzzing.
    """

    before: int
    data: bytes

    @property
    def size(self) -> int:
        return self.before + len(self.data)

    def read_at(self, offset: int, length: int) -> bytes:
        end = min(offset + length, self.size)
        if offset < 0 or end <= offset:
            return b""
        return (
            bytes(max(0, min(end, self.before) - offset))
            + self.data[max(0, offset - self.before) : max(0, end - self.before)]
        )


def _with_sums(put_right: Callable[[bytearray], None]) -> Mutation:
    """
    A change anywhere, after which the checksums fit again.
    """

    def mutation(data: bytes, chance: Random) -> bytes:
        changed = bytearray(of_bytes(data, chance))
        put_right(changed)
        return bytes(changed)

    return mutation


def _probe(disk: Readable) -> None:
    """
    Read here and there; no more comes than was asked for, and none beyond the end.
    """
    assert disk.size >= 0
    for at in (0, 511, disk.size // 2, disk.size - 700, disk.size):
        assert len(disk.read_at(at, 1500)) == max(0, min(1500, disk.size - at)) if at >= 0 else True


def _list(found: Filesystem) -> None:
    for one in list(found.index or ())[:40]:
        if one.kind is Kind.FILE and found.index is not None:
            try:
                pieces = found.index.stream(one.path)
                assert sum(len(piece) for _, piece in zip(range(4), pieces, strict=False)) <= max(one.size, 0)
            except BadImage:
                continue


def _qcow2s() -> Iterator[bytes]:
    for entry, features in ((1536, 0), (1 << 62 | 1536, 0), (1 << 62 | 1536, 8), (1, 0)):
        head = struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", 3, 0, 0, 9, 4096, 0, 1, 512, 0, 0, 0, 0)
        more = struct.pack(">QQQIIB", features, 0, 0, 4, 112, features >> 3)
        tables = (1024).to_bytes(8, "big").ljust(512, b"\0") + entry.to_bytes(8, "big").ljust(512, b"\0")
        packer = zlib.compressobj(9, zlib.DEFLATED, -12)
        content = bytes(range(256)) * 2
        packed = zstandard.compress(content) if features else packer.compress(content) + packer.flush()
        yield (head + more).ljust(512, b"\0") + tables + packed.ljust(512, b"\0")


@target(BadImage, seeds=_qcow2s, words=(b"QFI\xfb", b"\x00\x00\x00\x09", b"\x40\x00\x00\x00"))
def disks_qcow2(data: bytes) -> None:
    """
    A qcow2 disk is read or refused, and gives as many bytes as it says.
    """
    _probe(qcow2.read(_file(data), "fuzz"))


def _vmdks() -> Iterator[bytes]:
    grain = zlib.compress(bytes(range(256)) * 2)
    for flags, packing, body in ((3, 0, bytes(512)), (0x30001, 1, struct.pack("<QI", 0, len(grain)) + grain)):
        fields = (b"KDMV", 3, flags, 8, 1, 1, 1, 512, 0, 2, 8, 0, 10, 32, 13, 10, packing)
        head = struct.pack("<4sIIQQQQIQQQBBBBBH", *fields).ljust(512, b"\0")
        description = b'parentCID=ffffffff\nRW 8 SPARSE "a.vmdk"\n'.ljust(512, b"\0")
        tables = (3).to_bytes(4, "little").ljust(512, b"\0") + (7).to_bytes(4, "little").ljust(2048, b"\0")
        yield head + description + tables + body.ljust(512, b"\0")
    yield b'# Disk DescriptorFile\nRW 8 FLAT "a-flat.vmdk" 0\n'


@target(BadImage, seeds=_vmdks, words=(b"KDMV", b"RW 9 SPARSE ", b"parentCID=1", b"\xff" * 8))
def disks_vmdk(data: bytes) -> None:
    """
    A VMDK is read or refused, and gives as many bytes as it says.
    """
    _probe(vmdk.read(_file(data), "fuzz"))


def _vhd_sums(data: bytearray) -> None:
    for at, length, place in ((len(data) - 512, 512, 64), (512, 1024, 36)):
        if at >= 0 and at + length <= len(data):
            data[at + place : at + place + 4] = bytes(4)
            total = ~sum(data[at : at + length]) & 0xFFFF_FFFF
            data[at + place : at + place + 4] = total.to_bytes(4, "big")


def _vhds() -> Iterator[bytes]:
    for kind in (3, 2):
        footer = struct.pack(
            ">8sIIQI4sI4sQQIII", b"conectix", 2, 0x10000, 512, 0, b"fuzz", 0, b"Wi2k", 4096, 4096, 0, kind, 0
        ).ljust(512, b"\0")
        header = struct.pack(">8sQQIIII", b"cxsparse", (1 << 64) - 1, 1536, 0x10000, 8, 512, 0)
        rows = (4).to_bytes(4, "big") + b"\xff" * 28
        made = bytearray(footer + header.ljust(1024, b"\0") + rows.ljust(512, b"\0") + bytes(2560) + footer)
        _vhd_sums(made)
        yield bytes(made)


@target(BadImage, seeds=_vhds, words=(b"conectix", b"cxsparse"), mutation=_with_sums(_vhd_sums))
def disks_vhd(data: bytes) -> None:
    """
    A VHD is read or refused, and gives as many bytes as it says.
    """
    _probe(vhd.read(_file(data), "fuzz"))


_VHDX_PARTS = (
    (0, 16),
    (64 * KIB, 80),
    (192 * KIB, 96),
    (1024 * KIB, 64),
    (1088 * KIB, 192),
    (1152 * KIB, 96),
)


class _Vhdx:
    """
    The few bytes of a VHDX that mean something, each part where it belongs; the sums are put right.
    """

    size = 2 * MIB

    def __init__(self, data: bytes) -> None:
        self._parts: list[tuple[int, bytes]] = []
        for at, length in _VHDX_PARTS:
            part, data = data[:length].ljust(length, b"\0"), data[length:]
            if at in {64 * KIB, 192 * KIB}:
                zeros = (4 if at == 64 * KIB else 64) * KIB - length
                blank = part[:4] + bytes(4) + part[8:]
                total = crc32c(blank + bytes(zeros)) ^ 0xFFFF_FFFF
                part = part[:4] + total.to_bytes(4, "little") + part[8:]
            self._parts.append((at, part))

    def read_at(self, offset: int, length: int) -> bytes:
        end = min(offset + length, self.size)
        if offset < 0 or end <= offset:
            return b""
        found = bytearray(end - offset)
        for at, part in self._parts:
            first, last = max(at, offset), min(at + len(part), end)
            if first < last:
                found[first - offset : last - offset] = part[first - at : last - at]
        return bytes(found)


def _vhdxs() -> Iterator[bytes]:
    header = struct.pack("<4sIQ16s16s16sHHIQ", b"head", 0, 1, b"", b"", b"", 0, 1, 0, 0)
    regions = struct.pack("<4sIII", b"regi", 0, 2, 0)
    for kind, at, length in (
        ("6677c22d23f600429d64115e9bfd4a08", 1024 * KIB, 64 * KIB),
        ("06a27c8b90479a4bb8fe575f050f886e", 1088 * KIB, 64 * KIB),
    ):
        regions += struct.pack("<16sQII", bytes.fromhex(kind), at, length, 1)
    items = struct.pack("<8sHH20x", b"metadata", 0, 3)
    for kind, place, length in (
        ("3767a1ca36fa434db3b633f0aa44e76b", 64 * KIB, 8),
        ("2442a52f1bcd7648b2115dbed83bf4b8", 64 * KIB + 8, 8),
        ("1dbf41816fa90947ba47f233a8faab5f", 64 * KIB + 16, 4),
    ):
        items += struct.pack("<16sIII4x", bytes.fromhex(kind), place, length, 4)
    values = struct.pack("<IIQI", MIB, 0, 2 * MIB, 512)
    blocks = struct.pack("<QQ", 1 << 20 | 6, 2)
    parts = (b"vhdxfile", header, regions, blocks, items, values)
    yield b"".join(part.ljust(length, b"\0") for part, (_, length) in zip(parts, _VHDX_PARTS, strict=True))


@target(BadImage, seeds=_vhdxs, longest=KIB, words=(b"head", b"regi", b"metadata", b"\x06\0\x10\0"))
def disks_vhdx(data: bytes) -> None:
    """
    A VHDX is read or refused, and gives as many bytes as it says.
    """
    _probe(vhdx.read(_Vhdx(data), "fuzz"))


def _gpt_sums(data: bytearray) -> None:
    for at in (512, 4096, len(data) - 512, len(data) - 4096):
        if at < 0 or data[at : at + 8] != b"EFI PART" or at + 512 > len(data):
            continue
        unit = 4096 if at in {4096, len(data) - 4096} else 512
        rows_at, count, width = struct.unpack_from("<QII", data, at + 72)
        if count * width < len(data):
            rows = bytes(data[rows_at * unit : rows_at * unit + count * width])
            data[at + 88 : at + 92] = zlib.crc32(rows).to_bytes(4, "little")
        data[at + 16 : at + 20] = bytes(4)
        data[at + 16 : at + 20] = zlib.crc32(data[at : at + 92]).to_bytes(4, "little")


def _tables() -> Iterator[bytes]:
    yield gpt_of_large_sectors(64 * KIB, 6, 2)
    rows = struct.pack("<16s16sQQQ72s", b"a" * 16, b"b" * 16, 6, 8, 4, "root".encode("utf-16-le"))
    small = bytearray(12 * 512)
    small[446:462] = bytes.fromhex("00000200 eeffffff 01000000 0b000000")
    small[510:512] = b"\x55\xaa"
    for at, other, rows_at in ((1, 11, 2), (11, 1, 10)):
        small[rows_at * 512 : rows_at * 512 + len(rows)] = rows
        fields = (b"EFI PART", 0x10000, 92, 0, at, other, 4, 9, b"c" * 16, rows_at, 4, 128, 0)
        small[at * 512 : at * 512 + 92] = struct.pack("<8sIII4xQQQQ16sQIII", *fields)
    _gpt_sums(small)
    yield bytes(small)
    mbr = bytearray(8 * 512)
    mbr[446:478] = bytes.fromhex("80000000830000000100000001000000 00000000050000000200000005000000")
    mbr[1024 + 446 : 1024 + 478] = bytes.fromhex(
        "00000000830000000100000001000000 00000000050000000200000001000000"
    )
    mbr[510:512] = mbr[1534:1536] = mbr[2558:2560] = b"\x55\xaa"
    yield bytes(mbr)


@target(seeds=_tables, longest=64 * KIB, words=(b"EFI PART", b"\x55\xaa"), mutation=_with_sums(_gpt_sums))
def partition_tables(data: bytes) -> None:
    """
    Whatever a disk begins and ends with, it has some table, perhaps one with faults.
    """
    assert len(table.read(_file(data)).partitions) <= 1024 + 132


_GROUP = """vg {
id = "xCkofp-eBDg-YRxP-zz4g-KzV8-uYea-ipbDOn"
seqno = 3
extent_size = 1
physical_volumes {
pv0 {
id = "AAAAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAAAA"
pe_start = 2048 # sectors
}
}
logical_volumes {
root {
id = "x"
status = ["READ", "VISIBLE"]
segment1 {
start_extent = 0
extent_count = 1
type = "striped"
stripe_count = 1
stripes = [
"pv0", 0
]
}
}
}
}
"""


def _groups() -> Iterator[bytes]:
    yield _GROUP.encode()


@target(BadImage, seeds=_groups, words=(b"segment2 {", b"stripes = [", b'"pv0", ', b"}", b"= -", b"\\", b"#"))
def descriptions_of_volume_groups(data: bytes) -> None:
    """
    Any text that a physical volume carries becomes groups, or is refused.
    """
    member = lvm.Physical("A" * 32, _Behind(MIB, bytes(512)), lvm_text.parsed(text(data), "fuzz"))
    for group in lvm.groups([member]):
        for one in group.volumes:
            assert one.size >= 0
            if one.device is not None:
                _probe(one.device)


def _lvm_sums(data: bytearray) -> None:
    start = 4096 - 512
    for at, first, length in ((0, 20, 512), (start, 4, 512)):
        if len(data) >= at + length:
            place = 16 if first == 20 else 0
            total = zlib.crc32(data[at + first : at + length], 0xF597_A6CF ^ 0xFFFF_FFFF) ^ 0xFFFF_FFFF
            data[at + place : at + place + 4] = total.to_bytes(4, "little")


def _members() -> Iterator[bytes]:
    made = physical_volume(_GROUP, "A" * 32, bytes(512))
    yield made[512 : 4096 + 2 * KIB]


@target(BadImage, seeds=_members, words=(b"LABELONE", b"LVM2 001"), mutation=_with_sums(_lvm_sums))
def members_of_volume_groups(data: bytes) -> None:
    """
    A physical volume is read or refused.
    """
    list(lvm.groups([lvm.physical(_Behind(512, data), "fuzz")]))


def _fats() -> Iterator[bytes]:
    for wide in (False, True):
        total, length, rows = 24, 1, 0 if wide else 16
        few = 0 if wide else length
        boot = struct.pack(
            "<3s8sHBHBHHBHHHII", b"\xeb\x3c\x90", b"fuzz", 512, 1, 1, 1, rows, total, 0xF8, few, 0, 0, 0, 0
        )
        more = struct.pack("<IHHIHH", length, 0, 0, 2, 0, 0) if wide else b""
        boot = (boot + more).ljust(66 if wide else 38, b"\0") + b"\x29" + b"abcdLABEL      "
        boot = boot.ljust(510, b"\0") + b"\x55\xaa"
        chain = (0xFF8, 0xFFF, 3, 0xFFF, 0xFFF, 0xFFF) if not wide else (0x0FFFFFF8,) * 7
        entries = (
            b"".join(value.to_bytes(4, "little") for value in chain)
            if wide
            else bytes.fromhex("f8ffff03f0fffffffff0")
        )
        root = b"LABEL      \x08".ljust(32, b"\0") + _record(b"FOLDER     ", 0x10, 4, 0)
        long = b"\x41" + "long.".encode("utf-16-le") + b"\x0f\0" + bytes([_sum(b"FILE    TXT")])
        root += (long + "n".encode("utf-16-le") + bytes(10) + b"\0\0" + bytes(4)).ljust(32, b"\0")
        root += _record(b"FILE    TXT", 0x20, 3, 700)
        folder = _record(b".          ", 0x10, 4, 0) + _record(b"INNER   EFI", 0x20, 5, 512)
        clusters = [root, b"", folder] if wide else [b"", b"", folder]
        head = boot + entries.ljust(512, b"\0") + (b"" if wide else root.ljust(512, b"\0"))
        yield (head + b"".join(one.ljust(512, b"\0") for one in clusters)).ljust(total * 512, b"\0")


def _record(name: bytes, flags: int, first: int, size: int) -> bytes:
    return struct.pack("<11sB14xHI", name, flags, first, size)


def _sum(name: bytes) -> int:
    total = 0
    for letter in name:
        total = ((total & 1) << 7 | total >> 1) + letter & 0xFF
    return total


@target(BadImage, seeds=_fats, words=(b"\xe5", b"\x0f", b"\x10", b".          "))
def filesystems_fat(data: bytes) -> None:
    """
    A FAT is listed and its files are read, or it is refused.
    """
    _list(fat.read(_file(data), "fuzz"))


def _both(value: int) -> bytes:
    return value.to_bytes(4, "little") + value.to_bytes(4, "big")


def _row(name: bytes, block: int, size: int, flags: int, area: bytes) -> bytes:
    body = _both(block) + _both(size) + bytes([101, 9, 9, 1, 46, 40, 0, flags, 0, 0]) + b"\1\0\0\1"
    body += bytes([len(name)]) + name + b"\0" * (1 - len(name) % 2) + area
    body += b"\0" * (len(body) % 2)
    return bytes([len(body) + 2, 0]) + body


def _isos() -> Iterator[bytes]:
    """
    Blocks from the sixteenth on: two descriptors, the end, the root, a folder, a continuation.
    """
    modes = [
        b"PX\x24\1" + _both(mode) + _both(2) + _both(0) + _both(0) for mode in (0o40755, 0o100644, 0o120777)
    ]
    onwards = b"CE\x1c\1" + _both(21) + _both(0) + _both(40)
    link = b"SL\x0c\1\0\4\0\0\3abc"
    root = _row(b"\0", 19, 2048, 2, b"SP\x07\1\xbe\xef\0" + modes[0])
    root += _row(b"\1", 19, 2048, 2, b"") + _row(b"A", 20, 2048, 2, modes[0] + b"NM\x06\1\0a")
    root += _row(b"F.;1", 22, 100, 0, modes[1] + b"TF\x0c\1\2" + bytes([101, 9, 9, 1, 46, 40, 0]) + onwards)
    root += _row(b"L.;1", 0, 0, 0, modes[2] + link) + _row(b"C.;1", 0, 0, 0, b"CL\x0c\1" + _both(20))
    folder = _row(b"\0", 20, 2048, 2, b"") + _row(b"\1", 19, 2048, 2, b"")
    folder += _row(b"M.;1", 22, 2048, 0x80, modes[1]) + _row(b"M.;1", 23, 10, 0, modes[1])
    first = bytearray(2048)
    first[:7], first[80:88], first[128:130], first[813:829] = (
        b"\1CD001\1",
        _both(24),
        b"\0\x08",
        b"2001090901464000",
    )
    first[156:190] = _row(b"\0", 19, 2048, 2, b"")
    joliet = bytearray(first)
    joliet[0], joliet[88:91] = 2, b"%/E"
    blocks = [bytes(first), bytes(joliet), b"\xffCD001", root, folder, b"NM\x09\1\0name", b"data"]
    yield b"".join(block.ljust(2048, b"\0") for block in blocks)
    plain = root.replace(b"SP", b"XX")
    yield b"".join(block.ljust(2048, b"\0") for block in (*blocks[:3], plain, *blocks[4:]))


@target(BadImage, seeds=_isos, words=(b"NM", b"SL", b"CE", b"PX", b"CL", b"RE", b"SP\x07\1\xbe\xef\0"))
def filesystems_iso9660(data: bytes) -> None:
    """
    An ISO9660 is listed and its files are read, or it is refused.
    """
    _list(iso9660.read(_Behind(32 * KIB, data), "fuzz"))


def _disks() -> Iterator[bytes]:
    *_, small, mbr = _tables()
    fats = list(_fats())
    yield small[: 6 * 512] + fats[0][: 4 * 512] + small[10 * 512 :]
    yield mbr[:512] + fats[0] + mbr[512:]
    yield fats[1]
    yield small[: 6 * 512] + next(_members())[: 4 * 512] + small[10 * 512 :]


@target(BadImage, seeds=_disks, longest=32 * KIB, mutation=_with_sums(_gpt_sums))
def whole_disks(data: bytes) -> None:
    """
    A disk is read with its volumes, its system and its target, or is refused.
    """
    found = read_disk(_file(data), "fuzz")
    system_of(found)
    targets_of(found)

"""
Partition tables as sfdisk writes them, spoiled ones included: GPT, MBR, and none at all.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.real_disks import MIB, SECTOR, damaged, gpt_of_large_sectors, partitioned, patched
from tundish.anatomy.disk import table
from tundish.anatomy.image import Partition, Scheme, Table
from tundish.anatomy.readable import Bytes

SIZE = 16 * MIB
GUID = "11111111-2222-4333-8444-555555555555"
_GPT = f"""label: gpt
label-id: {GUID}
start=2048, size=4096, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name="EFI System", uuid={GUID[:-1]}6
start=8192, size=8192, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name="root ü", attrs="LegacyBIOSBootable"
"""
_MBR = """label: dos
label-id: 0x1234abcd
start=2048, size=2048, type=ef, bootable
start=4096, size=20000, type=5
start=6144, size=2048, type=83
start=10240, size=2048, type=82
start=14336, size=2048, type=8e
"""


@cache
def _made(script: str) -> bytes:
    with TemporaryDirectory() as folder:
        return partitioned(SIZE, script, Path(folder))


def gpt() -> bytes:
    return _made(_GPT)


def mbr() -> bytes:
    return _made(_MBR)


def read(data: bytes) -> Table:
    return table.read(Bytes(data))


def test_the_partitions_of_a_gpt_are_listed_with_all_that_it_says() -> None:
    """
    Number, place, type, name, id and the mark for old firmware are those that sfdisk wrote.
    """
    expected = (
        Partition(1, MIB, 2 * MIB, "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "EFI System", f"{GUID[:-1]}6"),
        Partition(2, 4 * MIB, 4 * MIB, "0FC63DAF-8483-4772-8E79-3D69D8477DE4", "root ü", "", bootable=True),
    )
    found = read(gpt())
    second = found.partitions[1]

    assert expected == (found.partitions[0], Partition(*_plain(second), bootable=second.bootable))


def _plain(one: Partition) -> tuple[int, int, int, str, str, str]:
    return one.number, one.start, one.size, one.type, one.name, ""


def test_a_good_gpt_has_no_faults() -> None:
    """
    A table as sfdisk leaves it is whole, with its copy at the end.
    """
    found = read(gpt())

    assert (Scheme.GPT, 512, GUID, True, ()) == (
        found.scheme, found.sector, found.guid, found.backup, found.faults
    )  # fmt: skip


def test_a_gpt_of_sectors_of_4096_bytes_is_found() -> None:
    """
    The second sector is at 4096, and places are counted in such sectors.
    """
    found = read(gpt_of_large_sectors(SIZE, 256, 512))

    assert (4096, MIB, 2 * MIB, ()) == (
        found.sector, found.partitions[0].start, found.partitions[0].size, found.faults
    )  # fmt: skip


def _flipped(data: bytes, at: int) -> bytes:
    return patched(data, at, bytes([data[at] ^ 1]))


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda data: _flipped(data, 512 + 40), "checksum or place of the first GPT header"),
        (lambda data: _flipped(data, 1024 + 60), "checksum of the entries of the first"),
        (lambda data: patched(data, 512, bytes(8)), "the first GPT header is missing"),
        (lambda data: patched(data, len(data) - 512, bytes(512)), "the second GPT header is missing"),
        (lambda data: _flipped(data, len(data) - 512 + 40), "checksum or place of the second"),
        (lambda data: data + bytes(MIB), "second GPT header is in sector 32767, not in the last, 34815"),
        (lambda data: data[: 12 * MIB], "of a larger disk: it goes to sector 32734, the disk to 24575"),
        (lambda data: patched(data, 450, b"\x83"), "no protective MBR"),
    ],
)
def test_a_spoiled_gpt_is_listed_with_its_fault(spoil: Callable[[bytes], bytes], fault: str) -> None:
    """
    One copy that can be read is enough to list the partitions; the fault is named.
    """
    found = read(spoil(gpt()))

    assert (2, True) == (len(found.partitions), any(fault in one for one in found.faults))


def test_a_gpt_whose_copy_is_elsewhere_has_no_backup() -> None:
    """
    After a disk was written onto a larger one, the copy is not where firmware looks.
    """
    assert False is read(gpt() + bytes(MIB)).backup


@pytest.mark.parametrize(("core", "expected"), [(b"\0", 2048), (b"x", None)])
def test_grub_that_leads_to_nothing_is_told(core: bytes, expected: int | None) -> None:
    """
    Its first sector names the one that follows; there may be only zeros.
    """
    boot = patched(gpt(), 0x5C, (2048).to_bytes(8, "little") + bytes(20) + b"GRUB \0Geom")

    assert expected == read(patched(boot, 2048 * 512, core * 512)).leads_to


def test_a_hybrid_is_read_as_gpt() -> None:
    """
    Further rows beside the protective one do not make it an MBR.
    """
    row = bytes.fromhex("80feffff 83feffff 00200000 00200000")

    assert (Scheme.GPT, ()) == ((found := read(patched(gpt(), 462, row))).scheme, found.faults)


def test_the_partitions_of_an_mbr_are_listed_with_their_chain() -> None:
    """
    Logical partitions come from 5 on, with ids as Linux makes them.
    """
    found = [(one.number, one.start // 512, one.type, one.guid) for one in read(mbr()).partitions]

    assert [
        (1, 2048, "EF", "1234abcd-01"),
        (2, 4096, "05", "1234abcd-02"),
        (5, 6144, "83", "1234abcd-05"),
        (6, 10240, "82", "1234abcd-06"),
        (7, 14336, "8E", "1234abcd-07"),
    ] == found


def test_a_good_mbr_has_no_faults() -> None:
    """
    Logical partitions lie in the extended one, which is no overlap.
    """
    found = read(mbr())

    assert (Scheme.MBR, "1234abcd", True, ()) == (
        found.scheme, found.guid, found.partitions[0].bootable, found.faults
    )  # fmt: skip


def test_a_chain_that_goes_in_a_circle_ends() -> None:
    """
    An extended partition whose second link leads back to its first is named.
    """
    link = 4096 * SECTOR + 462
    row = bytes.fromhex("00000000 05000000 00000000 00100000")

    assert any("circle" in fault for fault in read(patched(mbr(), link, row)).faults)


def test_a_broken_chain_lists_what_came_before() -> None:
    """
    A link that bears no mark ends the chain with a fault.
    """
    found = read(patched(mbr(), 4096 * SECTOR + 510, b"\0\0"))

    assert (2, True) == (len(found.partitions), "broken at sector 4096" in found.faults[0])


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("00000000 83000000 00100000 00100000", "partitions 1 and 3 overlap"),
        ("00000000 83000000 00700000 00ffff00", "partition 3 goes to byte"),
        ("07000000 83000000 00700000 00010000", "row 3 of the MBR is neither bootable nor not"),
    ],
)
def test_a_partition_that_cannot_be_is_a_fault(row: str, fault: str) -> None:
    """
    Overlaps and partitions beyond the end are named, and listed.
    """
    data = patched(mbr(), 446 + 32, bytes.fromhex(row))
    data = patched(data, 446, bytes.fromhex("80000000 ef000000 00080000 00100000"))

    assert any(fault in one for one in read(data).faults)


def test_boot_code_is_seen() -> None:
    """
    A first sector that holds something to run says so.
    """
    assert (False, True) == (read(mbr()).boot_code, read(patched(mbr(), 0, b"\xeb\x63")).boot_code)


@pytest.mark.parametrize(
    ("at", "mark"),
    [
        (0, b"XFSB"),
        (1080, b"\x53\xef"),
        (65600, b"_BHRfS_M"),
        (3, b"NTFS    ".ljust(507) + b"\x55\xaa"),
        (0, b"hsqs"),
    ],
)
def test_a_filesystem_on_the_bare_disk_is_a_scheme_of_its_own(at: int, mark: bytes) -> None:
    """
    A superfloppy has no partitions, and no faults.
    """
    assert Table(Scheme.NONE, boot_code=at < 440) == read(patched(bytes(MIB), at, mark))


def test_a_disk_of_nothing_is_told() -> None:
    """
    Neither a table nor a filesystem is a fault.
    """
    assert ("no partition table and no filesystem that is known",) == read(bytes(MIB)).faults


@settings(max_examples=150, deadline=10_000)
@given(
    made=st.sampled_from([gpt, mbr, lambda: gpt_of_large_sectors(SIZE, 256, 512)]),
    cut=st.one_of(st.integers(0, 6000), st.just(SIZE)),
    flips=st.lists(st.tuples(st.integers(0, 20000), st.integers(1, 255)), max_size=6),
)
def test_any_beginning_gives_some_table(
    made: Callable[[], bytes], cut: int, flips: list[tuple[int, int]]
) -> None:
    """
    Damage never ends in an error: a table is a statement of what is there.
    """
    found = table.read(damaged(made(), cut, flips))

    assert len(found.partitions) <= 1024 + 132

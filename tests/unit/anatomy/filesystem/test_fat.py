"""
FAT as mkfs.vfat and mtools make it, compared path by path; and FAT that goes in circles.
"""

from functools import cache, partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.real_disks import MIB, damaged, fat, patched, refusal
from tundish.anatomy.filesystem.fat import read
from tundish.anatomy.filesystem.fat_names import records
from tundish.anatomy.filesystem.filesystem import Filesystem
from tundish.anatomy.index import Index, Kind, Trait
from tundish.anatomy.readable import Bytes, Readable
from tundish.core.errors import BadImage

SIZES = {12: 4 * MIB, 16: 20 * MIB, 32: 40 * MIB}
FILES = {
    "EFI/BOOT/BOOTX64.EFI": Random(1).randbytes(300_001),
    "EFI/debian/grub.cfg": b"search\n",
    "lower.txt": b"lower\n",
    "Größe ü ✓ mixedCase.Text": b"long\n" * 4000,
    "EFI/BOOT/" + "n" * 200: b"",
    **{f"EFI/many/file number {number}.conf": b"%d\n" % number for number in range(90)},
}


@cache
def made(bits: int) -> bytes:
    with TemporaryDirectory() as folder:
        options = ("-F", str(bits), "-n", "ESP", "-i", "abcd1234")
        return fat(FILES, Path(folder), SIZES[bits], *options)


def of(bits: int) -> Filesystem:
    return read(Bytes(made(bits)), "esp")


def listed(found: Filesystem) -> Index:
    assert found.index is not None
    return found.index


@pytest.mark.parametrize("bits", SIZES)
def test_every_file_comes_out_with_its_name_and_bytes(bits: int) -> None:
    """
    Long names, small letters and contents are those that mtools wrote.
    """
    index = listed(of(bits))

    assert FILES == {one.path: index.read(one.path) for one in index if one.kind is Kind.FILE}


@pytest.mark.parametrize("bits", SIZES)
def test_a_filesystem_says_what_it_is(bits: int) -> None:
    """
    Label, serial and width are those that mkfs.vfat was told.
    """
    found = of(bits)

    assert ("ESP", "ABCD-1234", "clean", (f"fat{bits}",)) == (
        found.label, found.uuid, found.state, found.features
    )  # fmt: skip


@pytest.mark.parametrize("bits", SIZES)
def test_what_is_in_use_is_counted(bits: int) -> None:
    """
    At least the bytes of the files, and little more.
    """
    content = sum(map(len, FILES.values()))

    assert content < of(bits).used < content + MIB


def test_free_clusters_are_probed_for_zeros() -> None:
    """
    Bytes left in free space show.
    """
    zeroed = of(16).free_zeroed
    data = patched(made(16), 10 * MIB, b"\1" * (10 * MIB))
    left = read(Bytes(data), "esp").free_zeroed

    assert zeroed is not None
    assert left is not None
    assert (1.0, True) == (zeroed, left < 0.6)


def test_files_have_the_owner_and_mode_that_linux_gives_them() -> None:
    """
    There are no owners: all is of root, and all can be run.
    """
    entry = listed(of(16)).get("EFI/debian/grub.cfg")

    assert entry is not None
    assert (0o755, 0, 0) == (entry.mode, entry.uid, entry.gid)


@pytest.mark.parametrize(("bits", "at"), [(16, 37), (32, 65)])
def test_a_filesystem_that_was_not_unmounted_says_so(bits: int, at: int) -> None:
    """
    Linux mounts it all the same, so it is a feature and no state.
    """
    found = read(Bytes(patched(made(bits), at, b"\1")), "esp")

    assert (("dirty",), "clean") == (found.features[1:], found.state)


def test_a_filesystem_longer_than_its_volume_was_cut_short() -> None:
    """
    What is there is listed.
    """
    found = read(Bytes(made(16)[: 15 * MIB]), "esp")

    assert (True, len(listed(of(16)))) == (found.state.startswith("cut short"), len(listed(found)))


def test_a_short_name_keeps_the_case_that_its_flags_say() -> None:
    """
    Windows marks a short name in small letters instead of writing a long one.
    """
    record = b"README  TXT\x20\x18".ljust(32, b"\0")

    assert ["readme.txt"] == [one.name for one in records(record)]


def test_a_long_name_of_another_file_is_passed_over() -> None:
    """
    Its checksum ties a long name to its short one.
    """
    long = b"\x41" + "evil.".encode("utf-16-le") + b"\x0f\0\x99" + bytes(12) + b"\0\0" + bytes(4)
    record = b"README  TXT\x20".ljust(32, b"\0")

    assert ["README.TXT"] == [one.name for one in records(long.ljust(32, b"\0") + record)]


def _table(data: bytes, cluster: int, value: int) -> bytes:
    """
    An entry of the table of FAT16 changed.
    """
    at = int.from_bytes(data[14:16], "little") * 512 + 2 * cluster
    return patched(data, at, value.to_bytes(2, "little"))


def _place(path: str) -> int:
    entry = listed(of(16)).get(path)
    assert entry is not None
    return entry.place


def test_a_folder_that_goes_in_a_circle_is_left_out() -> None:
    """
    A chain of clusters that leads to its beginning is remarked; the others are listed.
    """
    first = _place("EFI/debian")
    index = listed(read(Bytes(_table(made(16), first, first)), "esp"))

    assert [(Trait.UNREADABLE, "EFI/debian")] == [(one.trait, one.path) for one in index.remarks]


def test_a_file_whose_chain_ends_too_early_is_damaged() -> None:
    """
    Fewer clusters than its size needs are an error when it is read, not fewer bytes.
    """
    data = _table(made(16), _place("EFI/BOOT/BOOTX64.EFI"), 0xFFFF)
    index = listed(read(Bytes(data), "esp"))

    with pytest.raises(BadImage, match=r"BOOTX64\.EFI has 300001 bytes; its chain ends"):
        index.read("EFI/BOOT/BOOTX64.EFI")


def test_a_file_whose_chain_goes_in_a_circle_ends() -> None:
    """
    It gives as many bytes as its size says.
    """
    first = _place("EFI/BOOT/BOOTX64.EFI")
    index = listed(read(Bytes(_table(made(16), first, first)), "esp"))

    assert 300_001 == len(index.read("EFI/BOOT/BOOTX64.EFI"))


def test_a_chain_that_leads_nowhere_is_named() -> None:
    """
    A free cluster in the middle of a file is an error.
    """
    data = _table(made(16), _place("EFI/BOOT/BOOTX64.EFI"), 0)

    with pytest.raises(BadImage, match="leads to cluster 0"):
        listed(read(Bytes(data), "esp")).read("EFI/BOOT/BOOTX64.EFI")


@pytest.mark.parametrize(("at", "new"), [(11, b"\7\0"), (13, b"\0"), (16, b"\0"), (21, b"\1"), (19, b"\1\0")])
def test_a_boot_sector_that_makes_no_sense_is_refused(at: int, new: bytes) -> None:
    """
    Sizes that no FAT has are an error with the name of the volume.
    """
    with pytest.raises(BadImage, match="esp: not the boot sector of FAT"):
        read(Bytes(patched(made(16), at, new)), "esp")


def _all(data: Readable) -> None:
    index = listed(read(data, "esp"))
    for one in index:
        if one.kind is Kind.FILE and one.size < MIB:
            refusal(partial(index.read, one.path))


@settings(max_examples=60, deadline=10_000)
@given(
    cut=st.one_of(st.integers(0, 200_000), st.just(SIZES[12])),
    flips=st.lists(
        st.tuples(st.one_of(st.integers(0, 511), st.integers(512, 60_000)), st.integers(1, 255)), max_size=5
    ),
)
def test_damage_anywhere_ends_in_the_named_error(cut: int, flips: list[tuple[int, int]]) -> None:
    """
    A filesystem cut short or spoiled is listed and read, or refused with BadImage.
    """
    spoiled = damaged(made(12), cut, flips)

    assert isinstance(refusal(lambda: _all(spoiled)), str)

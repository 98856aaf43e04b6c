"""
What the writers of disks promise, held against sfdisk, fsck.fat, mtools, qemu-img and our reader.
"""

from collections.abc import Iterable
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from tests.support.images import File, Folder, Link, Tree, index_of
from tests.support.real_disks import run
from tundish.anatomy.disk.qcow2 import read
from tundish.anatomy.opening import read_image
from tundish.anatomy.pack.disk import Starting, disk
from tundish.anatomy.pack.fat import fat32
from tundish.anatomy.pack.ids import seed_of
from tundish.anatomy.pack.laid import Laid
from tundish.anatomy.pack.qcow2 import Packing, qcow2
from tundish.anatomy.readable import Bytes
from tundish.core.errors import BadImage, InputError

EPOCH = 1_700_000_000
MIB = 1024 * 1024
EFI: Tree = {
    "EFI/BOOT/BOOTX64.EFI": b"MZ" + b"x" * 70_001,
    "EFI/debian/grubx64.efi": b"g" * 512,
    "EFI/debian/A long name of a file, indeed.conf": b"",
    "EFI/debian/A long name of a file, and another.conf": b"y",
    "EFI/debian/thirteen12345": b"no end of the name is written",
    "EFI/debian/Ünïcode.cfg": b"u",
    "EFI/debian/empty": Folder(),
    **{f"EFI/many/file number {number}.txt": b"%d" % number for number in range(300)},
}
ROOT: Tree = {
    "etc/os-release": b"ID=debian\nVERSION_ID=12\n",
    "boot/vmlinuz-6": b"kernel",
    "big": b"a" * 300_000 + bytes(9 * MIB) + b"b",
    **{f"boot/efi/{path}": node for path, node in EFI.items()},
}


def put(pieces: Iterable[tuple[int, bytes]], path: Path, size: int = 0) -> Path:
    with path.open("wb") as output:
        for at, data in pieces:
            output.seek(at)
            output.write(data)
        if size:
            output.truncate(size)
    return path


def laid(tree: Tree, starting: Starting = Starting.UEFI, size: int | None = None) -> Laid:
    root = index_of(tree)
    return disk(root, EPOCH, seed_of(root, EPOCH), starting=starting, size=size)


@pytest.mark.parametrize(
    ("starting", "kinds"),
    [
        (Starting.UEFI, ["esp", "root"]),
        (Starting.BIOS, ["bios", "root"]),
        (Starting.BOTH, ["bios", "esp", "root"]),
    ],
)
def test_a_disk_has_the_partitions_of_its_firmware(starting: Starting, kinds: list[str]) -> None:
    """
    The table is without fault and the root, which grows, is the last.
    """
    found = read_image(Bytes(b"".join(laid(ROOT, starting).filled())), "x").disk

    assert found is not None
    assert ((), True, kinds) == (
        found.table.faults,
        found.table.backup,
        [one.name for one in found.table.partitions],
    )


def test_the_root_is_read_with_what_the_firmware_reads() -> None:
    """
    The content of files comes back, in the root and in the ESP, which is where /boot/efi was.
    """
    root = index_of(ROOT)
    found = read_image(Bytes(b"".join(laid(ROOT).filled())), "x").root
    files = [one.path for one in root if one.kind.value == "file"]

    assert found is not None
    assert [root.read(path) for path in files] == [found.read(path) for path in files]


def test_sfdisk_finds_nothing_wrong(tmp_path: Path) -> None:
    """
    Both headers, all sums and the places of partitions are as it wants them.
    """
    made = laid(ROOT, Starting.BOTH)
    said = run("sfdisk", "-V", put(made.pieces(), tmp_path / "disk", made.size)).decode()

    assert "No errors detected" in said


@pytest.mark.parametrize("size", [None, 300 * MIB])
def test_fsck_finds_nothing_wrong(tmp_path: Path, size: int | None) -> None:
    """
    An ESP with small clusters and one with large ones are clean, and mtools read a file with a long name.
    """
    made = fat32(index_of(EFI), EPOCH, 0x1234_5678, size)
    path = put(made.pieces(), tmp_path / "esp", made.size)
    run("fsck.fat", "-n", path)
    read = run("mtype", "-i", path, "::/EFI/debian/A long name of a file, and another.conf")

    assert b"y" == read


@pytest.mark.parametrize(
    "tree",
    [
        {"link": Link("x")},
        {"EFI/x": b"", "EFI/X": b""},
        {"EFI/a:b": b""},
        {"EFI/dot.": b""},
    ],
)
def test_what_an_esp_cannot_hold_is_refused(tree: Tree) -> None:
    """
    The error names the path.
    """
    with pytest.raises(BadImage, match="boot/efi/"):
        fat32(index_of(tree), EPOCH, 1)


def test_a_disk_is_as_large_as_it_shall_be() -> None:
    """
    All of the size is used, but what is less than a MiB.
    """
    assert 512 * MIB == laid({"etc/x": File(b"x")}, size=512 * MIB + 5).size


def test_a_disk_that_is_too_small_is_refused() -> None:
    """
    The error comes before anything is written.
    """
    with pytest.raises(InputError, match="not enough"):
        laid(ROOT, size=100 * MIB)


def test_the_order_of_paths_does_not_show() -> None:
    """
    Shuffled trees give the same disk.
    """
    turned = {path: ROOT[path] for path in reversed(list(ROOT))}

    assert list(laid(ROOT).pieces()) == list(laid(turned).pieces())


def test_another_root_has_other_ids() -> None:
    """
    One byte more in a file, and neither disk nor partitions are taken for the same.
    """
    one, other = (
        read_image(Bytes(b"".join(laid(tree).filled())), "x").disk
        for tree in ({"etc/x": b"1"}, {"etc/x": b"2"})
    )

    assert one is not None
    assert other is not None
    assert not {one.table.guid, *(part.guid for part in one.table.partitions)} & {
        other.table.guid,
        *(part.guid for part in other.table.partitions),
    }


def test_qemu_reads_the_same_from_a_qcow2(tmp_path: Path) -> None:
    """
    It finds no error in it and no difference to the raw disk, and holes take no room.
    """
    made = laid(ROOT, size=700 * MIB)
    raw = put(made.pieces(), tmp_path / "raw", made.size)
    packed = put(qcow2(made), tmp_path / "qcow2")
    run("qemu-img", "check", packed)
    run("qemu-img", "compare", raw, packed)

    assert packed.stat().st_size < 32 * MIB


def test_a_qcow2_is_read_by_us() -> None:
    """
    What was laid out anywhere comes back, zeros between.
    """
    data = b"x" * 65_537
    made = Laid(3 * MIB, lambda: iter([(5, b"a"), (65_530, data), (3 * MIB - 1, b"z")]))
    file = BytesIO()
    for at, piece in qcow2(made):
        file.seek(at)
        file.write(piece)
    assert b"".join(made.filled()) == read(Bytes(file.getvalue()), "x").read_at(0, 4 * MIB)


@pytest.mark.parametrize("packing", [Packing.ZLIB, Packing.ZSTD])
def test_a_compressed_qcow2_is_the_same_disk_to_qemu(tmp_path: Path, packing: Packing) -> None:
    """
    Qemu finds no fault in the counts and the same bytes in the clusters, packed or not; so does our reader.
    """
    noise = b"".join(sha256(b"%d" % number).digest() for number in range(12_000))
    tree = {**ROOT, "noise": noise, "text": b"tundish \n" * 200_000}
    raw, made = put(laid(tree).pieces(), tmp_path / "raw", laid(tree).size), tmp_path / "made"
    put(qcow2(laid(tree), packing), made)
    run("qemu-img", "check", "-f", "qcow2", made)
    run("qemu-img", "compare", "-f", "raw", "-F", "qcow2", raw, made)
    disk_read = read(Bytes(made.read_bytes()), "made")

    assert raw.read_bytes() == disk_read.read_at(0, disk_read.size)


@pytest.mark.parametrize("packing", list(Packing))
def test_threads_do_not_change_a_qcow2(packing: Packing) -> None:
    """
    One thread and four give the same pieces.
    """
    one, four = (list(qcow2(laid(ROOT), packing, threads)) for threads in (1, 4))

    assert one == four

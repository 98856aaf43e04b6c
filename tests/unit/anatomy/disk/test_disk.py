"""
A disk in full; which of its volumes is the system, what is mounted where, and what is the target.

`volumes` and `fstab` are proved here, too.
"""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.disks import ESP, Part, disk
from tests.support.images import Folder, Tree
from tests.support.real_disks import MIB, converted, fat, partitioned, patched, physical_volume
from tests.unit.anatomy.disk.test_lvm import group, volume
from tundish.anatomy.disk.disk import read_disk, system_of, target_of, targets_of
from tundish.anatomy.image import Disk, Form, Scheme
from tundish.anatomy.index import Index
from tundish.anatomy.readable import Bytes
from tundish.core.errors import BadImage

OWN = "8STHdy1cYAqvF9iEW10C2Ro3uxP9Hdzo"
ROOT: Tree = {"etc/os-release": "ID=debian\n", "boot": Folder(), "efi": Folder()}
BOOT: Tree = {"vmlinuz-6.1": "kernel", "grub/grub.cfg": "menu"}
LOADERS: Tree = {"EFI/BOOT/BOOTX64.EFI": "MZ"}
_TABLE = f"""label: gpt
start=2048, size=8192, type={ESP}
start=10240, size=20480, type=E6D6D379-F507-44C2-A23C-238F2A3DF928
start=32768, size=2048, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4
"""


@cache
def made() -> bytes:
    """
    A disk with an ESP, a volume group that holds a system on FAT, and a partition of nothing.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        data = partitioned(20 * MIB, _TABLE, folder)
        esp = fat({"EFI/BOOT/BOOTX64.EFI": b"MZ"}, folder, 4 * MIB, "-n", "ESP", "-i", "12345678")
        fstab = b"/dev/mapper/vg--0-root / vfat defaults 0 0\nUUID=1234-5678 /boot/efi vfat umask=77 0 1\n"
        root = fat({"etc/os-release": b"ID=debian\n", "etc/fstab": fstab}, folder, 8 * MIB)
        member = physical_volume(group(volume("root", 2048), extents=2048), OWN, root)
        return patched(patched(data, MIB, esp), 5 * MIB, member)


@cache
def packed() -> bytes:
    with TemporaryDirectory() as folder:
        return converted(made(), Path(folder), "-c", "-O", "qcow2")


def read(data: bytes) -> Disk:
    return read_disk(Bytes(data), "disk.img")


@pytest.mark.parametrize(("data", "form"), [(made, Form.DISK), (packed, Form.QCOW2)])
def test_every_volume_of_a_disk_is_listed(data: object, form: Form) -> None:
    """
    Partitions by their number, logical volumes by their group, whatever form the disk has.
    """
    assert callable(data)
    found = read(data())

    assert (
        form,
        20 * MIB,
        [("1", Form.FAT), ("2", Form.LVM), ("3", Form.EMPTY), ("vg-0/root", Form.FAT)],
    ) == (found.form, found.size, [(one.name, one.form) for one in found.volumes])


def test_a_volume_group_is_listed_with_its_volumes() -> None:
    """
    The group, and the physical volume that carries it.
    """
    found = read(made())

    assert ([("vg-0", ("vg-0/root",))], "8STHdy-1cYA-qvF9-iEW1-0C2R-o3ux-P9Hdzo") == (
        [(one.name, one.volumes) for one in found.groups],
        found.volumes[1].uuid,
    )


def test_the_system_of_a_real_disk_has_its_esp_in_place() -> None:
    """
    The root is in a logical volume, and fstab names the ESP by its serial number.
    """
    root = system_of(read(made()))

    assert root is not None
    assert (b"ID=debian\n", b"MZ") == (
        root.read("etc/os-release"), root.read("boot/efi/EFI/BOOT/BOOTX64.EFI")
    )  # fmt: skip


def test_a_damaged_volume_says_why_and_the_others_are_read() -> None:
    """
    A spoiled ESP has no index; the disk goes on.
    """
    found = read(patched(made(), MIB + 36, b"\xff\xff\xff\xff" * 3 + bytes(8)))
    spoiled = read(patched(made(), MIB + 17, b"\0\0\1\0\xf8\1\0"))

    assert (None, True, "damaged", True) == (
        spoiled.volumes[0].index,
        spoiled.volumes[0].why.startswith("disk.img, volume 1: "),
        spoiled.volumes[0].state,
        found.volumes[-1].index is not None,
    )


def test_a_damaged_volume_group_does_not_end_the_disk() -> None:
    """
    Of a physical volume whose description is spoiled, the label is known.
    """
    found = read(patched(made(), 5 * MIB + 4096 + 700, b"!!!!"))

    assert (True, 3) == ("checksum of the metadata" in found.volumes[1].why, len(found.volumes))


def test_a_filesystem_on_the_bare_disk_is_one_volume() -> None:
    """
    Its name is that of the whole.
    """
    found = read(made()[MIB : 5 * MIB])

    assert (Scheme.NONE, [("disk", "ESP")]) == (
        found.table.scheme, [(one.name, one.label) for one in found.volumes]
    )  # fmt: skip


def test_a_disk_cut_short_lists_what_is_there() -> None:
    """
    Partitions beyond the end are named, not read.
    """
    found = read(made()[: 6 * MIB])

    assert ("it lies beyond the end of the disk", True) == (
        found.volumes[2].why, found.volumes[0].index is not None
    )  # fmt: skip


def test_a_disk_that_is_not_whole_is_refused() -> None:
    """
    An image file that cannot be entered at all is an error with its name.
    """
    with pytest.raises(BadImage, match=r"disk\.img: qcow2"):
        read(packed()[:60])


def _mounted(root: Index | None, path: str) -> bool:
    assert root is not None
    return path in root


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("UUID=AB-CD", Part(Form.EXT, tree=BOOT, uuid="ab-cd")),
        ("LABEL=boot", Part(Form.EXT, tree=BOOT, label="boot")),
        ('LABEL="boot"', Part(Form.EXT, tree=BOOT, label="boot")),
        ("PARTUUID=00000000-0000-0000-0000-000000000002", Part(Form.EXT, tree=BOOT)),
        ("/dev/disk/by-uuid/ab-cd", Part(Form.EXT, tree=BOOT, uuid="ab-cd")),
        ("/dev/sda2", Part(Form.EXT, tree=BOOT)),
        ("/dev/nvme0n1p2", Part(Form.EXT, tree=BOOT)),
        ("/dev/vda2", Part(Form.EXT, tree=BOOT)),
    ],
)
def test_fstab_names_a_volume_in_many_ways(name: str, part: Part) -> None:
    """
    By what the filesystem says, by what the table says, by number.
    """
    root = {**ROOT, "etc/fstab": f"# a comment\n\n{name} /srv\\040data ext4 defaults 0 2\nproc /proc proc\n"}
    found = system_of(disk(Part(Form.EXT, tree=root), part))

    assert _mounted(found, "srv data/vmlinuz-6.1")


def test_what_fstab_does_not_say_is_told_by_content() -> None:
    """
    A volume with kernels is /boot, the ESP is below it.
    """
    found = system_of(
        disk(
            Part(Form.FAT, ESP, LOADERS),
            Part(Form.EXT, tree=BOOT),
            Part(Form.EXT, tree={**ROOT, "boot/efi": Folder()}),
        )
    )

    assert (True, True) == (
        _mounted(found, "boot/vmlinuz-6.1"), _mounted(found, "boot/efi/EFI/BOOT/BOOTX64.EFI")
    )  # fmt: skip


def test_an_empty_folder_efi_takes_the_esp() -> None:
    """
    Where the root has such a folder, and none below /boot.
    """
    kernel: Tree = {**ROOT, "boot/vmlinuz": "kernel"}
    found = system_of(disk(Part(Form.FAT, ESP, LOADERS), Part(Form.EXT, tree=kernel)))

    assert _mounted(found, "efi/EFI/BOOT/BOOTX64.EFI")


def test_an_esp_with_kernels_is_boot() -> None:
    """
    As systemd-boot has it.
    """
    esp: Tree = {**LOADERS, "vmlinuz-6.1": "kernel"}
    found = system_of(disk(Part(Form.FAT, ESP, esp), Part(Form.EXT, tree=ROOT)))

    assert _mounted(found, "boot/EFI/BOOT/BOOTX64.EFI")


def test_a_root_in_a_subvolume_is_found_with_its_other_subvolumes() -> None:
    """
    Fedora keeps / and /home in subvolumes of one btrfs.
    """
    fstab = "UUID=b / btrfs subvol=root,compress=zstd:1 0 0\nUUID=b /home btrfs subvol=home 0 0\n"
    tree: Tree = {"root/etc/os-release": "ID=fedora\n", "root/etc/fstab": fstab, "home/me/file": "mine"}
    found = system_of(disk(Part(Form.BTRFS, tree=tree, uuid="b")))

    assert found is not None
    assert (b"ID=fedora\n", b"mine") == (found.read("etc/os-release"), found.read("home/me/file"))


def test_the_installer_sees_what_a_mount_shows() -> None:
    """
    SUSE makes the subvolume of its root the one that is mounted; another folder /curtin is out of sight.
    """
    tree: Tree = {"@/etc/os-release": "ID=sles\n", "@/curtin/curtin-hooks": "", "@/snaps/x": ""}
    hidden: Tree = {"curtin/curtin-hooks": "", "@/etc/os-release": "ID=sles\n"}
    made = [disk(Part(Form.BTRFS, tree=one, shown="@")) for one in (tree, hidden)]

    assert [(1, True), (0, True)] == [
        (len(targets_of(one)), _mounted(system_of(one), "etc/os-release")) for one in made
    ]


def test_a_disk_of_windows_has_a_system() -> None:
    """
    By its folder, whose partition need not be the first.
    """
    found = system_of(disk(Part(Form.FAT, ESP, LOADERS), Part(Form.NTFS, tree={"Windows/System32/a": ""})))

    assert _mounted(found, "Windows/System32/a")


def test_a_disk_without_a_system_has_none() -> None:
    """
    Loaders alone are no system.
    """
    assert None is system_of(disk(Part(Form.FAT, ESP, LOADERS), Part(Form.EXT)))


def test_the_target_is_the_last_volume_with_a_folder_for_the_installer() -> None:
    """
    Several are told; the last that can be mounted counts.
    """
    made = disk(
        Part(Form.EXT, tree={"curtin/curtin-hooks": ""}),
        Part(Form.EXT, tree={"system-data/var/lib/snapd/x": ""}),
        Part(Form.EXT, tree={"curtin/finalize": ""}, state="needs recovery"),
        Part(Form.EXT, tree={"curtin": "a file"}),
    )
    target = target_of(made)

    assert target is not None
    assert (["1", "2", "3"], "2") == ([one.name for one in targets_of(made)], target.name)


def test_partitions_over_the_same_bytes_are_not_read_over_and_over() -> None:
    """
    Four rows for one filesystem cost no more than two readings of the disk.
    """
    row = bytes.fromhex("000000000c00000000080000") + (8192).to_bytes(4, "little")
    table = bytes(446) + row * 4 + b"\x55\xaa"
    found = read(table + bytes(MIB - 512) + made()[MIB : 5 * MIB] + bytes(MIB))

    assert [True, True, True, False] == [one.index is not None for one in found.volumes]

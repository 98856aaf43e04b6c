"""
A disk in full, and what there is to run on it: its system, and what the installer would take for it.
"""

from collections.abc import Iterator, Mapping

from tundish.anatomy.disk import forms, table
from tundish.anatomy.disk.fstab import Mount, mounts_of, names
from tundish.anatomy.disk.volumes import volumes_of
from tundish.anatomy.image import Disk, Form, Volume
from tundish.anatomy.index import Index
from tundish.anatomy.readable import Readable

_RELEASES = ("etc/os-release", "usr/lib/os-release")
_WINDOWS = "Windows/System32"
_SUBVOLUMES = ("@", "root", "@rootfs", "@/.snapshots/1/snapshot")  # where distributions put their root
_TARGETS = ("curtin", "system-data/var/lib/snapd", "snaps")
_BOOT, _ESP, _OTHER_ESP = "boot", "boot/efi", "efi"
_KERNELS = ("vmlinuz*", "vmlinux*", "Image*", "grub/*", "grub2/*", "loader/entries/*")


def read_disk(readable: Readable, name: str) -> Disk:
    """
    Read a disk file of any form that is known.

    Raises:
        BadImage: the file is damaged, or not the whole of a disk.
    """
    form, disk = forms.bare(readable, name)
    found = table.read(disk)
    volumes, groups = volumes_of(disk, found, name)
    return Disk(form, disk.size, found, volumes, groups)


def system_of(disk: Disk) -> Index | None:
    """
    The root as a running system sees it, `/boot` and the ESP in their places; None if no system is found.
    """
    for volume in disk.volumes:
        if volume.index is not None and (root := root_in(volume)) is not None:
            return root.with_mounts(_mounts(root, volume, disk))
    for volume in disk.volumes:
        if volume.index is not None and volume.index.is_folder(_WINDOWS):
            return volume.index
    return None


def system_volume(disk: Disk) -> Volume | None:
    """
    The volume whose root `system_of` takes for that of a Linux.
    """
    return next((one for one in disk.volumes if root_in(one) is not None), None)


def targets_of(disk: Disk) -> tuple[Volume, ...]:
    """
    The volumes in which the installer would see its target, in its order.
    """
    return tuple(
        volume
        for volume in disk.volumes
        if (index := volume.mounted) is not None and any(map(index.is_folder, _TARGETS))
    )


def target_of(disk: Disk) -> Volume | None:
    """
    The last volume that can be mounted and holds what the installer looks for.
    """
    return next((volume for volume in reversed(targets_of(disk)) if volume.state == "clean"), None)


def root_in(volume: Volume) -> Index | None:
    """
    The root of the system that a volume holds, be it in a subvolume; None if there is none.
    """
    for index in (volume.mounted, volume.index):
        if index is not None and any(index.get(path) for path in _RELEASES):
            return index
    index = volume.index
    if index is not None and volume.form is Form.BTRFS:
        for folder in _SUBVOLUMES:
            if any(index.get(f"{folder}/{path}") for path in _RELEASES):
                return index.within(folder)
    return None


def _mounts(root: Index, own: Volume, disk: Disk) -> Mapping[str, Index]:
    others = [one for one in disk.volumes if one.index is not None and one is not own]
    found = {
        mount.at: index
        for mount in mounts_of(root)
        if mount.at and (index := _mounted(mount, [*others, own])) is not None
    }
    used = {id(index) for index in found.values()}
    left = [one for one in others if one.index is not None and id(one.index) not in used]
    for at, index in _guessed(root, left, disk):
        found.setdefault(at, index)
    return found


def _mounted(mount: Mount, volumes: list[Volume]) -> Index | None:
    for volume in volumes:
        if volume.index is None or not names(mount.what, volume):
            continue
        if not mount.subvolume:
            return volume.mounted
        if volume.index.is_folder(mount.subvolume):
            return volume.index.within(mount.subvolume)
    return None


def _guessed(root: Index, volumes: list[Volume], disk: Disk) -> Iterator[tuple[str, Index]]:
    """
    What fstab does not say, by what the volumes hold.
    """
    boot_is_empty = not any(_has_kernel(root, f"{_BOOT}/"))
    other_esp = not root.is_folder(_ESP) and root.is_folder(_OTHER_ESP) and not root.children(_OTHER_ESP)
    for volume in volumes:
        if volume.index is None:
            continue
        is_esp = volume is disk.esp or (volume.form is Form.FAT and _has_loaders(volume.index))
        boots = boot_is_empty and any(_has_kernel(volume.index, ""))
        if boots and not (is_esp and root.is_folder(_ESP)):
            yield _BOOT, volume.index
        elif is_esp:
            yield _OTHER_ESP if other_esp else _ESP, volume.index


def _has_kernel(index: Index, prefix: str) -> Iterator[bool]:
    return (True for pattern in _KERNELS for _ in index.matching(prefix + pattern))


def _has_loaders(index: Index) -> bool:
    return any(entry.name.upper() == "EFI" for entry in index.children(""))

"""
What GRUB's own configuration on a disk names: the filesystem it looks for, and the root it gives the kernel.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tundish.anatomy.image import Disk
from tundish.anatomy.index import Index
from tundish.check.subject import Subject
from tundish.core.errors import BadImage

_MENUS = ("boot/grub/grub.cfg", "boot/grub2/grub.cfg")
_STUBS = ("boot/efi/EFI/*/grub.cfg", "efi/EFI/*/grub.cfg")
_OTHERS = (  # loaders that read no grub.cfg, and menus of other kinds
    *("boot/loader/entries/*", "boot/efi/loader/entries/*", "efi/loader/entries/*", "boot/extlinux/*"),
    *("boot/syslinux/*", "boot/grub/menu.lst", "boot/grub/grub.conf", "boot/efi/EFI/Linux/*"),
    *("efi/EFI/Linux/*", "boot/boot.scr", "boot/efi/EFI/refind/*"),
)
_FOLDERS = ("boot/grub", "boot/grub2")
_MAX_MENU = 1024 * 1024
_MAX_FILES = 20
_SEARCH = re.compile(r"^[ \t]*search(\.fs_uuid|\.fs_label|[ \t])([^\n]*)$", re.MULTILINE)
_ROOT = re.compile(
    r"^\s*linux\w*\s[^\n]*?\sroot=(?:(UUID|LABEL|PARTUUID|PARTLABEL)=)?([^\s\"'=$]+)", re.MULTILINE
)
_ENTRY = re.compile(r"^\s*(?:menuentry|linux|blscfg)", re.MULTILINE)  # what a file that leads on lacks
_DEVICE = re.compile(r"/dev/(?:loop|nbd|[shv]d[a-z]|xvd[a-z]|nvme|mmcblk)\w*$")
_OF_THE_BUILD = re.compile(r"/dev/(?:loop|nbd)")
MAKES_MENU = r"update-grub|grub2?-mkconfig|grub-reboot|grubby|kernel-install"


@dataclass(frozen=True, slots=True)
class Named:
    """
    A filesystem that a file names, as `kind` and `value`.
    """

    path: str
    kind: str  # UUID, LABEL, PARTUUID, PARTLABEL; empty for a device
    value: str
    use: str  # what for

    @property
    def spec(self) -> str:
        return f"{self.kind}={self.value}" if self.kind else self.value


def _named(root: Index) -> Iterator[Named]:
    """
    Each filesystem that GRUB is told to look for, and each root that it names to a kernel, once.
    """
    seen: set[tuple[str, str, str]] = set()
    for path in _files(root):
        text = _text(root, path)
        found = [
            *_searched(text),
            *((m[1] or "", m[2], "gives the kernel as its root") for m in _ROOT.finditer(text)),
        ]
        for kind, value, use in found:
            if (kind, value, use) not in seen:
                seen.add((kind, value, use))
                yield Named(path, kind, value, use)


def astray(subject: Subject, disk: Disk) -> Iterator[tuple[Named, str, bool]]:
    """
    What is named and is not there: of each file only where nothing else is named for the same use, since a
    menu may offer other systems, too. With it why, and whether some machines have it all the same.
    """
    groups: dict[tuple[str, str], list[Named]] = {}
    for one in _named(subject.root) if subject.root else ():
        groups.setdefault((one.path, one.use), []).append(one)
    held = volumes_named(disk)
    for group in groups.values():
        if all(one.kind and one.value.lower() not in held[one.kind] for one in group):
            yield group[0], "which no volume of the disk has", False
        elif all(not one.kind and _DEVICE.match(one.value) for one in group):
            of_the_build = _OF_THE_BUILD.match(group[0].value) is not None
            why = "a device of the build" if of_the_build else "as some machines call their first disk"
            yield group[0], why, not of_the_build


def lacks_menu(subject: Subject) -> bool:
    """
    Whether GRUB is what a disk boots by, and nothing there tells it of a kernel.
    """
    root = subject.root
    if root is None or not any(root.is_folder(folder) for folder in _FOLDERS):
        return False
    if any(root.is_file(path) for path in _MENUS) or any(any(root.matching(at)) for at in _OTHERS):
        return False
    return not any(_ENTRY.search(_text(root, path)) for path in _files(root))


def _searched(text: str) -> Iterator[tuple[str, str, str]]:
    """
    What `search` commands look for, by UUID or label; a name in a variable is not known.
    """
    for how, line in _SEARCH.findall(text):
        words = line.split()
        plain = [word for word in words if not word.startswith("-") and "$" not in word]
        by_uuid = how == ".fs_uuid" or bool({"--fs-uuid", "-u"} & set(words))
        by_label = how == ".fs_label" or bool({"--label", "-l"} & set(words))
        if plain and by_uuid != by_label:
            value = plain[0] if how.startswith(".") else plain[-1]
            yield "UUID" if by_uuid else "LABEL", value.strip("\"'"), "looks for"


def volumes_named(disk: Disk) -> dict[str, set[str]]:
    """
    The names of a disk's volumes, by kind, in lower case.
    """
    return {
        "UUID": {one.uuid.lower() for one in disk.volumes},
        "LABEL": {one.label.lower() for one in disk.volumes},
        "PARTUUID": {one.partition.guid.lower() for one in disk.volumes if one.partition},
        "PARTLABEL": {one.partition.name.lower() for one in disk.volumes if one.partition},
    }


def _files(root: Index) -> list[str]:
    places = [path for path in _MENUS if root.is_file(path)]
    return [*places, *(entry.path for at in _STUBS for entry in root.matching(at))][:_MAX_FILES]


def _text(root: Index, path: str) -> str:
    try:
        return root.text(path, _MAX_MENU) or ""
    except BadImage:
        return ""

"""
The loaders that firmware could start: PE files below EFI/ on the ESP, or where the root keeps it.

Names are compared without regard to case, as FAT does.
"""

from collections.abc import Iterator

from tundish.anatomy.facts import Loader
from tundish.anatomy.image import Disk, Form
from tundish.anatomy.index import Entry, Index, Kind
from tundish.anatomy.system import pe
from tundish.anatomy.system.beginning import beginning
from tundish.core.errors import BadImage

MAX_LOADERS = 64
MAX_LOADER = 8 * 1024 * 1024  # a section table stands at the start; SBAT within this
_PLACES = ("boot/efi", "efi", "boot")


def read(index: Index, disk: Disk | None) -> tuple[Loader, ...]:
    """
    Every loader, each path once; those of the disk's own volumes come first.
    """
    found: dict[str, Loader] = {}
    for where, folder in _folders(index, disk):
        for entry in where.below(folder):
            if entry.kind is Kind.FILE and entry.name.lower().endswith(".efi") and len(found) < MAX_LOADERS:
                path = f"EFI/{entry.path[len(folder) :].strip('/')}"
                if path.lower() not in found and (loader := _loader(where, entry, path)):
                    found[path.lower()] = loader
    return tuple(found[path] for path in sorted(found))


def _folders(index: Index, disk: Disk | None) -> Iterator[tuple[Index, str]]:
    for volume in disk.volumes if disk else ():
        if volume.index is not None and (volume.form is Form.FAT or volume == (disk and disk.esp)):
            yield from ((volume.index, each.path) for each in _efi(volume.index, ""))
    for place in _PLACES:
        yield from ((index, each.path) for each in _efi(index, place))


def _efi(index: Index, folder: str) -> Iterator[Entry]:
    """
    The folder EFI; directly in /boot it is not to be confused with the place of the ESP.
    """
    for entry in index.children(folder):
        named = entry.name == "EFI" if folder == "boot" else entry.name.lower() == "efi"
        if named and entry.kind is Kind.FOLDER:
            yield entry


def _loader(index: Index, entry: Entry, path: str) -> Loader | None:
    """
    A loader whose head cannot be read is named without anything that it would say.
    """
    try:
        found = pe.read(beginning(index, entry.path, MAX_LOADER), entry.size)
    except BadImage:
        return Loader(path, "")
    return Loader(path, found.arch, found.signed, found.sbat)

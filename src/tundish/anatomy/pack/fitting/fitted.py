"""
A root as it has to be on a new disk to be started there: fstab, loaders in the ESP, and what GRUB reads.

Only files of the image are used, and nothing of it is run. What fits already stays as it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tundish.anatomy.facts import Kernel
from tundish.anatomy.index import Entry, Index, Kind
from tundish.anatomy.pack.fitting import fstab, loaders, menu
from tundish.anatomy.pack.fitting.loaders import ESP, FIRMWARES, Copy, Firmware
from tundish.anatomy.pack.fitting.names import MAX_FSTAB, Names, found, rows
from tundish.anatomy.system import kernels, os_release
from tundish.anatomy.system.architecture import arch_of
from tundish.core.digest import Digest

_FSTAB = "etc/fstab"
_FOLDERS = ("boot/grub2", "boot/grub")  # the first that is there is the system's own


@dataclass(frozen=True, slots=True)
class Fitted:
    """
    `changed` pairs each path that the image has not, or has otherwise, with the reason.
    """

    root: Index
    names: Names
    changed: tuple[tuple[str, str], ...] = ()


def fitted(root: Index, epoch: int, seed: bytes, *, has_esp: bool) -> Fitted:
    """
    The root for a disk with an ESP, or for one without; a root that is no system stays as it is.

    Raises:
        BadImage: a file that is asked for is damaged.
    """
    names = found(root, seed)
    if not os_release.read(root).source:
        return Fitted(root, names)
    fitting = _Fitting(root, epoch, names)
    if has_esp:
        fitting.start()
    text = root.text(_FSTAB, MAX_FSTAB) or ""
    if (new := fstab.fitted(text, names, has_esp=has_esp)) != text:
        fitting.write(_FSTAB, new, "names what is on the disk")
    made = Index(root.origin, fitting.entries(), _Over(root, fitting.fresh), root.remarks)
    return Fitted(made, names, tuple(fitting.changed))


class _Fitting:
    """
    Files laid over a root.
    """

    def __init__(self, root: Index, epoch: int, names: Names) -> None:
        self._root, self._epoch, self._names = root, epoch, names
        self._over: dict[str, Entry] = {}
        self.fresh: dict[str, bytes | str] = {}
        self.changed: list[tuple[str, str]] = []

    def start(self) -> None:
        """
        All that a kernel needs to be started by UEFI, where there are a kernel and a loader.
        """
        arch = arch_of(self._root, (), ())
        firmware, known = FIRMWARES.get(arch), kernels.read(self._root)
        if firmware is None or not known:
            return
        copies = loaders.copies(self._root, firmware)
        if not copies and not loaders.has_default(self._root, firmware):
            return
        for one in copies:
            self._copy(one)
        folder = next((one for one in _FOLDERS if self._root.is_folder(one)), _FOLDERS[-1])
        self._configure(folder, known, arch)
        for place in self._pointers(copies, firmware):
            self._point(place, folder)

    def write(self, path: str, text: str, why: str) -> None:
        data, old = text.encode(errors="surrogateescape"), self._root.get(path)
        base = old if old is not None and old.kind is Kind.FILE else Entry(path, Kind.FILE)
        mtime = max(base.mtime, 0) or self._epoch
        digest = Digest.of(data)
        self._over[path] = replace(base, size=len(data), first="", mtime=mtime, digest=digest)
        self.fresh[path] = data
        self._hang(path)
        self.changed.append((path, why))

    def entries(self) -> Iterator[Entry]:
        heirs: dict[str, str] = {}
        for one in self._root:
            if one.first in self._over:
                heirs.setdefault(one.first, one.path)
        for one in self._root:
            if one.path in self._over:
                continue
            heir = heirs.get(one.first, one.first)
            yield one if heir == one.first else replace(one, first="" if heir == one.path else heir)
        yield from self._over.values()

    def _copy(self, one: Copy) -> None:
        old, target = self._root.get(one.source), self._cased(one.target)
        if old is not None:
            kept = replace(old, path=target, first="", xattrs=(), mode=0o755)
            self._over[target], self.fresh[target] = kept, one.source
            self._hang(target)
            self.changed.append((target, f"is {one.source} of the image"))

    def _configure(self, folder: str, known: tuple[Kernel, ...], arch: str) -> None:
        path = f"{folder}/grub.cfg"
        title = os_release.read(self._root).pretty
        if not self._fits(path):
            text = menu.menu(self._root, self._names, title, known, arch)
            self.write(path, text, "starts the kernels of the image")

    def _pointers(self, copies: tuple[Copy, ...], firmware: Firmware) -> Iterator[str]:
        """
        Where the GRUBs of the ESP look.
        """
        grub = f"grub{firmware.short}.efi"
        there = [one.path for one in self._root.below(ESP) if one.name.lower() in {grub, "grub.efi"}]
        new = [one.source for one in copies if "grub" in one.source.rpartition("/")[2]]
        names = [path.split("/")[-2] for path in there if path.count("/") > 2]
        for name in dict.fromkeys(("BOOT", *loaders.prefixes(self._root, (*there, *new)), *names)):
            yield f"{ESP}/EFI/{name}"

    def _point(self, place: str, folder: str) -> None:
        path = self._cased(f"{place}/grub.cfg")
        if path not in self._over and not self._fits(path):
            self.write(path, menu.pointer(self._names, folder), "leads GRUB to the root")

    def _cased(self, path: str) -> str:
        """
        A path of the ESP, which does not tell cases apart, as the image has it.
        """
        there = {one.path.lower(): one.path for one in self._root.below(ESP)}
        above, _, name = path.rpartition("/")
        return there.get(path.lower()) or f"{there.get(above.lower(), above)}/{name}"

    def _fits(self, path: str) -> bool:
        """
        Whether a configuration of the image finds the root, with /boot in it.
        """
        text = (self._root.text(path, menu.MAX_CONFIG) or "").lower()
        return str(self._names.root) in text and not any(at == "/boot" for _, at, *_ in rows(self._root))

    def _hang(self, path: str) -> None:
        above = path.rpartition("/")[0]
        while above and self._root.get(above) is None and above not in self._over:
            self._over[above] = Entry(above, Kind.FOLDER, 0o755, mtime=self._epoch)
            above = above.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class _Over:
    old: Index
    fresh: Mapping[str, bytes | str]  # content, or the path of the image that has it

    def stream(self, entry: Entry) -> Iterator[bytes]:
        made = self.fresh.get(entry.path, entry.path)
        return iter((made,)) if isinstance(made, bytes) else self.old.stream(made)

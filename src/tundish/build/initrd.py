"""
Make the initrd: our own, small, and the same every time.

It holds the image's busybox, the modules of the image's own kernel, and the scripts in `machine/`.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib import resources

from tundish.anatomy import modules
from tundish.anatomy.archive import Archive
from tundish.anatomy.codec import expanded, gzipped
from tundish.anatomy.cpio import Member, file, folder, newc
from tundish.core.errors import InputError

BASE = ("loop", "squashfs", "overlay", "virtio_pci", "virtio_rng", "virtio_mmio")
NETWORK = (
    *("virtio_net", "vmxnet3", "hv_netvsc", "xen_netfront", "ena", "gve"),
    *("e1000", "e1000e", "igb", "igc", "ixgbe", "ixgbevf", "i40e", "iavf", "ice"),
    *("tg3", "bnxt_en", "bnx2x", "bnx2", "mlx4_en", "mlx5_core", "r8169", "realtek", "atlantic", "qede"),
    *("be2net", "cxgb4", "enic", "sfc", "ionic", "fm10k", "forcedeth", "8139cp", "ne2k_pci"),
)
SCRIPTS = ("lease", "report", "report.service")
BUSYBOX = ("usr/bin/busybox", "bin/busybox")

Unzstd = Callable[[bytes], bytes]


def build_initrd(root: Archive, release: str, unzstd: Unzstd) -> bytes:
    """
    The initrd for the kernel `release` of a root, gzip-compressed.

    Raises:
        InputError: the root lacks busybox or the modules of that kernel.
    """
    return gzipped(newc((*_programs(root), *_modules(root, release, unzstd))))


def _programs(root: Archive) -> Iterator[Member]:
    busybox = next((path for path in BUSYBOX if root.has(path)), None)
    if busybox is None:
        raise InputError("the image has no busybox; add the package busybox-static to the recipe")
    yield file("init", _script("init"), executable=True)
    yield folder("bin")
    yield file("bin/busybox", root.read(busybox), executable=True)
    for name in SCRIPTS:
        yield file(f"bin/{name}", _script(name), executable=not name.endswith(".service"))


def _script(name: str) -> bytes:
    return resources.files("tundish.build").joinpath("machine", name).read_bytes()


def _modules(root: Archive, release: str, unzstd: Unzstd) -> Iterator[Member]:
    """
    The modules with their folders and tables, all uncompressed: busybox reads nothing else.
    """
    top = next((top for top in _tops(release) if root.has(f"{top}/modules.dep")), None)
    if top is None:
        raise InputError(f"the image has no modules of its kernel {release}")
    known = modules.dependencies(root.read(f"{top}/modules.dep").decode())
    order = modules.load_order((*BASE, *NETWORK), known)
    target = f"lib/modules/{release}"
    yield from map(folder, _parents([f"{target}/{path}" for path in order]))
    for path in order:
        packed = root.read(f"{top}/{path}")
        data = unzstd(packed) if path.endswith(".zst") else expanded(path, packed)
        yield file(f"{target}/{modules.plain(path)}", data)
    yield file(f"{target}/modules.dep", modules.table(order, known).encode())
    names = {modules.name_of(path) for path in order}
    yield file(f"{target}/modules.alias", _aliases(root, top, names).encode())
    yield file("lib/modules/wanted", " ".join(name for name in BASE if name in names).encode())


def _tops(release: str) -> tuple[str, str]:
    return (f"usr/lib/modules/{release}", f"lib/modules/{release}")


def _aliases(root: Archive, top: str, names: set[str]) -> str:
    return modules.aliases(root.read(f"{top}/modules.alias").decode(), names)


def _parents(paths: Sequence[str]) -> list[str]:
    """
    Every folder above these paths, each after the one that holds it.
    """
    parts = [path.split("/") for path in paths]
    return sorted({"/".join(segments[:end]) for segments in parts for end in range(1, len(segments))})

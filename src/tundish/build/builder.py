"""
Build an image: a recipe, through a root filesystem in a tar, to five blobs in the store.

Only making the root needs privileges (root's, or a user namespace); packing reads the tar and never
unpacks it. Everything on the way lives in one folder below `work`, which is gone at the end, however
the build ends.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from tundish.anatomy.archive import Archive
from tundish.anatomy.packages import Package, installed, manifest
from tundish.anatomy.sniff import is_bzimage
from tundish.build.built import Built, Step
from tundish.build.cleaning import LINES
from tundish.build.initrd import build_initrd
from tundish.build.recipe import Recipe
from tundish.build.workplace import private_folder, scratch_for
from tundish.core.clock import monotonic
from tundish.core.errors import InputError
from tundish.store.blobs import Blob, BlobSink
from tundish.store.durable import on_disk
from tundish.tools.compress import gzip_file, unzstd
from tundish.tools.mmdebstrap import Bootstrap, bootstrap
from tundish.tools.squashfs import squash

CHUNK = 1024 * 1024
KERNEL_LINKS = ("vmlinuz", "boot/vmlinuz")

Progress = Callable[[str], None]


def build(recipe: Recipe, *, cache: Path, work: Path, store: BlobSink, progress: Progress) -> Built:
    """
    Carry out a recipe. `cache` keeps downloaded packages for the next build.

    Raises:
        ToolMissing, ToolFailed: a program is not installed, or failed; its last words are told.
        InputError: the packages do not make a bootable image.
        NoSpace, StorageError: this machine's disk does not take it; nothing half-made is left.
    """
    packages = cache / f"{recipe.os}-{recipe.series}-{recipe.arch}"
    with on_disk(work), private_folder(work) as folder:
        packages.mkdir(parents=True, exist_ok=True)
        kitchen = _Kitchen(recipe, folder, store, progress)
        kitchen.make_root(packages)
        built = kitchen.pack()
        prune(packages, built.packages)
    return built


class _Kitchen:
    """
    One build under way: its recipe, its folder, and the seconds spent.
    """

    def __init__(self, recipe: Recipe, folder: Path, store: BlobSink, progress: Progress) -> None:
        self._recipe, self._folder, self._store, self._progress = recipe, folder, store, progress
        self._tar = folder / "root.tar"
        self._steps: list[Step] = []

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self._progress(name)
        began = monotonic()
        yield
        self._steps.append(Step(name, monotonic() - began))

    def make_root(self, cache: Path) -> None:
        place = scratch_for(self._folder, is_root=os.geteuid() == 0)
        with self._step("root filesystem"), private_folder(place) as scratch:
            scratch.chmod(0o755)
            what = Bootstrap(
                suite=self._recipe.series,
                sources=self._recipe.sources,
                packages=self._recipe.packages,
                cleaning=LINES,
                epoch=self._recipe.epoch,
                cache=cache,
                scratch=scratch,
            )
            bootstrap(what, self._tar, self._progress)

    def pack(self) -> Built:
        squashfs, root_tgz = self._pack_squashfs(), self._pack_tgz()
        with self._step("kernel, initrd and manifest"), self._tar.open("rb") as stream:
            root = Archive.read_from(stream, "the root filesystem")
            packages = installed(root.read("var/lib/dpkg/status").decode())
            release, kernel = find_kernel(root)
            boot = self._store.add([kernel]), self._store.add([build_initrd(root, release, unzstd)])
            listed = self._store.add([manifest(packages)])
        return Built(
            recipe=self._recipe.content_id,
            release=release,
            kernel_package=kernel_package(packages, release),
            packages=packages,
            kernel=boot[0],
            initrd=boot[1],
            squashfs=squashfs,
            root_tgz=root_tgz,
            manifest=listed,
            steps=tuple(self._steps),
        )

    def _pack_squashfs(self) -> Blob:
        with self._step("squashfs"):
            target = self._folder / "squashfs"
            squash(self._tar, target, epoch=self._recipe.epoch)
            return self._keep(target)

    def _pack_tgz(self) -> Blob:
        with self._step("root.tar.gz"):
            return self._keep(gzip_file(self._tar))

    def _keep(self, path: Path) -> Blob:
        blob = self._store.add(_pieces(path))
        path.unlink()
        return blob


def find_kernel(root: Archive) -> tuple[str, bytes]:
    """
    The release and the bytes of a root's newest kernel.

    Raises:
        InputError: there is none, or it is not a kernel that boots.
    """
    linked = (root.resolve(path) for path in KERNEL_LINKS if root.has(path))
    found = sorted(path for path in root.files_below("boot") if path.startswith("boot/vmlinuz-"))
    path = next(linked, found[-1] if found else None)
    if path is None:
        raise InputError("the image has no kernel; add a kernel package to the recipe")
    data = root.read(path)
    if not is_bzimage(data):
        raise InputError(f"{path} of the image is not an x86 kernel that boots")
    return path.rpartition("/")[2].removeprefix("vmlinuz-"), data


def kernel_package(packages: Iterable[Package], release: str) -> Package:
    """
    The package that brings the kernel `release`.

    Raises:
        InputError: no installed package has that release in its name.
    """
    for package in packages:
        if package.name.startswith("linux-image-") and package.name.endswith(release):
            return package
    raise InputError(f"no installed package brings the kernel {release}")


def prune(cache: Path, packages: Iterable[Package]) -> None:
    """
    Drop from the cache what an installed package has replaced; other packages stay.
    """
    current = {package.name: package.version for package in packages}
    for path in cache.glob("*_*_*.deb"):
        name, version, _ = path.name.split("_", 2)
        if current.get(name, unquote(version)) != unquote(version):
            path.unlink(missing_ok=True)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            yield piece

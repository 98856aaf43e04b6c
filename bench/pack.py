"""
A root to pack: a folder of 200 MB in 6,000 files, as a tar.gz and as disks, against the common programs.

What these write differs from run to run and machine to machine; no partition is made for their disk.
"""

from pathlib import Path

from bench.looking import Look, Work
from bench.root import files

FILES, CONTENT = 6_000, 200_000_000
_COMMON = """
import os, sys
os.execvp("sh", ["sh", "-e", "-c", {line!r}, sys.argv[1], sys.argv[1] + ".common"])
"""
_TAR = 'tar -C "$0" -c . | gzip -n >"$1.tgz"'
_DISK = """
rm -f "$1.raw"
mke2fs -q -t ext4 -d "$0" "$1.raw" 320m
qemu-img convert -O qcow2 "$1.raw" "$1.qcow2"
"""
_PACK = """
import os, sys
from tundish.cli.main import run
for container in {containers!r}:
    target = sys.argv[1] + "." + container
    if os.path.exists(target):
        os.unlink(target)
    words = "--state", sys.argv[1] + ".state", "pack", sys.argv[1], "--as", container, "-o", target
    if run([*words, *{options!r}]):
        sys.exit(1)
"""


def make(folder: Path) -> Path:
    """
    Raises:
        RunFailed: this machine has no files of its own.
    """
    tree = folder / "tree"
    for path, data in files(FILES, CONTENT):
        place = tree / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return tree


def _pack(name: str, *containers: str, options: tuple[str, ...] = ("--no-verify",)) -> Work:
    return Work(name, _PACK.format(containers=containers, options=options))


PACK = Look(
    "pack",
    "A root of 200 MB in 6,000 files: packed as tgz, and as a raw disk and a qcow2",
    make,
    (
        Work("tar into gzip -n", _COMMON.format(line=_TAR)),
        _pack("pack as tgz", "tgz"),
        _pack("pack as tgz, read back", "tgz", options=()),
        Work("mke2fs -d, qemu-img convert", _COMMON.format(line=_DISK)),
        _pack("pack as ddraw and qcow2", "ddraw", "qcow2"),
        _pack("pack as ddraw and qcow2, read back", "ddraw", "qcow2", options=()),
    ),
    (
        ("pack as tgz", "tar into gzip -n"),
        ("pack as tgz, read back", "tar into gzip -n"),
        ("pack as ddraw and qcow2", "mke2fs -d, qemu-img convert"),
        ("pack as ddraw and qcow2, read back", "mke2fs -d, qemu-img convert"),
    ),
)

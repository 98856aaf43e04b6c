"""
A folder with everything that a filesystem can hold, and what the kernel says of it, to compare readers with.
"""

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from tests.support.real_disks import MIB, run
from tests.support.sparse import Sparse
from tundish.anatomy.index import Index, Kind

KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.FOLDER,
    stat.S_IFLNK: Kind.LINK,
    stat.S_IFCHR: Kind.CHAR,
    stat.S_IFBLK: Kind.BLOCK,
    stat.S_IFIFO: Kind.FIFO,
    stat.S_IFSOCK: Kind.SOCKET,
}
CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")
ACL = bytes.fromhex(
    "0200000001000600ffffffff02000600e803000004000400ffffffff10000600ffffffff20000400ffffffff"
)
Seen = Mapping[str, tuple[object, ...]]


def populate(folder: Path, *, many: int = 400, far: int = 70 * MIB, large: int = 2000) -> None:
    """
    Fill a folder with one of each: devices and owners only where the user may make them.
    """
    chance = Random(1)
    (folder / "etc/deep/er").mkdir(parents=True)
    (folder / "etc/hostname").write_bytes(b"host\n")
    (folder / "etc/deep/er/words").write_bytes(b"the same words again and again\n" * 20_000)
    (folder / "etc/Größe ü").write_bytes(chance.randbytes(100))
    (folder / "etc/noise").write_bytes(chance.randbytes(300_001))
    (folder / "empty").write_bytes(b"")
    (folder / "empty-folder").mkdir()
    (folder / "short").symlink_to("etc/hostname")
    (folder / "long").symlink_to("x" * 700)
    for name, count in (("few", 9), ("some", 60), ("many", many)):
        (folder / name).mkdir()
        for number in range(count):
            (folder / name / f"a file with the number {number}").write_bytes(b"%d" % number)
    for number in range(0, many, 3):
        (folder / "many" / f"a file with the number {number}").unlink()
    with (folder / "holes").open("wb") as file:
        for number in range(150):
            file.seek(number * 200_000 % 3_000_017 // 4096 * 4096 + number)
            file.write(bytes([number]) * 2000)
        file.seek(far)
        file.write(b"far away")
        file.truncate(far + 5000)
    os.link(folder / "etc/hostname", folder / "hard")
    os.mkfifo(folder / "pipe", 0o640)
    (folder / "etc/hostname").chmod(0o4751)
    os.utime(folder / "pipe", (1, 2_000_000_000))
    os.utime(folder / "empty", (1, -5))
    with suppress(OSError):
        os.setxattr(folder / "etc/noise", "user.note", b"noted")
        os.setxattr(folder / "etc", "user.large", b"L" * large)
        for number in range(12):
            os.setxattr(folder / "few", f"user.number{number}", b"n" * number * 9)
    if os.geteuid() == 0:
        _as_root(folder)


def _as_root(folder: Path) -> None:
    os.chown(folder / "etc/noise", 100_000, 70_000)
    os.mknod(folder / "console", stat.S_IFCHR | 0o600, os.makedev(5, 1))
    os.mknod(folder / "disk", stat.S_IFBLK | 0o660, os.makedev(300, 70_000))
    with suppress(OSError):
        os.setxattr(folder / "few/a file with the number 1", "security.capability", CAPABILITY)
        os.setxattr(folder / "few/a file with the number 2", "system.posix_acl_access", ACL)
        os.setxattr(folder / "some", "system.posix_acl_default", ACL)


def leave_a_log(at: Path) -> None:
    """
    Write something that stands in the log only until the filesystem is unmounted.
    """
    (at / "first").touch()
    run("sync", "-f", at)
    with (at / "second").open("wb") as file:
        file.write(b"2" * 9999)
        file.flush()
        os.fsync(file.fileno())


def seen(folder: Path) -> Seen:
    """
    What the kernel says of a folder and all that is below it.
    """
    found: dict[str, tuple[object, ...]] = {}
    for path in (folder, *folder.rglob("*")):
        about = path.lstat()
        kind = KINDS[stat.S_IFMT(about.st_mode)]
        names = os.listxattr(path, follow_symlinks=False)
        found[path.relative_to(folder).as_posix().removeprefix(".")] = (
            kind,
            stat.S_IMODE(about.st_mode),
            about.st_uid,
            about.st_gid,
            about.st_size if kind in {Kind.FILE, Kind.LINK} else 0,
            about.st_mtime_ns // 1_000_000_000,
            path.readlink().as_posix() if kind is Kind.LINK else "",
            {name: os.getxattr(path, name, follow_symlinks=False) for name in names if "SGI" not in name},
            (os.major(about.st_rdev), os.minor(about.st_rdev)),
            sha256(path.read_bytes()).hexdigest() if kind is Kind.FILE else "",
        )
    return found


def told(index: Index) -> Seen:
    """
    The same as a reader says it.
    """
    return {
        one.path: (
            one.kind,
            one.mode,
            one.uid,
            one.gid,
            one.size,
            one.mtime,
            one.target,
            dict(one.xattrs),
            one.device,
            sha256(b"".join(index.stream(one.path))).hexdigest() if one.kind is Kind.FILE else "",
        )
        for one in index
    }


def mounted(
    image: Path,
    folder: Path,
    options: str,
    act: Callable[[Path], None],
    *,
    spoil: bool = False,
    look: bool = True,
) -> tuple[Sparse, Seen]:
    """
    Let the kernel mount an image and do something in it: the image, and what the kernel then says is in it.
    With `spoil` the image is taken while it is mounted.

    A machine where this cannot be done skips the test.
    """
    at = folder / "mounted"
    at.mkdir(exist_ok=True)
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount")
    try:
        run("mount", "-o", f"loop{options}", image, at)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"nothing can be mounted here: {error}")
    taken: Sparse | None = None
    try:
        act(at)
        if spoil:
            taken = Sparse.of(image)
        found = seen(at) if look else {}
    finally:
        run("umount", at)
    return taken or Sparse.of(image), found

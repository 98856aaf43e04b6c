"""
A real root as members of a tar, to be spoiled as a build or a person would, and packed.

Its programs are cut after their first bytes, so that dozens of variants are packed and read in a minute;
all else is as dpkg left it.
"""

import bz2
import io
import lzma
import re
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from isal import igzip

from tests.support.real_disks import run

MADE_AT = 1764000000
CUT_TO = 1024
_LEFT_OUT = re.compile(
    r"usr/share/(?:doc|man|locale|i18n|zoneinfo|[bpv])|usr/lib/(?:modules/|python3\.|gcc|grub/i386|grub/x86_64-efi/|grub/.*/(?:gcd|grubnet))"
    r"|usr/lib/python3/dist-packages/s|.*/perl|var/lib/dpkg/info/"
)
_WHOLE = re.compile(
    r"etc/|var/lib/dpkg/status$|var/cache/debconf/|usr/lib/(?:shim|grub)/.*-signed"
    r"|.*\.(?:efi|signed|cfg|conf)$"
)
_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gz": lambda data: igzip.compress(data, 0, mtime=0),
    "bz2": lambda data: bz2.compress(data, 1),
    "xz": lambda data: lzma.compress(data, preset=0),
    "": lambda data: data,
}


@dataclass(frozen=True)
class Member:
    """
    One member; `name` overrides how it is called in the tar, which is its path behind `./`.
    """

    data: bytes = b""
    kind: bytes = tarfile.REGTYPE
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    target: str = ""
    name: str = ""
    device: tuple[int, int] = (0, 0)
    xattrs: tuple[tuple[str, str], ...] = ()


@dataclass
class Root:
    """
    What is in a root, by path, in the order of the tar.
    """

    members: dict[str, Member] = field(default_factory=dict)

    def copy(self) -> "Root":
        return Root(dict(self.members))

    def put(self, path: str, text: str | bytes = "", mode: int = 0o644) -> None:
        """
        Lay a file there, with the folders above it.
        """
        above = path.split("/")[:-1]
        for count in range(1, len(above) + 1):
            self.members.setdefault("/".join(above[:count]), Member(kind=tarfile.DIRTYPE, mode=0o755))
        self.members[path] = Member(text.encode() if isinstance(text, str) else text, mode=mode)

    def folder(self, path: str, mode: int = 0o755) -> None:
        self.members[path] = Member(kind=tarfile.DIRTYPE, mode=mode)

    def link(self, path: str, target: str) -> None:
        self.members[path] = Member(kind=tarfile.SYMTYPE, mode=0o777, target=target)

    def change(
        self, path: str, *, name: str | None = None, uid: int | None = None, mode: int | None = None
    ) -> None:
        """
        Change what is given of a member, and leave the rest.
        """
        old = self.members[path]
        self.members[path] = replace(
            old,
            name=old.name if name is None else name,
            uid=old.uid if uid is None else uid,
            mode=old.mode if mode is None else mode,
        )

    def text(self, path: str) -> str:
        return self.members[path].data.decode()

    def edit(self, path: str, old: str, new: str) -> None:
        """
        Replace a piece of a file that must be there.
        """
        text = self.text(path)
        assert old in text, (path, old)
        self._write(path, text.replace(old, new).encode())

    def _write(self, path: str, data: bytes) -> None:
        self.members[path] = replace(self.members[path], data=data)

    def append(self, path: str, text: str) -> None:
        self._write(path, self.members[path].data + text.encode())

    def drop(self, *paths: str) -> None:
        """
        Take paths away, with what is below them.
        """
        for path in paths:
            gone = [one for one in self.members if one == path or one.startswith(path + "/")]
            assert gone, path
            for one in gone:
                del self.members[one]

    def packed(self, how: str = "gz") -> bytes:
        return _COMPRESS[how](self.tar())

    def tar(self) -> bytes:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path, member in self.members.items():
                tar.addfile(_info(path, member), io.BytesIO(member.data))
        return stream.getvalue()


def _info(path: str, member: Member) -> tarfile.TarInfo:
    info = tarfile.TarInfo(member.name or f"./{path}".rstrip("/"))
    info.type, info.mode, info.uid, info.gid = member.kind, member.mode, member.uid, member.gid
    info.linkname, info.size, info.mtime = member.target, len(member.data), MADE_AT
    info.devmajor, info.devminor = member.device
    info.pax_headers = {f"SCHILY.xattr.{name}": value for name, value in member.xattrs}
    return info


def read_root(path: Path) -> Root:
    """
    The root of a tar that mmdebstrap made, its programs cut.
    """
    root = Root()
    with tarfile.open(path) as tar:
        for info in tar:
            name = info.name.removeprefix("./").strip("/").removeprefix(".")
            if _LEFT_OUT.match(name):
                continue
            file = tar.extractfile(info) if info.isfile() else None
            root.members[name] = Member(
                _cut(name, file.read() if file else b""),
                info.type,
                info.mode,
                info.uid,
                info.gid,
                info.linkname,
                device=(info.devmajor, info.devminor),
                xattrs=tuple(_xattrs(info.pax_headers)),
            )
    return root


def _cut(name: str, data: bytes) -> bytes:
    return data if _WHOLE.match(name) else data[:CUT_TO]


def _xattrs(headers: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    start = "SCHILY.xattr."
    return ((key.removeprefix(start), value) for key, value in headers.items() if key.startswith(start))


_PACKAGES = (
    "cloud-init,netplan.io,lsb-release,openssh-server,sudo,systemd-sysv,shim-signed,grub-efi-amd64,"
    "grub-efi-amd64-signed,efibootmgr,cloud-guest-utils,initramfs-tools"
)
KERNEL = "6.8.0-45-generic"
HOOK = """#!/usr/bin/env python3
import os, shutil, subprocess
target = os.environ["TARGET_MOUNT_POINT"]
subprocess.run(["chroot", target, "grub-install", "--target=x86_64-efi", "--removable"], check=True)
subprocess.run(["chroot", target, "update-grub"], check=True)
shutil.rmtree(os.path.join(target, "curtin"))
"""
_NOBLE = """PRETTY_NAME="Ubuntu 24.04.1 LTS"
NAME="Ubuntu"
VERSION_ID="24.04"
VERSION_CODENAME=noble
ID=ubuntu
ID_LIKE=debian
"""


def debian(folder: Path) -> Root:
    """
    A Debian of this machine's archive, without kernel, made by mmdebstrap, and cleaned as a build should.
    """
    made = folder / "root.tar"
    run(
        *("mmdebstrap", "--quiet", "--variant=minbase", "--dpkgopt=force-unsafe-io"),
        *("--aptopt=Acquire::Languages none", f"--include={_PACKAGES}", "bookworm", made),
    )
    root = read_root(made)
    made.unlink()
    below = ("etc/ssh/ssh_host_", "dev/", "proc/", "sys/", "run/", "tmp/", "var/log/")
    root.members = {path: one for path, one in root.members.items() if not path.startswith(below)}
    root.put("etc/hostname")
    root.put("etc/machine-id", "uninitialized\n")
    root.put("usr/lib/firmware/README")
    root.link("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf")
    root.put("etc/default/grub", 'GRUB_CMDLINE_LINUX_DEFAULT="quiet splash"\nGRUB_CMDLINE_LINUX=""\n')
    return root


def with_kernel(root: Root, version: str) -> None:
    """
    The kernel of the root, and no other.
    """
    for path in [path for path in root.members if path.startswith(("boot/vmlinuz", "boot/initrd"))]:
        del root.members[path]
    root.put(f"boot/vmlinuz-{version}", bytes(514) + b"HdrS" + bytes(64))
    root.put(f"boot/initrd.img-{version}", b"070701".ljust(110, b"0"))
    root.put(f"usr/lib/modules/{version}/modules.dep")
    root.link("boot/vmlinuz", f"vmlinuz-{version}")


def like_ubuntu(root: Root) -> Root:
    """
    The same root as Ubuntu 24.04 with a kernel: what the installer and the rules tell it by.
    """
    made = root.copy()
    made.put("usr/lib/os-release", _NOBLE)
    made.put("etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=24.04\nDISTRIB_CODENAME=noble\n")
    made.put("etc/apt/sources.list")
    made.put(
        "etc/apt/sources.list.d/ubuntu.sources",
        "Types: deb\nURIs: http://archive.ubuntu.com/ubuntu/\nSuites: noble\nComponents: main\n",
    )
    made.put("usr/share/keyrings/ubuntu-archive-keyring.gpg", b"\x99")
    with_kernel(made, KERNEL)
    return made

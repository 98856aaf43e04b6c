"""
Small root filesystems as tars, as a package manager would have left them.
"""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping

from tests.support.images import File, Folder, Link
from tests.support.systems import ubuntu

RELEASE = "6.1.0-1-amd64"
MODULES = f"usr/lib/modules/{RELEASE}"
KERNEL = (b"\0" * 0x1FE + b"\x55\xaa\xeb\x66HdrS".ljust(0x13, b"\0") + b"\x01").ljust(1024, b"k")
STATUS = (
    f"Package: linux-image-{RELEASE}\nStatus: install ok installed\nVersion: 6.1.1-1\n\n"
    "Package: busybox-static\nStatus: install ok installed\nVersion: 1:1.35.0-4\n"
    "Description: tools\n many: tools\n\n"
    "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
)
FILES: Mapping[str, bytes] = {
    "usr/bin/busybox": b"\x7fELF busybox",
    f"boot/vmlinuz-{RELEASE}": KERNEL,
    f"{MODULES}/modules.dep": b"kernel/loop.ko:\nkernel/virtio_net.ko: kernel/failover.ko kernel/virtio.ko\n"
    b"kernel/failover.ko:\nkernel/virtio.ko:\nkernel/sound.ko:\n",
    f"{MODULES}/modules.alias": b"# made\nalias virtio:d00000001v* virtio_net\nalias pci:v1* sound\n",
    f"{MODULES}/kernel/loop.ko": b"loop",
    f"{MODULES}/kernel/virtio_net.ko": b"net",
    f"{MODULES}/kernel/failover.ko": b"failover",
    f"{MODULES}/kernel/virtio.ko": b"virtio",
    f"{MODULES}/kernel/sound.ko": b"sound",
    "var/lib/dpkg/status": STATUS.encode(),
}
LINKS: Mapping[str, str] = {
    "bin": "usr/bin",
    "lib": "usr/lib",
    "vmlinuz": f"boot/vmlinuz-{RELEASE}",
}


def tar_of(files: Mapping[str, bytes] = FILES, links: Mapping[str, str] = LINKS) -> io.BytesIO:
    """
    A tar of these files and symbolic links, names led by `./` as tar writes them.
    """
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for name, target in links.items():
            member = tarfile.TarInfo(f"./{name}")
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    stream.seek(0)
    return stream


def root_tgz(size: int = 0, salt: str = "") -> bytes:
    """
    A root that MAAS can deploy, as tar in gzip, with so many bytes in it that cannot be made smaller.
    """
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, node in ubuntu().items():
            member = tarfile.TarInfo(f"./{name}")
            if isinstance(node, Link):
                member.type, member.linkname = tarfile.SYMTYPE, node.target
                tar.addfile(member)
            elif isinstance(node, Folder):
                member.type, member.mode = tarfile.DIRTYPE, node.mode
                tar.addfile(member)
            elif isinstance(node, str | bytes | File):
                data = node.data if isinstance(node, File) else node
                _add(tar, member, data.encode() if isinstance(data, str) else data)
        _add(tar, tarfile.TarInfo("./opt/filling"), hashlib.shake_128(salt.encode()).digest(size))
    return gzip.compress(stream.getvalue(), 1, mtime=0)


def _add(tar: tarfile.TarFile, member: tarfile.TarInfo, data: bytes) -> None:
    member.size, member.mode = len(data), member.mode | 0o755
    tar.addfile(member, io.BytesIO(data))

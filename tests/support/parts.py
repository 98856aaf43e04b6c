"""
Parts of systems as trees: what `systems.py` puts together.

Each is as small as it can be while everything that a rule asks for is there, where it really stands.
"""

import struct
from collections.abc import Iterable

from tests.support.images import File, Folder, Link, Node
from tundish.anatomy.cpio import folder, newc

Parts = dict[str, Node]

_MACHINES = {"amd64": (0x3E, 0x8664), "arm64": (0xB7, 0xAA64)}  # ELF, PE


def program(arch: str = "amd64") -> File:
    """
    Something executable: the head of an ELF file.
    """
    head = struct.pack("<4sBBB9xHHI", b"\x7fELF", 2, 1, 1, 3, _MACHINES[arch][0], 1)
    return File(head.ljust(64, b"\0"), 0o755)


def script(text: str) -> File:
    return File(text.encode(), 0o755)


def pe(arch: str = "amd64", *, signed: bool = True, sbat: str = "") -> bytes:
    """
    A PE32+ file with one section `.sbat`, and with a certificate table if it is signed.
    """
    text = sbat.encode()
    length = (len(text) + 511) // 512 * 512
    table = struct.pack("<IHH8s", 16, 0x200, 2, b"\x30\x06\x06\x04\x2a\x03\x04\x05") if signed else b""
    directories = [(0, 0)] * 16
    directories[4] = (1024 + length, len(table)) if signed else (0, 0)
    coff = struct.pack("<4sHHIIIHH", b"PE\0\0", _MACHINES[arch][1], 1, 0, 0, 0, 112 + 128, 0x22)
    optional = struct.pack("<HBBIIIIIQIIHHHHHHIIIIHHQQQQII", 0x20B, 0, 0, 0, 0, 0, 0, 0, 0, 4096, 512, 0, 0,
                           0, 0, 0, 0, 0, 8192, 1024, 0, 10, 0, 0, 0, 0, 0, 0, 16)  # fmt: skip
    section = struct.pack("<8sIIIIIIHHI", b".sbat", len(text), 4096, length, 1024, 0, 0, 0, 0, 0x40000040)
    head = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    data = head + coff + optional + b"".join(struct.pack("<II", *one) for one in directories) + section
    return data.ljust(1024, b"\0") + text.ljust(length, b"\0") + table


SHIM = "sbat,1,SBAT Version,sbat,1,https://sbat.example/\nshim,4,UEFI shim,shim,1,https://shim.example/\n"
GRUB = "sbat,1,SBAT Version,sbat,1,https://sbat.example/\ngrub,5,FSF,grub,2.12,https://grub.example/\n"


def loaders(folder: str, arch: str = "amd64") -> Parts:
    """
    A signed shim and GRUB in `EFI/<folder>`, and the fallback copy, as the packages of rpm systems put them.
    """
    short = {"amd64": "x64", "arm64": "aa64"}[arch]
    efi = "boot/efi/EFI"
    return {
        f"{efi}/{folder}/shim{short}.efi": pe(arch, sbat=SHIM),
        f"{efi}/{folder}/grub{short}.efi": pe(arch, sbat=GRUB),
        f"{efi}/BOOT/BOOT{short.upper()}.EFI": pe(arch, sbat=SHIM),
        f"{efi}/BOOT/fb{short}.efi": pe(arch, sbat=SHIM),
    }


def base(os_release: str, hostname: str = "") -> Parts:
    """
    What every Linux with a merged /usr has, its accounts locked.
    """
    return {
        "bin": Link("usr/bin"),
        "sbin": Link("usr/sbin"),
        "lib": Link("usr/lib"),
        "lib64": Link("usr/lib64"),
        "usr/lib64": Folder(),
        "usr/sbin": Folder(),
        "usr/bin/bash": program(),
        "usr/bin/sh": Link("bash"),
        "usr/lib/os-release": os_release,
        "etc/os-release": Link("../usr/lib/os-release"),
        "etc/machine-id": File(b"", 0o444),
        "etc/hostname": hostname,
        "etc/fstab": "# made when the machine is deployed\n",
        "etc/passwd": (
            "root:x:0:0:root:/root:/bin/bash\nbin:x:1:1:bin:/bin:/usr/sbin/nologin\n"
            "sshd:x:74:74::/run/sshd:/usr/sbin/nologin\n"
        ),
        "etc/group": "root:x:0:\nbin:x:1:\nsshd:x:74:\n",
        "etc/shadow": File(b"root:*:19000:0:99999:7:::\nbin:*:19000:::::::\nsshd:!:19000::::::\n", 0o640),
        "etc/sudoers": File(b"root ALL=(ALL:ALL) ALL\n%wheel ALL=(ALL) ALL\n", 0o440),
        "etc/ssh/sshd_config": "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n#PermitRootLogin yes\n",
        "boot": Folder(),
        "dev": Folder(),
        "proc": Folder(0o555),
        "sys": Folder(0o555),
        "run": Folder(),
        "root": Folder(0o700),
        "tmp": Folder(0o1777),
        "var/tmp": Folder(0o1777),
        "var/log": Folder(),
    }


def cloud_init(version: str, user: str, *, packages: str, units: str = "cloud-init.target.wants") -> Parts:
    """
    cloud-init with the MAAS data source, oauthlib beside it, and its units enabled. `packages` is the folder
    of its interpreter's modules.
    """
    enabled = ("cloud-init-local", "cloud-init", "cloud-config", "cloud-final")
    return {
        "usr/bin/cloud-init": script("#!/usr/bin/python3\n"),
        "usr/bin/python3": program(),
        "etc/cloud/cloud.cfg": (
            f"users:\n  - default\nsystem_info:\n  default_user:\n    name: {user}\n    lock_passwd: true\n"
            '    sudo: ["ALL=(ALL) NOPASSWD:ALL"]\n'
        ),
        f"{packages}/cloudinit/version.py": f'__VERSION__ = "{version}"\n',
        f"{packages}/cloudinit/sources/DataSourceMAAS.py": "class DataSourceMAAS: ...\n",
        f"{packages}/oauthlib/__init__.py": "",
        f"{packages}/serial/__init__.py": "",
        "usr/lib/systemd/system-generators/cloud-init-generator": script("#!/bin/sh\n"),
        "usr/lib/systemd/system/cloud-init.target": "[Unit]\n",
        **{f"usr/lib/systemd/system/{one}.service": "[Unit]\n" for one in enabled},
        **{
            f"etc/systemd/system/{units}/{one}.service": Link(f"/usr/lib/systemd/system/{one}.service")
            for one in enabled
        },
    }


def network_manager() -> Parts:
    return {
        "usr/sbin/NetworkManager": program(),
        "usr/lib/systemd/system/NetworkManager.service": "[Unit]\n",
        "etc/systemd/system/multi-user.target.wants/NetworkManager.service": Link(
            "/usr/lib/systemd/system/NetworkManager.service"
        ),
    }


def networkd() -> Parts:
    return {
        "usr/lib/systemd/systemd-networkd": program(),
        "usr/lib/systemd/system/systemd-networkd.service": "[Unit]\n",
        "etc/systemd/system/multi-user.target.wants/systemd-networkd.service": Link(
            "/usr/lib/systemd/system/systemd-networkd.service"
        ),
    }


def kernel(version: str, initrd: str, *, modules: str = "usr/lib/modules") -> Parts:
    """
    A kernel in /boot, its modules, and its initrd, whose name has the version for `{}`.
    """
    return {
        f"boot/vmlinuz-{version}": File(b"\0" * 514 + b"HdrS" + b"\0" * 64, 0o644),
        f"boot/{initrd.format(version)}": File(newc([folder("bin")]), 0o600),
        f"{modules}/{version}/modules.dep": "",
        f"{modules}/{version}/kernel/drivers/nvme/host/nvme.ko": b"",
    }


def dpkg(packages: Iterable[str], arch: str = "amd64", held: Iterable[str] = ()) -> Parts:
    """
    The database of dpkg, and its programs. A package is `name` or `name=version`.
    """
    holds = set(held)
    blocks = []
    for name, _, version in (each.partition("=") for each in packages):
        state = "hold" if name in holds else "install"
        blocks.append(
            f"Package: {name}\nStatus: {state} ok installed\n"
            f"Architecture: {arch}\nVersion: {version or '1.0-1'}\n"
        )
    return {
        "usr/bin/dpkg": program(arch),
        "usr/bin/dpkg-query": program(arch),
        "usr/bin/apt-get": program(arch),
        "var/lib/dpkg/status": "\n".join(blocks),
    }


def rpm(*, database: str = "var/lib/rpm/rpmdb.sqlite", macros: str = "") -> Parts:
    """
    The programs of rpm, and where its database stands; what it holds is given beside the tree.
    """
    folder: Parts = {"usr/lib/rpm/macros.d/macros.dist": macros} if macros else {}
    return {"usr/bin/rpm": program(), "usr/bin/dnf": program(), database: b"SQLite format 3\0", **folder}


def own_hooks(command: str = "/usr/local/sbin/make-bootable") -> Parts:
    """
    Hooks that do without curtin's modules, use no network and take themselves away. `command` is what they
    run in the machine's root.
    """
    words = ", ".join(f'"{word}"' for word in command.split())
    text = (
        "#!/usr/bin/env python3\n"
        "import os, shutil, subprocess\n"
        'target = os.environ["TARGET_MOUNT_POINT"]\n'
        f'subprocess.run(["chroot", target, {words}], check=True)\n'
        'shutil.rmtree(os.path.join(target, "curtin"))\n'
    )
    return {"curtin/curtin-hooks": script(text), "usr/local/sbin/make-bootable": script("#!/bin/bash\n")}

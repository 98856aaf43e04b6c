"""
Facts of the small trees of `systems.py`, read in the plainest way, for as long as nothing better is there.
"""

import re

from tundish.anatomy.facts import (
    CloudInit,
    Facts,
    Family,
    Hooks,
    Installed,
    Kernel,
    Loader,
    Os,
    Password,
    User,
)
from tundish.anatomy.index import Index

_FAMILIES = {
    "debian": Family.DEBIAN,
    "ubuntu": Family.DEBIAN,
    "suse": Family.SUSE,
    "sles": Family.SUSE,
    "opensuse": Family.SUSE,
    "alpine": Family.ALPINE,
    "arch": Family.ARCH,
    "gentoo": Family.GENTOO,
    **dict.fromkeys(
        ["rhel", "centos", "rocky", "almalinux", "ol", "fedora", "mariner", "redhat"], Family.REDHAT
    ),
}


def plain_facts(index: Index) -> Facts:
    text = index.text("etc/os-release") or ""
    fields = {key: value.strip("\"'") for key, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE)}
    os = Os(
        fields.get("ID", ""),
        tuple(fields.get("ID_LIKE", "").split()),
        fields.get("VERSION_ID", ""),
        fields.get("VERSION_CODENAME", ""),
        fields.get("NAME", ""),
        fields.get("PRETTY_NAME", ""),
        "etc/os-release" if text else "",
    )
    known = [_FAMILIES[each] for each in (os.id, *os.like) if each in _FAMILIES]
    return Facts(
        family=known[0] if known else Family.OTHER,
        os=os,
        arch="amd64",
        package_system="dpkg" if index.is_file("var/lib/dpkg/status") else "rpm",
        packages=_dpkg(index),
        kernels=tuple(_kernels(index)),
        loaders=tuple(
            Loader(one.path.removeprefix("boot/efi/"), "amd64", signed=True)
            for one in index.matching("boot/efi/EFI/*/*.efi")
        ),
        cloud_init=CloudInit(default_user="ubuntu" if os.id == "ubuntu" else "cloud-user"),
        users=tuple(_users(index)),
        hooks=Hooks(index.is_folder("curtin"), index.is_file("curtin/curtin-hooks")),
    )


def _dpkg(index: Index) -> tuple[Installed, ...]:
    text = index.text("var/lib/dpkg/status") or ""
    blocks = (dict(re.findall(r"^(\w+): (.*)$", block, re.MULTILINE)) for block in text.split("\n\n"))
    return tuple(
        Installed(one["Package"], one["Version"], one["Architecture"], held="hold" in one["Status"])
        for one in blocks
        if "Package" in one
    )


def _kernels(index: Index) -> "list[Kernel]":
    found = []
    for one in index.matching("boot/vmlinuz-*"):
        version = one.name.removeprefix("vmlinuz-")
        names = (f"boot/initrd.img-{version}", f"boot/initramfs-{version}.img", f"boot/initrd-{version}")
        initrd = next((name for name in names if name in index), "")
        modules = f"lib/modules/{version}"
        found.append(Kernel(version, one.path, initrd, modules if index.is_folder(modules) else ""))
    return found


def _users(index: Index) -> "list[User]":
    shadow = dict(line.split(":")[:2] for line in (index.text("etc/shadow") or "").splitlines())
    users = []
    for line in (index.text("etc/passwd") or "").splitlines():
        name, _, uid, gid, _, home, shell = line.split(":")
        word = shadow.get(name, "!")
        state = Password.NONE if not word else Password.LOCKED if word[0] in "!*" else Password.SET
        keys = index.is_file(f"{home.strip('/')}/.ssh/authorized_keys")
        users.append(User(name, int(uid), int(gid), home, shell, state, keys=keys))
    return users

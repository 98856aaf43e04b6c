"""
Good systems of every family, as small as they can be: trees in the form of `images.py`.

A rule that fails one of them is wrong. `SYSTEMS` names them with the upload that suits each; a test spoils
a copy of a tree and asks again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tests.support import parts
from tests.support.images import File, Link, Node, Tree, index_of
from tundish.anatomy.facts import Facts, Installed
from tundish.anatomy.image import Compression, Disk, Form, Image, Wrapping
from tundish.anatomy.index import Remark
from tundish.anatomy.inspect import facts_of
from tundish.check.subject import Filetype, Request, Subject, Target
from tundish.core.digest import Digest

_STORAGE = "e2fsprogs lvm2 mdadm xfsprogs btrfs-progs dosfstools"
_DEBIAN_STORAGE = f"{_STORAGE} cryptsetup open-iscsi multipath-tools-boot bcache-tools"
_DEBIAN = (
    f"bash dpkg apt systemd=252.1-1 cloud-init=24.1-1 python3-oauthlib python3-serial openssh-server sudo "
    f"{_DEBIAN_STORAGE} cloud-guest-utils cloud-initramfs-growroot efibootmgr grub-efi-amd64=2.12-1 "
    f"grub-efi-amd64-signed=1.2+2.12-1 shim-signed grub2-common=2.12-1 lsb-release linux-firmware "
    f"initramfs-tools netplan.io=1.0-2 "
)
_UBUNTU = _DEBIAN + "ubuntu-minimal ubuntu-keyring"
_REDHAT = (
    f"bash rpm dnf systemd cloud-init=23.4-7.el{{0}} python3-oauthlib python3-pyserial openssh-server sudo "
    f"{_STORAGE} cryptsetup iscsi-initiator-utils device-mapper-multipath bcache-tools cloud-utils-growpart "
    "kernel={1} kernel-core={1} linux-firmware dracut dracut-config-generic efibootmgr "
    "grub2-efi-x64=1:2.06-70 shim-x64 "
    "grub2-pc=1:2.06-70 grub2-pc-modules=1:2.06-70 NetworkManager"
)
_SUSE = (
    f"bash rpm zypper systemd cloud-init=23.3-1 python3-oauthlib python3-pyserial openssh sudo "
    f"{_STORAGE} cryptsetup open-iscsi multipath-tools growpart kernel-default={{0}} kernel-firmware-all "
    "dracut efibootmgr grub2=2.12-1 grub2-branding-SLE grub2-x86_64-efi=2.12-1 grub2-i386-pc=2.12-1 "
    "shim wicked"
)


@dataclass(frozen=True)
class System:
    """
    A good image: its tree, how it is uploaded, and the packages of an rpm system.
    """

    tree: Callable[[], dict[str, Node]]
    request: Request
    packages: tuple[Installed, ...] = ()


def subject_of(
    tree: Tree,
    *,
    request: Request | None = None,
    target: Target | None = None,
    packages: Iterable[Installed] = (),
    remarks: Iterable[Remark] = (),
    wrapping: Wrapping | None = None,
    disk: Disk | None = None,
) -> Subject:
    """
    What rules are asked of, for a tree. `packages` are those of an rpm database, which trees only pretend.
    """
    request = request or Request(Filetype.TGZ, "custom/image", "amd64/generic")
    root = index_of(tree, remarks=tuple(remarks))
    if wrapping is None:
        wrapping = Wrapping(_compression(request.filetype), 400 << 20, 900 << 20, Digest.of(b"image"))
    form = disk.form if disk else Form.TAR
    return Subject(
        Image("image", wrapping, form, root, disk), _facts(tree, packages), request, target or Target()
    )


def subject(
    name: str,
    changes: Tree | None = None,
    *,
    without: Iterable[str] = (),
    target: Target | None = None,
    filetype: Filetype | None = None,
    packages: Iterable[Installed] | None = None,
) -> Subject:
    """
    A good system by its name; `changes` laid over its tree, and the paths of `without` left out, with what
    is below them.
    """
    system = SYSTEMS[name]
    gone = tuple(without)
    tree = {
        path: node
        for path, node in system.tree().items()
        if not any(path == one or path.startswith(one + "/") for one in gone)
    }
    request = replace(system.request, filetype=filetype or system.request.filetype)
    held = system.packages if packages is None else packages
    return subject_of({**tree, **(changes or {})}, request=request, target=target, packages=held)


def installed(names: str, arch: str = "x86_64") -> tuple[Installed, ...]:
    """
    Packages from `name` or `name=version`, with spaces between.
    """
    pairs = (each.partition("=") for each in names.split())
    return tuple(Installed(name, version or "1.0-1", arch) for name, _, version in pairs)


def _compression(filetype: Filetype) -> Compression:
    ends = {"gz": Compression.GZIP, "xz": Compression.XZ, "bz": Compression.BZIP2, "z2": Compression.BZIP2}
    return ends.get(filetype.value[-2:], Compression.NONE)


def _debian_like(os_release: str, packages: str, user: str) -> dict[str, Node]:
    return {
        **parts.base(os_release),
        **parts.dpkg(packages.split()),
        **parts.cloud_init("24.1", user, packages="usr/lib/python3/dist-packages"),
        **parts.networkd(),
        "usr/bin/lsb_release": parts.script("#!/usr/bin/sh\n"),
        "usr/sbin/netplan": parts.program(),
        "usr/sbin/update-initramfs": parts.script("#!/bin/sh\n"),
        "usr/bin/growpart": parts.script("#!/bin/sh\n"),
        "usr/lib/firmware/README": "",
        "etc/resolv.conf": Link("../run/systemd/resolve/stub-resolv.conf"),
        "etc/default/grub": 'GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\n',
        "etc/sudoers": File(b"root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n", 0o440),
    }


def ubuntu_root() -> dict[str, Node]:
    """
    A cloud root of Ubuntu: no kernel, which the installer adds with apt.
    """
    text = (
        'PRETTY_NAME="Ubuntu 24.04.1 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n'
        "ID=ubuntu\nID_LIKE=debian\n"
    )
    return {
        **_debian_like(text, _UBUNTU, "ubuntu"),
        "etc/apt/sources.list": "# Ubuntu sources have moved to /etc/apt/sources.list.d/ubuntu.sources\n",
        "etc/apt/sources.list.d/ubuntu.sources": (
            "Types: deb\nURIs: http://archive.ubuntu.com/ubuntu/\nSuites: noble noble-updates\n"
            "Components: main universe\nSigned-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n"
        ),
        "usr/share/keyrings/ubuntu-archive-keyring.gpg": b"\x99keys",
        "etc/fstab": "LABEL=cloudimg-rootfs\t/\t ext4\tdiscard,commit=30,errors=remount-ro\t0 1\n",
    }


def ubuntu() -> dict[str, Node]:
    """
    Ubuntu with a kernel of its own.
    """
    version = "6.8.0-45-generic"
    packages = f"{_UBUNTU} linux-image-{version}=6.8.0-45.45 linux-generic"
    return {
        **ubuntu_root(),
        **parts.dpkg(packages.split()),
        **parts.kernel(version, "initrd.img-{}"),
        "boot/vmlinuz": Link(f"vmlinuz-{version}"),
    }


def debian() -> dict[str, Node]:
    """
    Debian with a kernel, and hooks of its own because the installer's expect Ubuntu's archive.
    """
    text = (
        'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n'
        "VERSION_CODENAME=bookworm\nID=debian\n"
    )
    version = "6.1.0-25-amd64"
    return {
        **_debian_like(text, f"{_DEBIAN} linux-image-{version}=6.1.106-3 debian-archive-keyring", "debian"),
        **parts.kernel(version, "initrd.img-{}"),
        **parts.own_hooks("grub-install --target=x86_64-efi --removable"),
        "etc/apt/sources.list.d/debian.sources": "Types: deb\nURIs: http://mirror.example/debian\n",
    }


def _redhat(identity: str, like: str, version: str, kernel: str, *, database: str = "") -> dict[str, Node]:
    major = version.partition(".")[0]
    text = (
        f'NAME="{identity} Linux"\nVERSION_ID="{version}"\nID="{identity}"\nID_LIKE="{like}"\n'
        f'PRETTY_NAME="{identity} {version}"\n'
    )
    macros = f"%rhel {major}\n%dist .el{major}\n"
    site = {"8": "usr/lib/python3.6/site-packages", "9": "usr/lib/python3.9/site-packages"}
    return {
        **parts.base(text),
        **parts.rpm(database=database or "var/lib/rpm/rpmdb.sqlite", macros=macros),
        **parts.cloud_init(
            "23.4", "cloud-user", packages=site.get(major, "usr/lib/python3.12/site-packages")
        ),
        **parts.network_manager(),
        **parts.kernel(kernel, "initramfs-{}.img"),
        f"boot/loader/entries/0123456789abcdef0123456789abcdef-{kernel}.conf": (
            f"title {identity}\nversion {kernel}\nlinux /vmlinuz-{kernel}\ninitrd /initramfs-{kernel}.img\n"
            "options ro quiet\n"
        ),
        **parts.loaders("redhat" if identity in {"rhel", "ol"} else identity),
        "etc/resolv.conf": "",
        "etc/selinux/config": "SELINUX=enforcing\nSELINUXTYPE=targeted\n",
        ".autorelabel": "",
        "etc/default/grub": 'GRUB_CMDLINE_LINUX="crashkernel=auto"\nGRUB_ENABLE_BLSCFG=true\n',
        "usr/bin/dracut": parts.script("#!/usr/bin/bash\n"),
        "usr/lib/dracut/dracut.conf.d/02-generic-image.conf": 'hostonly="no"\n',
        "usr/lib/firmware/README": "",
        "usr/bin/growpart": parts.script("#!/bin/sh\n"),
    }


def rocky() -> dict[str, Node]:
    return _redhat("rocky", "rhel centos fedora", "9.4", "5.14.0-427.13.1.el9_4.x86_64")


def alma() -> dict[str, Node]:
    return _redhat("almalinux", "rhel centos fedora", "9.4", "5.14.0-427.13.1.el9_4.x86_64")


def rhel8() -> dict[str, Node]:
    kernel = "4.18.0-553.el8_10.x86_64"
    return _redhat("rhel", "fedora", "8.10", kernel, database="var/lib/rpm/Packages")


def centos7() -> dict[str, Node]:
    """
    The oldest of its kind: GRUB without BLS, Python 2 for cloud-init, a Berkeley database.
    """
    tree = _redhat("centos", "rhel fedora", "7", "3.10.0-1160.el7.x86_64", database="var/lib/rpm/Packages")
    old = parts.cloud_init(
        "19.4",
        "centos",
        packages="usr/lib/python2.7/site-packages",
        units="multi-user.target.wants",
    )
    tree = {path: node for path, node in tree.items() if "cloud-init" not in path and "/python3" not in path}
    return {
        **tree,
        **old,
        "usr/bin/cloud-init": parts.script("#!/usr/bin/python\n"),
        "usr/bin/python": parts.program(),
        "etc/default/grub": 'GRUB_CMDLINE_LINUX="crashkernel=auto"\n',
    }


def oracle() -> dict[str, Node]:
    return _redhat("ol", "fedora", "9.4", "5.14.0-427.13.1.el9_4.x86_64")


def fedora() -> dict[str, Node]:
    """
    Fedora says no %rhel, so it brings its own hooks.
    """
    tree = _redhat("fedora", "", "42", "6.14.0-63.fc42.x86_64", database="usr/lib/sysimage/rpm/rpmdb.sqlite")
    text = 'NAME="Fedora Linux"\nVERSION_ID=42\nID=fedora\nPRETTY_NAME="Fedora Linux 42 (Server Edition)"\n'
    return {
        **tree,
        **parts.own_hooks(),
        "usr/lib/os-release": text,
        "usr/lib/rpm/macros.d/macros.dist": "%fedora 42\n%dist .fc42\n",
        "var/lib/rpm": Link("../../usr/lib/sysimage/rpm"),
    }


def openeuler() -> dict[str, Node]:
    tree = _redhat("openEuler", "rhel centos fedora", "24.03", "6.6.0-28.0.0.34.oe2403.x86_64")
    return {**tree, **parts.own_hooks(), "usr/lib/rpm/macros.d/macros.dist": "%dist .oe2403\n"}


def azure_linux(version: str = "3.0", identity: str = "azurelinux") -> dict[str, Node]:
    """
    Azure Linux 3, or 2 by its old name; its own hooks, and a name the installer knows beside its own.
    """
    tree = _redhat(identity, "rhel fedora", version, "6.6.51.1-5.azl3")
    return {**tree, **parts.own_hooks(), "usr/lib/rpm/macros.d/macros.dist": "%dist .azl3\n"}


def mariner() -> dict[str, Node]:
    return azure_linux("2.0", "mariner")


def _suse(identity: str, like: str, version: str, kernel: str) -> dict[str, Node]:
    text = f'NAME="{identity}"\nVERSION_ID="{version}"\nID="{identity}"\nID_LIKE="{like}"\n'
    return {
        **parts.base(text),
        **parts.rpm(database="usr/lib/sysimage/rpm/Packages.db"),
        **parts.cloud_init("23.3", "sles", packages="usr/lib/python3.6/site-packages"),
        **parts.kernel(kernel, "initrd-{}"),
        **parts.loaders("sles" if identity == "sles" else "opensuse"),
        **parts.own_hooks(),
        "usr/sbin/wicked": parts.program(),
        "usr/lib/systemd/system/wicked.service": "[Unit]\n",
        "etc/systemd/system/multi-user.target.wants/wicked.service": Link(
            "/usr/lib/systemd/system/wicked.service"
        ),
        "usr/bin/netconfig": parts.script("#!/bin/sh\n"),
        "etc/resolv.conf": Link("/run/netconfig/resolv.conf"),
        "usr/bin/dracut": parts.script("#!/usr/bin/bash\n"),
        "etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n',
        "usr/lib/firmware/README": "",
        "usr/sbin/growpart": parts.script("#!/bin/sh\n"),
    }


def sles() -> dict[str, Node]:
    return _suse("sles", "suse", "15.6", "6.4.0-150600.21-default")


def leap() -> dict[str, Node]:
    return _suse("opensuse-leap", "suse opensuse", "15.6", "6.4.0-150600.21-default")


def _request(name: str, base: str = "", filetype: Filetype = Filetype.TGZ) -> Request:
    return Request(filetype, name, "amd64/generic", base)


def _el(release: str, kernel: str) -> tuple[Installed, ...]:
    return installed(_REDHAT.format(release, kernel))


_EL9 = _el("9", "5.14.0-427.13.1.el9_4")
SYSTEMS: dict[str, System] = {
    "ubuntu-root": System(ubuntu_root, _request("custom/ubuntu-noble-root", "ubuntu/noble")),
    "ubuntu": System(ubuntu, _request("custom/ubuntu-noble", "ubuntu/noble")),
    "debian": System(debian, _request("custom/debian-12")),
    "rocky": System(rocky, _request("custom/rocky9", "rhel/9"), _EL9),
    "alma": System(alma, _request("custom/alma9", "rhel/9"), _EL9),
    "rhel8": System(rhel8, _request("rhel/rhel8"), _el("8", "4.18.0-553.el8_10")),
    "centos7": System(centos7, _request("centos/7-custom"), _el("7", "3.10.0-1160.el7")),
    "oracle": System(oracle, _request("ol/ol9-custom"), _EL9),
    "fedora": System(fedora, _request("custom/fedora-42", "rhel/9"), _el("0", "6.14.0-63.fc42")),
    "openeuler": System(openeuler, _request("custom/openeuler", "rhel/9"), _el("0", "6.6.0-28.oe2403")),
    "azurelinux": System(azure_linux, _request("custom/azurelinux-3", "rhel/9"), _el("0", "6.6.51.1-5.azl3")),
    "mariner": System(mariner, _request("custom/mariner-2", "rhel/8"), _el("0", "5.15.1-1.cm2")),
    "sles": System(sles, _request("suse/sles15"), installed(_SUSE.format("6.4.0-150600.21"))),
    "leap": System(leap, _request("custom/leap15", "rhel/9"), installed(_SUSE.format("6.4.0-150600.21"))),
}


def _facts(tree: Tree, packages: Iterable[Installed]) -> Facts:
    """
    The facts of a tree, with the packages of an rpm system as they are given.
    """
    facts = facts_of(index_of(tree))
    if held := tuple(packages):
        return replace(facts, package_system="rpm", packages=held, packages_fault="")
    return facts

"""
A real root, spoiled in one way at a time as builds and people do, and what the checks say of each.

Needs mmdebstrap with root or a user namespace, and an archive of Debian.
"""

import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import pytest

from tests.support import spoiled
from tests.support.spoiled import HOOK, KERNEL, Member, Root, with_kernel
from tundish.anatomy.opening import read_image
from tundish.anatomy.readable import Bytes
from tundish.app.checking import Asked, check_image
from tundish.check.assuming import Said
from tundish.check.rule import Severity, Status

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

NOBLE = Said(name="custom/noble", base_image="ubuntu/noble")
BOOKWORM = Said(name="custom/debian-12")
Judged = tuple[bool, frozenset[str], frozenset[str]]  # fit, the rules of errors, those of warnings


def _same(data: bytes) -> bytes:
    return data


@dataclass(frozen=True)
class Variant:
    """
    What is done to the root, how it is packed and what becomes of the file, and the rules that must tell.
    """

    name: str
    spoil: Callable[[Root], object]
    errors: str = ""
    warnings: str = ""
    how: str = "gz"
    after: Callable[[bytes], bytes] = field(default=_same)
    said: Said = NOBLE


def _put(path: str, text: str, mode: int = 0o644) -> Callable[[Root], object]:
    return lambda root: root.put(path, text, mode)


def _hook(text: str, mode: int = 0o755) -> Callable[[Root], object]:
    return _put("curtin/curtin-hooks", text, mode)


def _member(path: str, member: Member) -> Callable[[Root], object]:
    return lambda root: root.members.__setitem__(path, member)


def _nothing(_: Root) -> None:
    pass


def _status(old: str, new: str) -> Callable[[Root], object]:
    return lambda root: root.edit("var/lib/dpkg/status", old, new)


def _installed(name: str) -> str:
    return f"\nPackage: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.6\n\n"


def _without_oauth(root: Root) -> None:
    root.members = {path: one for path, one in root.members.items() if "oauthlib" not in path}


def _without_kernel(root: Root) -> None:
    with_kernel(root, "6.1.0-25-amd64")
    root.drop("boot/vmlinuz-6.1.0-25-amd64", "boot/vmlinuz")


def _account(root: Root) -> None:
    root.append("etc/passwd", "ubuntu:x:1000:1000::/home/ubuntu:/bin/bash\n")
    root.append("etc/group", "ubuntu:x:1000:\n")
    root.append("etc/shadow", f"ubuntu:$6$salt${'h' * 86}:19000:0:99999:7:::\n")


def _absolute_link(root: Root) -> None:
    root.put("curtin/hook", HOOK, 0o755)
    root.link("curtin/curtin-hooks", "/curtin/hook")


def _on_the_esp(root: Root) -> None:
    root.put("boot/efi/EFI/ubuntu/x")
    root.link("boot/efi/EFI/ubuntu/y", "x")


_DIGITS = "#!/bin/bash\nDISK=$(echo $1 | sed 's/[0-9]*$//')\ngrub-install --removable $DISK\nrm -rf /curtin\n"
_PROXY = 'Acquire::http::Proxy "http://10.0.2.2:3142";\n'
_NETPLAN = "network:\n    ethernets:\n        ens3:\n            dhcp4: true\n"
_CARD = "etc/systemd/network/10-lan.link"
_SETTINGS = "etc/cloud/cloud.cfg.d"
_GRUB = "etc/default/grub"
_LINK = Member(kind=tarfile.LNKTYPE, target=f"./boot/initrd.img-{KERNEL}")
_DISK = Member(kind=tarfile.BLKTYPE, mode=0o660, device=(8, 0))
_TYPED = partial(Said, name="custom/noble", base_image="ubuntu/noble")

SPOILED = (
    Variant("cut in half", _nothing, "A02", after=lambda data: data[: len(data) // 2]),
    Variant("followed by rubbish", _nothing, "A02", after=lambda data: data + b"rubbish" * 9),
    Variant("xz called tgz", _nothing, "A01", how="xz", said=_TYPED(filetype="tgz")),
    Variant("not packed", _nothing, "A01", how=""),
    Variant("bzip2", _nothing, "", "A05", how="bz2"),
    Variant("a root as ddgz", _nothing, "A01 F03 G01", said=_TYPED(filetype="ddgz")),
    Variant("a member /etc/passwd", lambda root: root.change("etc/passwd", name="/etc/passwd"), "A06"),
    Variant("a disk's node", _member("var/lib/sda", _DISK), "A06"),
    Variant("./ is 0700", lambda root: root.folder("", 0o700), "A07"),
    Variant("a link on the ESP", _on_the_esp, "A08"),
    Variant("a hard link out of /boot", _member("usr/share/initrd", _LINK), "", "A09"),
    Variant("a member through /bin", _member("bin/hello", Member(b"x")), "", "A11"),
    Variant("an owner nobody knows", lambda root: root.change("etc/profile", uid=12345), "", "A12"),
    Variant("a pid file", _put("run/x.pid", "1\n"), "", "A14"),
    Variant("no lsb_release", lambda root: root.drop("usr/bin/lsb_release"), "B03"),
    Variant("/snaps", lambda root: root.folder("snaps"), "B06"),
    Variant("bash without x", lambda root: root.change("usr/bin/bash", mode=0o644), "B07"),
    Variant("a machine-id", _put("etc/machine-id", "0123456789abcdef" * 2), "", "B08"),
    Variant("a host key", _put("etc/ssh/ssh_host_rsa_key", "x", 0o600), "", "B09"),
    Variant("a name server", _put("etc/resolv.conf", "nameserver 8.8.8.8\n"), "", "B11"),
    Variant("fstab by vda", _put("etc/fstab", "/dev/vda1 / ext4 defaults 0 1\n"), "B12"),
    Variant("fstab by UUID", _put("etc/fstab", "UUID=aa-bb / ext4 defaults 0 1\n"), "B12"),
    Variant("a stale instance", _put("var/lib/cloud/instances/i-1/x", "x"), "", "B13"),
    Variant("a backup", _put("packer_backup/sshd_config", "x"), "", "B14"),
    Variant("a password", _account, "", "B15"),
    Variant("root by ssh", _put("etc/ssh/sshd_config.d/1.conf", "PermitRootLogin yes\n"), "", "B16"),
    Variant("sudo for a builder", _put("etc/sudoers.d/b", "b ALL=(ALL) NOPASSWD:ALL\n"), "", "B17"),
    Variant(
        "GRUB on hold",
        _status("Package: grub-efi-amd64\nStatus: install ok", "Package: grub-efi-amd64\nStatus: hold ok"),
        "B18",
    ),
    Variant("a proxy", _put("etc/apt/apt.conf.d/01proxy", _PROXY), "", "B19"),
    Variant("policy-rc.d", _put("usr/sbin/policy-rc.d", "#!/bin/sh\n", 0o755), "", "B19 B21"),
    Variant("a kernel 6.1", lambda root: with_kernel(root, "6.1"), "C04"),
    Variant("no update-initramfs", lambda root: root.drop("usr/sbin/update-initramfs"), "C05"),
    Variant("ttyS0 only", _put(_GRUB, 'GRUB_CMDLINE_LINUX="console=ttyS0"\n'), "", "C09"),
    Variant(
        "kdump without script",
        lambda root: root.append("var/lib/dpkg/status", _installed("kdump-tools")),
        "C10",
    ),
    Variant("no cloud-init", lambda root: root.drop("usr/bin/cloud-init"), "E01 M13"),
    Variant("cloud-init off", _put("etc/cloud/cloud-init.disabled", ""), "E01"),
    Variant("cloud-init off by GRUB", _put(_GRUB, "GRUB_CMDLINE_LINUX=cloud-init=disabled\n"), "E01"),
    Variant("no oauthlib", _without_oauth, "E04"),
    Variant("another source", _put(f"{_SETTINGS}/99-x.cfg", "datasource_list: [ NoCloud ]\n"), "E05"),
    Variant("network off", _put(f"{_SETTINGS}/99-x.cfg", "network: {config: disabled}\n"), "E05"),
    Variant("a stale netplan", _put("etc/netplan/50-cloud-init.yaml", _NETPLAN), "", "E08"),
    Variant("a hook without x", _hook(HOOK, 0o644), "F02"),
    Variant("a hook with CRLF", _hook(HOOK.replace("\n", "\r\n")), "F02"),
    Variant("a hook for Python 2", _hook(HOOK.replace("env python3", "python2")), "F02"),
    Variant("a hook by an absolute link", _absolute_link, "F02"),
    Variant("a hook that does not parse", _hook(HOOK + "def broken(:\n"), "F06"),
    Variant("a hook that stays", _hook(HOOK.replace("shutil.rmtree", "print")), "", "F07"),
    Variant("a hook with apt", _hook(HOOK.replace("update-grub", 'apt-get", "update')), "", "F08"),
    Variant("a hook that counts digits", _hook(_DIGITS), "", "F09"),
    Variant("sudo without setuid", lambda root: root.change("usr/bin/sudo", mode=0o755), "", "B17"),
    Variant("sudoers for all to write", lambda root: root.change("etc/sudoers", mode=0o666), "", "B17"),
    Variant("nothing that loads programs", lambda root: root.drop("lib64"), "B07"),
    Variant("a private key", _put("root/.ssh/id_ed25519", "x", 0o600), "", "B14"),
    Variant("a card by its address", _put(_CARD, "[Match]\nMACAddress=52:54:00:12:34:56\n"), "", "B10"),
    Variant("a layer of a container", _put("etc/.wh.hosts", ""), "", "A06"),
    Variant("a swap of the build", _put("etc/initramfs-tools/conf.d/resume", "RESUME=UUID=a-b\n"), "", "C09"),
    Variant("Debian without kernel", _without_kernel, "C03", said=BOOKWORM),
    Variant("Debian without a hook", lambda root: root.drop("curtin"), "C03 M20", "M19 M24", said=BOOKWORM),
)
GOOD = (
    Variant("Ubuntu", _nothing),
    Variant("Debian with a hook", _nothing, said=BOOKWORM),
    Variant("packed by xz", _nothing, how="xz"),
    Variant("padded with zeros", _nothing, after=lambda data: data + bytes(512)),
    Variant("all sources", _put(f"{_SETTINGS}/90_dpkg.cfg", "datasource_list: [ NoCloud, MAAS, None ]\n")),
    Variant("a stub resolver", _put("etc/resolv.conf", "nameserver 127.0.0.53\n")),
    Variant("a candidate's kernel", lambda root: with_kernel(root, "6.11.0-rc3-mine")),
    Variant(
        "sudo for its user", _put("etc/sudoers.d/90-cloud-init-users", "debian ALL=(ALL) NOPASSWD:ALL\n")
    ),
    Variant("two consoles", _put(_GRUB, 'GRUB_CMDLINE_LINUX="console=tty1 console=ttyS0"\n')),
    Variant("an id to be made", _put("etc/machine-id", "")),
)


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[Said, Root]:
    """
    The good ones: a Debian with a hook, and the same as an Ubuntu.
    """
    plain = spoiled.debian(tmp_path_factory.mktemp("root"))
    hooked = plain.copy()
    hooked.folder("curtin")
    hooked.put("curtin/curtin-hooks", HOOK, 0o755)
    with_kernel(hooked, "6.1.0-25-amd64")
    return {BOOKWORM: hooked, NOBLE: spoiled.like_ubuntu(plain)}


def judged(roots: dict[Said, Root], variant: Variant) -> Judged:
    root = roots[BOOKWORM if variant.said == BOOKWORM else NOBLE].copy()
    variant.spoil(root)
    image = read_image(Bytes(variant.after(root.packed(variant.how))), "image")
    report = check_image(image, Asked(variant.said), today=date(2026, 1, 1))
    failed = [one for one in report.findings if one.status is Status.FAIL and one.rule != "D11"]
    return (
        report.verdict.fit,
        frozenset(one.rule for one in failed if one.severity is Severity.ERROR),
        frozenset(one.rule for one in failed if one.severity is Severity.WARNING),
    )


@pytest.mark.parametrize("variant", SPOILED, ids=lambda variant: variant.name)
def test_what_is_spoiled_is_found_and_nothing_else(roots: dict[Said, Root], variant: Variant) -> None:
    """
    The rules that are meant for it tell, as errors or as warnings, and no other rule does.
    """
    errors, warnings = frozenset(variant.errors.split()), frozenset(variant.warnings.split())

    assert (not errors, errors, warnings) == judged(roots, variant)


@pytest.mark.parametrize("variant", GOOD, ids=lambda variant: variant.name)
def test_what_good_images_have_is_no_fault(roots: dict[Said, Root], variant: Variant) -> None:
    """
    A good root is fit without a warning, but for the tools of storage that a small one leaves out.
    """
    assert (True, frozenset(), frozenset()) == judged(roots, variant)

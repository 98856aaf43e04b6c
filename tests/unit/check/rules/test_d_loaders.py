"""
Group D: the boot loader, and what the installer needs for storage and network.
"""

from dataclasses import replace
from datetime import date
from functools import partial

import pytest

from tests.support.images import File
from tests.support.parts import GRUB, SHIM, dpkg, pe
from tests.support.systems import SYSTEMS, installed, subject
from tests.unit.check.asked import ERROR, WARNING, Bad, Good, found, named, spoils, worst
from tundish.anatomy.facts import Installed
from tundish.check.rule import Status
from tundish.check.subject import Subject, Target

_BIOS = Target(firmware=frozenset({"bios"}))
_UEFI = Target(firmware=frozenset({"uefi"}))
_BOTH = Target(both=True)
_OFFLINE = Target(offline=True)
_EL10 = 'ID=rocky\nVERSION_ID="10.0"\nID_LIKE="rhel centos fedora"\n'
_ROCKY = "boot/efi/EFI/rocky"


def _without(name: str, *gone: str, target: Target | None = None) -> Subject:
    """
    A good system whose packages of these names are not installed.
    """
    made = subject(name, target=target)
    kept = tuple(one for one in made.facts.packages if not one.name.startswith(gone))
    return replace(made, facts=replace(made.facts, packages=kept))


def _also(name: str, more: str, target: Target | None = None) -> Subject:
    made = subject(name, target=target)
    return replace(made, facts=replace(made.facts, packages=(*made.facts.packages, *installed(more))))


def _arm(name: str, more: str = "", target: Target | None = None) -> Subject:
    made = _also(name, more, target)
    return replace(made, facts=replace(made.facts, arch="arm64"))


def _for_bios_only(name: str, *folders: str) -> Subject:
    uefi = ("grub2-efi", "shim", "grub2-x86_64-efi")
    kept = [one for one in SYSTEMS[name].packages if not one.name.startswith(uefi)]
    return subject(name, packages=kept, without=folders)


def _loader(data: bytes) -> Subject:
    return subject("rocky", {f"{_ROCKY}/grubx64.efi": data})


BAD = [
    Bad("D01", "no shim", lambda: _without("ubuntu", "shim", "grub-pc"), WARNING, "lacks shim-signed"),
    Bad("D01", "no shim, offline", lambda: _without("ubuntu", "shim", target=_OFFLINE), ERROR, "shim-signed"),
    Bad(
        "D01",
        "no GRUB for BIOS",
        lambda: subject("ubuntu", target=_BOTH),
        WARNING,
        "BIOS the image lacks grub-pc",
    ),
    Bad(
        "D01",
        "nothing for either",
        lambda: subject("ubuntu", dpkg(["bash", "grub-pc-bin"])),
        WARNING,
        "for BIOS the image lacks grub-pc",
    ),
    Bad("D02", "arm64", lambda: _arm("ubuntu"), WARNING, "lacks grub-efi-arm64, grub-efi-arm64-signed"),
    Bad(
        "D03",
        "no GRUB for UEFI",
        lambda: _without("rocky", "grub2-efi", target=_UEFI),
        WARNING,
        "for UEFI the image lacks grub2-efi-x64",
    ),
    Bad(
        "D03",
        "no modules for BIOS",
        lambda: _without("rocky", "grub2-pc-modules", target=_BIOS),
        ERROR,
        "lacks grub2-pc-modules",
    ),
    Bad(
        "D03",
        "no shim in its place",
        lambda: subject("rocky", without=(f"{_ROCKY}/shimx64.efi",)),
        WARNING,
        f"{_ROCKY}/shimx64.efi is absent",
    ),
    Bad("D04", "arm64", lambda: _arm("rocky"), WARNING, "lacks grub2-efi-aa64-modules, grub2-efi-aa64"),
    Bad(
        "D05",
        "no shim",
        lambda: _without("sles", "shim", target=Target(firmware=frozenset({"uefi"}), offline=True)),
        ERROR,
        "lacks shim",
    ),
    Bad("D06", "no folder", lambda: subject("rocky", without=(_ROCKY,)), ERROR, f"{_ROCKY} is absent"),
    Bad(
        "D06",
        "Red Hat's by its own name",
        lambda: subject("rhel8", {"boot/efi/EFI/rhel/shimx64.efi": b""}, without=("boot/efi/EFI/redhat",)),
        ERROR,
        "boot/efi/EFI/redhat is absent",
    ),
    Bad(
        "D06",
        "an image for BIOS",
        lambda: _for_bios_only("rocky", "boot/efi"),
        WARNING,
        f"{_ROCKY} is absent",
    ),
    Bad("D07", "no hooks", lambda: subject("sles", without=("curtin",)), ERROR, "no curtin/curtin-hooks"),
    Bad(
        "D08", "modules", lambda: _also("rocky", "grub2-efi-x64-modules"), WARNING, "grub2-efi-x64-modules is"
    ),
    Bad(
        "D09", "unsigned", lambda: _loader(pe(signed=False, sbat=GRUB)), WARNING, "grubx64.efi is not signed"
    ),
    Bad(
        "D09",
        "revoked",
        lambda: _loader(pe(sbat=GRUB.replace("grub,5", "grub,2"))),
        WARNING,
        "its grub is of generation 2",
    ),
    Bad(
        "D09",
        "an old shim",
        lambda: subject("rocky", {f"{_ROCKY}/shimx64.efi": pe(sbat=SHIM.replace("shim,4", "shim,1"))}),
        WARNING,
        "its shim is of generation 1",
    ),
    Bad(
        "D10",
        "EL10 with BIOS",
        lambda: subject("rocky", {"usr/lib/os-release": _EL10}, target=_BIOS),
        ERROR,
        "cannot install GRUB for BIOS on version 10",
    ),
    Bad(
        "D10",
        "EL10 beside UEFI",
        lambda: subject("rocky", {"usr/lib/os-release": _EL10}),
        WARNING,
        "cannot install GRUB for BIOS on version 10",
    ),
    Bad(
        "D10",
        "arm64 before 2024-12",
        lambda: _arm("rocky", "", Target(curtin=date(2024, 6, 1))),
        ERROR,
        "arm64",
    ),
    Bad(
        "D10",
        "SUSE before 2023-02",
        lambda: subject("sles", without=("curtin",), target=Target(curtin=date(2023, 1, 1))),
        ERROR,
        "installs no GRUB on SUSE",
    ),
    Bad("D11", "no LVM", lambda: _without("ubuntu", "lvm2"), WARNING, "cannot be deployed on LVM"),
    Bad("D11", "no RAID on Rocky", lambda: _without("rocky", "mdadm", "xfsprogs"), WARNING, "RAID, XFS"),
    Bad("D12", "no hooks", lambda: subject("leap", without=("curtin",)), WARNING, "RAID or iSCSI"),
    Bad(
        "D13",
        "ifupdown alone",
        lambda: subject("debian", dpkg(["ifupdown", "vlan"]), without=("usr/sbin/netplan",)),
        WARNING,
        "without netplan, without ifenslave, bridge-utils",
    ),
]
GOOD = [
    Good("D01", "Ubuntu for UEFI", lambda: subject("ubuntu", target=_UEFI)),
    Good("D01", "Ubuntu where one firmware is enough", lambda: subject("ubuntu", target=_OFFLINE)),
    Good("D01", "grub-pc for BIOS", lambda: subject("ubuntu", dpkg(["grub-pc"]), target=_BIOS)),
    Good(
        "D02",
        "arm64",
        lambda: _arm("ubuntu", "grub-efi-arm64 grub-efi-arm64-signed"),
    ),
    Good("D03", "Rocky", lambda: subject("rocky", target=Target(both=True, offline=True))),
    Good("D03", "Red Hat's folder", lambda: subject("rhel8")),
    Good("D03", "UEFI alone is enough", lambda: _without("rocky", "grub2-pc-modules")),
    Good("D04", "arm64", lambda: _arm("rocky", "grub2-efi-aa64 grub2-efi-aa64-modules shim-aa64")),
    Good("D05", "SLES", lambda: subject("sles", target=_BOTH)),
    *(Good("D06", name, partial(subject, name)) for name in ("rocky", "alma", "rhel8", "oracle")),
    Good("D08", "no modules", lambda: subject("rocky")),
    Good("D09", "signed ones", lambda: subject("rocky")),
    Good("D09", "another loader", lambda: subject("rocky", {f"{_ROCKY}/mmx64.efi": File(pe(signed=False))})),
    Good("D10", "EL9", lambda: subject("rocky")),
    Good(
        "D10",
        "EL10 with a new installer",
        lambda: subject(
            "rocky",
            {"usr/lib/os-release": _EL10},
            target=Target(curtin=date(2026, 3, 1), firmware=frozenset({"bios"})),
        ),
    ),
    Good("D11", "Ubuntu", lambda: subject("ubuntu")),
    Good("D11", "Rocky", lambda: subject("rocky")),
    Good("D13", "netplan", lambda: subject("debian")),
    Good("D13", "both", lambda: _also("debian", "ifupdown")),
]
NOT_ASKED = [
    Good("D01", "hooks of its own", lambda: subject("debian")),
    Good("D06", "BIOS only", lambda: subject("rocky", without=(_ROCKY,), target=_BIOS)),
    Good("D07", "hooks of its own", lambda: subject("sles")),
    Good("D10", "hooks of its own", lambda: subject("sles", target=Target(curtin=date(2020, 1, 1)))),
    Good("D12", "hooks of its own", lambda: subject("sles")),
]


@pytest.mark.parametrize("case", BAD, ids=named)
def test_what_the_installer_lacks_is_found(case: Bad) -> None:
    """
    Each lack of the boot loader, storage or network is found by its rule, and weighed as it should be.
    """
    assert (case.severity, True) == found(case)


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_what_is_complete_passes(case: Good) -> None:
    """
    What is as it should be is not complained of.
    """
    assert spoils(case) == ""


@pytest.mark.parametrize("case", NOT_ASKED, ids=named)
def test_what_another_way_provides_is_not_asked(case: Good) -> None:
    """
    A question that makes no sense for an image is skipped.
    """
    assert Status.SKIPPED is worst(case.rule, case.make())[0]


@pytest.mark.parametrize("name", ["C06", "D03", "D08", "D11"])
def test_packages_that_cannot_be_read_leave_rules_unknown(name: str) -> None:
    """
    Where the package database is damaged, no rule about packages claims anything.
    """
    made = subject("rocky", packages=())

    assert Status.UNKNOWN is worst(name, made)[0]


def test_a_package_with_another_name_that_begins_alike_does_not_count() -> None:
    """
    Packages are compared by their whole names.
    """
    made = subject("rocky")
    others = (Installed("kernel-core", "1"), Installed("kernel-modules", "1"))

    alike = replace(made, facts=replace(made.facts, packages=others))

    assert Status.FAIL is worst("C06", alike)[0]

"""
Group B, first half: whether the installer recognises the system.
"""

from dataclasses import replace
from datetime import date
from functools import partial

import pytest

from tests.support.images import File, Folder, Link
from tests.support.parts import dpkg, program, script
from tests.support.systems import SYSTEMS, installed, subject, subject_of
from tests.unit.check.asked import ERROR, INFO, WARNING, Bad, Good, found, named, spoils, worst
from tundish.anatomy.facts import Family
from tundish.check.rule import Status
from tundish.check.subject import Request, Subject, Target

_BIOS = Target(firmware=frozenset({"bios"}))
_HOOK = "curtin/curtin-hooks"
_NO_MACRO = ("usr/lib/rpm/macros.d/macros.dist",)


def _release(name: str, text: str, target: Target | None = None) -> Subject:
    return subject(name, {"usr/lib/os-release": text}, target=target)


def _of(family: Family, name: str = "ubuntu") -> Subject:
    made = subject(name)
    return replace(made, facts=replace(made.facts, family=family))


def _bios_only(target: Target | None = None) -> Subject:
    packages = [one for one in SYSTEMS["rocky"].packages if not one.name.startswith(("grub2-efi", "shim"))]
    return subject("rocky", without=_NO_MACRO, packages=packages, target=target)


def _core() -> Subject:
    made = SYSTEMS["ubuntu"]
    request = Request(made.request.filetype, "ubuntu-core/24")
    return subject_of({"snaps/x": "", "etc/os-release": "ID=ubuntu-core\n"}, request=request)


BAD = [
    Bad("B01", "no os-release", lambda: subject_of({"bin/sh": program()}), ERROR, "no etc/os-release"),
    Bad(
        "B01",
        "a name of its own without ID_LIKE",
        lambda: _release("ubuntu", "ID=azurelinux\nVERSION_ID=3.0\n"),
        ERROR,
        "neither ID=azurelinux",
    ),
    Bad(
        "B01",
        "a strange ID_LIKE",
        lambda: _release("ubuntu", "ID=void\nID_LIKE=nothing\n"),
        ERROR,
        "neither ID=void",
    ),
    Bad(
        "B01",
        "hooks that ask the installer for the distribution",
        lambda: subject(
            "debian",
            {
                "usr/lib/os-release": "ID=kylin\n",
                _HOOK: script("#!/usr/bin/python3\nfrom curtin import distro\n"),
            },
        ),
        ERROR,
        "neither ID=kylin",
    ),
    Bad(
        "B01",
        "an installer before ID_LIKE",
        lambda: _release("rocky", 'ID=rocky\nID_LIKE="rhel"\n', Target(curtin=date(2021, 6, 1))),
        ERROR,
        "2021-06-01",
    ),
    Bad("B02", "Alpine", lambda: _of(Family.ALPINE), ERROR, "of family alpine"),
    Bad("B02", "Arch", lambda: _of(Family.ARCH), ERROR, "of family arch"),
    Bad(
        "B03",
        "no lsb_release",
        lambda: subject("ubuntu", without=("usr/bin/lsb_release",)),
        ERROR,
        "lsb_release",
    ),
    Bad(
        "B03",
        "Debian testing",
        lambda: _release("ubuntu", "ID=debian\nVERSION_CODENAME=trixie\n"),
        ERROR,
        "VERSION_ID in etc/os-release is no number: absent",
    ),
    Bad(
        "B04", "no %rhel for BIOS", lambda: subject("rocky", without=_NO_MACRO, target=_BIOS), ERROR, "%rhel"
    ),
    Bad("B04", "no %rhel in an image for BIOS only", _bios_only, ERROR, "%rhel"),
    Bad("B04", "no %rhel beside UEFI", lambda: subject("rocky", without=_NO_MACRO), WARNING, "%rhel"),
    Bad(
        "B04",
        "%rhel that is no number",
        lambda: subject("rocky", {_NO_MACRO[0]: "%rhel nine\n"}, target=_BIOS),
        ERROR,
        "%rhel is nine",
    ),
    Bad(
        "B05",
        "neither",
        lambda: subject("ubuntu", without=("usr/bin/dpkg-query",)),
        ERROR,
        "neither dpkg-query nor rpm",
    ),
    Bad(
        "B05",
        "no database",
        lambda: subject("rocky", without=("var/lib/rpm",)),
        ERROR,
        "rpm has no database",
    ),
    Bad("B05", "both", lambda: subject("rocky", dpkg(["bash"])), ERROR, "asks it first"),
    Bad(
        "B05",
        "dpkg-query on an rpm system",
        lambda: subject("rocky", {"usr/bin/dpkg-query": program()}),
        WARNING,
        "asks it first",
    ),
    Bad("B06", "a folder of snaps", lambda: subject("ubuntu", {"snaps": Folder()}), ERROR, "/snaps"),
    Bad(
        "B06",
        "snapd's folder",
        lambda: subject("ubuntu", {"system-data/var/lib/snapd/x": ""}),
        ERROR,
        "/system-data/var/lib/snapd",
    ),
    Bad(
        "B07", "nothing that loads programs", lambda: subject("ubuntu", without=("lib64",)), ERROR, "lib64 is"
    ),
    Bad(
        "B01",
        "a tar around a tar",
        lambda: subject_of({"manifest.json": "[]", "a/layer.tar": b"x"}),
        ERROR,
        "a tar around another image, a/layer.tar",
    ),
    Bad("B07", "no bash", lambda: subject("ubuntu", without=("usr/bin/bash",)), ERROR, "bin/bash is absent"),
    Bad(
        "B07",
        "bash without its bits",
        lambda: subject("ubuntu", {"usr/bin/bash": File(b"", 0o644)}),
        ERROR,
        "not executable",
    ),
    Bad("B22", "anything", lambda: subject("ubuntu"), INFO, "34 packages, kernel 6.8.0-45-generic"),
]
GOOD = [
    *(Good("B01", name, partial(subject, name)) for name in SYSTEMS),
    Good(
        "B01",
        "an unknown name with hooks that do not ask",
        lambda: subject("debian", {"usr/lib/os-release": "ID=kylin\n"}),
    ),
    Good(
        "B01",
        "CentOS 6, which has no os-release",
        lambda: subject(
            "centos7",
            {"etc/centos-release": "CentOS release 6.10 (Final)\n"},
            without=("etc/os-release", "usr/lib/os-release"),
        ),
    ),
    Good("B02", "debian", lambda: subject("ubuntu")),
    Good("B03", "24.04", lambda: subject("ubuntu")),
    Good("B04", "%rhel 9", lambda: subject("rocky", target=_BIOS)),
    Good("B05", "dpkg", lambda: subject("ubuntu")),
    Good("B05", "rpm", lambda: subject("rocky")),
    Good("B05", "rpm where Fedora has it", lambda: subject("fedora")),
    Good("B05", "rpm as a tool on Ubuntu", lambda: subject("ubuntu", {"usr/bin/rpm": program()})),
    Good("B06", "Ubuntu with snaps in their place", lambda: subject("ubuntu", {"var/lib/snapd/snaps/x": ""})),
    Good("B06", "Ubuntu Core itself", _core),
    Good("B07", "bash in a merged usr", lambda: subject("ubuntu")),
    Good("B07", "bash in bin", lambda: subject_of({"bin/bash": program(), "etc/os-release": "ID=debian\n"})),
    Good(
        "B07",
        "bash behind a link",
        lambda: subject("ubuntu", {"usr/bin/bash": Link("bash5"), "usr/bin/bash5": program()}),
    ),
    Good("B22", "anything", lambda: subject("rocky", packages=installed("kernel bash"))),
]

NOT_ASKED = [
    Good("B02", "Alpine with hooks of its own", lambda: _of(Family.ALPINE, "debian")),
    Good("B04", "hooks of its own", lambda: subject("fedora", target=_BIOS)),
    Good("B07", "a name of Red Hat's", lambda: subject("rhel8")),
]


@pytest.mark.parametrize("case", BAD, ids=named)
def test_what_the_installer_cannot_work_with_is_found(case: Bad) -> None:
    """
    Each system that the installer would stop at is found by its rule, and weighed as it should be.
    """
    assert (case.severity, True) == found(case)


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_what_the_installer_knows_passes(case: Good) -> None:
    """
    What is as it should be is not complained of.
    """
    assert spoils(case) == ""


@pytest.mark.parametrize("case", NOT_ASKED, ids=named)
def test_what_the_installer_does_not_touch_is_not_asked(case: Good) -> None:
    """
    A question that makes no sense for an image is skipped.
    """
    assert Status.SKIPPED is worst(case.rule, case.make())[0]

"""
The fourteen defects of existing templates, each as what an image made by them shows, and who finds it.

Some are of the build alone: X3 and X7 (nbd set-up whose exit status or timing is lost) show in an image as
a file that is cut short or a folder that is empty; X10 (firmware variables of a wrong size) shows in no
image at all, since the variables belong to the build machine and are never packed.
"""

from dataclasses import replace

import pytest

from tests.support.images import File, Link, Node
from tests.support.systems import installed, subject
from tests.unit.check.asked import CLOUD, ERROR, INFO, WARNING, Bad, found, named, system
from tundish.anatomy.facts import Password, User
from tundish.anatomy.image import Compression, Image, Wrapping
from tundish.check.subject import Filetype, Request, Subject
from tundish.core.digest import Digest

_STRIPPING = """#!/bin/bash -e
for part in $(mount | awk '$3 == "/" {print $1}'); do
  disk=$(echo $part | sed 's/[0-9]*//g')
  grub2-install $disk
done
"""
_EXITS_EARLY = """#!/usr/bin/env python3
import os
import shutil
import sys


def cleanup():
    shutil.rmtree(os.path.join(os.environ["TARGET_MOUNT_POINT"], "curtin"))


def main():
    print("installed")


if __name__ == "__main__":
    main()
    sys.exit(0)
    cleanup()
"""


def _empty_root() -> Subject:
    """
    What pipeline A packs when the disk was not there: the mount point.
    """
    made = subject("rocky")
    whole = made.image
    assert whole.root is not None
    return replace(made, image=replace(whole, wrapping=_cut(whole.wrapping)))


def _cut(wrapping: Wrapping) -> Wrapping:
    return replace(wrapping, fault="the compressed data ends early")


def _with_user(name: str, known: str) -> Subject:
    made = subject("ubuntu")
    user = User(name, 1000, 1000, f"/home/{name}", "/bin/bash", Password.SET, known)
    return replace(made, facts=replace(made.facts, users=(*made.facts.users, user)))


def _stamped() -> Subject:
    made = subject("ubuntu")
    wrapping = Wrapping(Compression.GZIP, 400 << 20, 900 << 20, Digest.of(b"x"), stamped=True)
    return replace(made, image=replace(made.image, wrapping=wrapping))


def _other_series() -> Subject:
    return system(request=Request(Filetype.TGZ, "custom/jammy", "amd64/generic", "ubuntu/jammy"))


def _modules() -> Subject:
    made = subject("rocky")
    return replace(made, facts=replace(made.facts, packages=installed("kernel grub2-efi-x64-modules")))


def _without_oauth() -> Subject:
    return system("rocky", cloud=replace(CLOUD, oauth=False))


def _backup() -> dict[str, Node]:
    return {
        "packer_backup/etc/ssh/sshd_config": "PermitRootLogin prohibit-password\n",
        "etc/ssh/sshd_config": "PermitRootLogin yes\n",
    }


DEFECTS = [
    Bad("B14", "X1: a stray folder", lambda: system(changes=_backup()), WARNING, "packer_backup"),
    Bad("B16", "X1: root may log in", lambda: system(changes=_backup()), WARNING, "PermitRootLogin"),
    Bad(
        "B13",
        "X2: cloud-init keeps its state",
        lambda: system(
            changes={
                "var/lib/cloud/instance": Link("/var/lib/cloud/instances/i-1"),
                "var/lib/cloud/instances/i-1/sem": "",
            }
        ),
        WARNING,
        "var/lib/cloud/instance",
    ),
    Bad("A02", "X3, X7: a file cut short", _empty_root, ERROR, ""),
    Bad(
        "F09",
        "X4: digits stripped from a device",
        lambda: system("alma", {"curtin/setup-bootloader": File(_STRIPPING.encode(), 0o755)}),
        WARNING,
        "curtin/setup-bootloader makes the name of a disk",
    ),
    Bad(
        "F07",
        "X5: a hook that ends before its cleanup",
        lambda: system("alma", {"curtin/curtin-hooks": File(_EXITS_EARLY.encode(), 0o755)}),
        WARNING,
        "ends before the line that removes /curtin",
    ),
    Bad(
        "B19",
        "X6: a proxy of the build is left",
        lambda: system(changes={"etc/apt/apt.conf.d/99proxy": 'Acquire::http::Proxy "http://p.lab:3128";\n'}),
        WARNING,
        "99proxy",
    ),
    Bad(
        "A10",
        "X8: no SELinux labels",
        lambda: system("rocky", without=(".autorelabel",)),
        WARNING,
        "",
    ),
    Bad("D08", "X9: modules that break Secure Boot", _modules, WARNING, "grub2-efi-x64-modules"),
    Bad("B15", "X11: a password of the template", lambda: _with_user("ubuntu", "ubuntu"), WARNING, "ubuntu"),
    Bad(
        "B17",
        "X11: sudo without a password for another user",
        lambda: system(changes={"etc/sudoers.d/packer": File(b"packer ALL=(ALL) NOPASSWD:ALL\n", 0o440)}),
        WARNING,
        "packer",
    ),
    Bad("M09", "X12: the series of name and content differ", _other_series, WARNING, "noble"),
    Bad(
        "E04",
        "X13: no oauthlib",
        lambda: system("rocky", cloud=replace(CLOUD, oauth=False)),
        ERROR,
        "oauthlib",
    ),
    Bad("A15", "X14: two builds differ", _stamped, INFO, ""),
]


@pytest.mark.parametrize("case", DEFECTS, ids=named)
def test_a_defect_of_the_templates_is_found(case: Bad) -> None:
    """
    What a defect of the existing templates leaves in an image is found by its rule.
    """
    assert (case.severity, True) == found(case)


def test_firmware_variables_are_no_part_of_an_image() -> None:
    """
    X10 shows in no image: what is asked of has no field for them.
    """
    assert not any("var" in name for name in Image.__slots__)

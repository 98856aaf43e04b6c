"""
The deploy plan: the right steps in the right order, and where it fails.
"""

import inspect
import re
from types import ModuleType

import pytest

from tests.support import parts
from tests.support.disks import ESP, Part, disk, on_disk
from tests.support.images import File, Folder, Tree
from tests.support.systems import SYSTEMS, subject_of
from tests.unit.check.asked import HOOK, system
from tundish.anatomy.facts import Facts, Family
from tundish.anatomy.image import Form
from tundish.check import plan_boot, plan_steps
from tundish.check.plan import plan_of
from tundish.check.plan_values import DeployPlan, State
from tundish.check.rulebook import rulebook
from tundish.check.run import findings_of
from tundish.check.subject import Filetype, Request, Subject, Target


def _debian_for_bios() -> Tree:
    """
    A Debian whose GRUB for UEFI the installer would fetch, and MAAS would not start.
    """
    kept = {path: node for path, node in SYSTEMS["debian"].tree().items() if not path.startswith("curtin")}
    return {**kept, **parts.dpkg(["bash", "grub-pc"])}


_PARTS = (
    Part(Form.FAT, ESP, {"EFI/BOOT/BOOTX64.EFI": b"MZ"}),
    Part(Form.EXT, tree={"etc/os-release": "ID=ubuntu\n", HOOK: File(b"#!/bin/sh\n", 0o755)}, uuid="1"),
)


def planned(subject: Subject) -> DeployPlan:
    return plan_of(subject, findings_of(subject))


def stages(subject: Subject) -> list[str]:
    return [step.stage for step in planned(subject).steps]


def said(subject: Subject) -> str:
    return " | ".join(f"{step.stage}: {step.what} {step.command}" for step in planned(subject).steps)


def windows() -> Subject:
    made = disk(_PARTS[0], Part(Form.NTFS, tree={"Windows/System32/a": "", HOOK: "", "curtin/finalize": ""}))
    request = Request(Filetype.DDTGZ, "windows/w", "amd64/generic")
    return on_disk(made, facts=Facts(Family.WINDOWS, arch="amd64"), request=request)


_BEFORE = "upload, configuration, network boot, "
_DD = _BEFORE + "partitioning, extract, find the root, hooks, kernel, clean up, "
_AFTER = "reboot, BIOS, reboot, UEFI, first boot"
_TAR = (
    _BEFORE + "partitioning, extract, hooks, fstab, kernel, boot loader, boot loader, network, cloud-init, "
)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (system("rocky"), f"{_TAR}late, late, {_AFTER}"),
        (on_disk(disk(*_PARTS)), f"{_DD}cloud-init, late, late, {_AFTER}, grow"),
        (windows(), f"{_DD}hook, late, {_AFTER}"),
        (system(target=Target(in_memory=True)), f"{_BEFORE}extract, fstab, first boot"),
    ],
    ids=["tar", "disk", "windows", "memory"],
)
def test_the_steps_are_those_of_the_installer(subject: Subject, expected: str) -> None:
    """
    Each kind of image has its steps, in the order in which they happen.
    """
    assert expected == ", ".join(stages(subject))


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (system("rocky"), "smtar -C TARGET --xattrs '--xattrs-include=*' -Sxpf - --numeric-owner"),
        (system("rocky"), "the mkfs of noble"),
        (system("rocky", target=Target(ephemeral="jammy")), "the mkfs of jammy"),
        (system("rocky"), "EFI/rocky/grub.cfg"),
        (system("oracle"), "EFI/redhat/grub.cfg"),
        (system("ubuntu-root"), "has none and MAAS names none: it guesses"),
        (system("rocky"), "keeps the kernel of the image (5.14.0-427.13.1.el9_4.x86_64)"),
        (system("ubuntu"), "cloud-init --version && netplan info"),
        (system("ubuntu"), "chainloader /efi/boot/bootx64.efi"),
        (system("debian"), "runs curtin/curtin-hooks of the image"),
        (on_disk(disk(*_PARTS)), "zcat | dd bs=4M of=/dev/DISK"),
        (on_disk(disk(*_PARTS)), "is volume 2 (ext), which becomes the target"),
        (windows(), "tar -xOzf - | dd bs=4M"),
        (windows(), "root-dd.tar.gz"),
        (windows(), "Cloudbase-Init asks MAAS"),
        (system(target=Target(in_memory=True)), "root=tar:"),
    ],
)
def test_a_plan_says_what_happens(subject: Subject, words: str) -> None:
    """
    The plan names commands, kernels, folders and volumes as they are for this image.
    """
    assert words in said(subject)


@pytest.mark.parametrize("name", SYSTEMS)
def test_no_step_of_a_good_system_fails(name: str) -> None:
    """
    A good system has a plan that reaches its end.
    """
    assert None is planned(system(name)).fails_at


@pytest.mark.parametrize(
    ("subject", "stage"),
    [
        (system(without=("bin/bash", "usr/bin/bash")), "late"),
        (system("rocky", without=("boot",)), "kernel"),
        (system("debian", {HOOK: File(b"#!/usr/bin/python\n", 0o755)}), "hooks"),
        (system(changes={"etc/cloud/cloud.cfg.d/99-x.cfg": "datasource_list: [Ec2]\n"}), "first boot"),
        (on_disk(disk(Part(Form.EXT, tree={"etc": Folder()}))), "find the root"),
        (system(request=Request(Filetype.TGZ, "a/b/c", "amd64/generic")), "upload"),
        (system(request=Request(Filetype.TGZ, "windows/x", "amd64/generic")), "configuration"),
    ],
)
def test_the_first_failing_step_is_named(subject: Subject, stage: str) -> None:
    """
    The plan says where a deployment would end.
    """
    plan = planned(subject)

    assert stage == plan.steps[-1 if plan.fails_at is None else plan.fails_at].stage


def test_a_failing_step_has_its_rules() -> None:
    """
    A step that fails names the rules that say so.
    """
    plan = planned(system(without=("bin/bash", "usr/bin/bash")))
    step = next(step for step in plan.steps if step.state is State.FAILS)

    assert "B07" in step.rules


def test_what_is_missing_comes_from_a_network() -> None:
    """
    Packages of the boot loader that are not installed, and a kernel to be guessed, need a network.
    """
    assert ("grub-pc", "linux-generic") == planned(system("ubuntu-root")).from_network


def test_own_hooks_let_the_installer_fetch_nothing() -> None:
    """
    Where the image brings its hooks, the installer asks for no packages.
    """
    assert () == planned(system("debian")).packages


@pytest.mark.parametrize(
    ("subject", "firmware"),
    [
        (system("ubuntu"), ("BIOS", "UEFI", "Secure Boot")),
        (system("rocky"), ("BIOS", "UEFI", "Secure Boot")),
        (subject_of(_debian_for_bios()), ("BIOS",)),
        (on_disk(disk(*_PARTS, boot_code=False)), ("UEFI", "Secure Boot")),
        (on_disk(disk(_PARTS[1], boot_code=False)), ()),
    ],
)
def test_a_plan_says_by_what_the_machine_boots(subject: Subject, firmware: tuple[str, ...]) -> None:
    """
    The firmware that the image can boot by is named.
    """
    assert firmware == planned(subject).firmware


def test_a_plan_says_who_logs_in() -> None:
    """
    The default user of the image is that of its plan.
    """
    assert "ubuntu" == planned(system()).default_user


def test_a_disk_says_how_large_the_machine_has_to_be() -> None:
    """
    The minimum disk of a disk image is its own size.
    """
    made = disk(*_PARTS)

    assert made.size == planned(on_disk(made)).minimum_disk


def test_every_rule_of_a_step_exists() -> None:
    """
    No step waits for a rule that nobody asks.
    """
    known = {rule.id for rule in rulebook()}
    named = [word for module in (plan_steps, plan_boot) for word in _rules_in(module)]

    assert [] == [word for word in named if word not in known]


def _rules_in(module: ModuleType) -> list[str]:
    return re.findall(r'"([A-GM]\d\d)"', inspect.getsource(module))

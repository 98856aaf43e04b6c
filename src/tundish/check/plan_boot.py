"""
Kernel, boot loader, and what happens after the reboot: the second half of the deploy plan.
"""

from collections.abc import Iterator, Sequence

from tundish.anatomy.facts import Family
from tundish.check.boot import boot_id, boots, expected
from tundish.check.chainload import arch_of, tried
from tundish.check.loaders import missing, needed
from tundish.check.plan_values import Draft, Needed, Where
from tundish.check.rule import Finding, Severity, Status
from tundish.check.scopes import linux
from tundish.check.subject import Subject

_NAMES = {"bios": "BIOS", "uefi": "UEFI"}


def kernel(subject: Subject) -> Draft:
    """
    Which kernel the machine will have.
    """
    names = ", ".join(one.version for one in subject.facts.kernels)
    rules: tuple[str, ...] = ("C01", "C04", "C05", "C06", "C07", "C08")
    if subject.family is Family.DEBIAN and subject.builtin and not subject.request.filetype.is_dd:
        rules = ("B19", *rules, "C02", "C03")
        if names:
            what = f"keeps the kernel of the image ({names}), and asks apt for the one it guesses"
        else:
            what = "installs a kernel, since the image has none and MAAS names none: it guesses"
        return Draft("kernel", Where.TARGET, what, "apt-get install linux-generic", rules)
    if subject.family in {Family.WINDOWS, Family.ESXI}:
        return Draft("kernel", Where.TARGET, "is the image's own")
    if names:
        return Draft("kernel", Where.TARGET, f"keeps the kernel of the image ({names})", rules=rules)
    if subject.builtin:
        what = "installs no kernel for this family, and the image has none"
    else:
        what = "is left to the hook"
    return Draft("kernel", Where.TARGET, what, rules=rules)


def _wanted(subject: Subject) -> list[str]:
    return [one for one in ("bios", "uefi") if one in subject.target.firmware and needed(subject, one)]


def loader_packages(subject: Subject) -> Draft:
    """
    Which packages of the boot loader are there, and which have to come.
    """
    notes = []
    for firmware in _wanted(subject):
        gone = missing(subject, firmware)
        present = [name for name in needed(subject, firmware) if name not in gone]
        notes.append(
            f"{_NAMES[firmware]}: {', '.join(present) or 'nothing'} present"
            + (f"; {', '.join(gone)} to be fetched from the image's repositories" if gone else "")
        )
    commands = {
        Family.DEBIAN: "apt-get install ...",
        Family.REDHAT: "dnf install ...",
        Family.SUSE: "zypper in ...",
    }
    return Draft(
        "boot loader",
        Where.TARGET,
        "installs the packages of the boot loader that are missing for the machine's firmware",
        commands.get(subject.family, ""),
        ("B18", "D01", "D02", "D03", "D04", "D05", "D08", "D10", "D13"),
        tuple(notes),
    )


def grub(subject: Subject) -> Draft:
    """
    How the boot loader is put on the disk.
    """
    folder = boot_id(subject)
    commands = {
        Family.DEBIAN: f"grub-install --target=... --efi-directory=/boot/efi "
        f"--bootloader-id={folder} --recheck "
        "--no-nvram (UEFI), grub-install /dev/DISK (BIOS); update-grub",
        Family.REDHAT: f"grub2-mkconfig -o /boot/efi/EFI/{folder}/grub.cfg (UEFI); grub2-install /dev/DISK, "
        "grub2-mkconfig -o /boot/grub2/grub.cfg (BIOS)",
        Family.SUSE: f"grub2-install --bootloader-id={folder} (UEFI), grub2-install /dev/DISK "
        f"(BIOS); grub2-mkconfig",
    }
    return Draft(
        "boot loader",
        Where.TARGET,
        f"installs GRUB, by UEFI into EFI/{folder}, and leaves the firmware's boot order as it is",
        commands.get(subject.family, "grub-install"),
        ("B02", "B04", "C08", "C09", "D06", "D07", "D09"),
    )


def after_reboot(subject: Subject) -> Iterator[Draft]:
    """
    From the reboot to the moment when MAAS calls the machine deployed.
    """
    for firmware in ("bios", "uefi"):
        if firmware in subject.target.firmware and not (firmware == "bios" and arch_of(subject) == "arm64"):
            yield _chain_load(subject, firmware)
    yield _first_boot(subject)
    if subject.request.filetype.is_dd and linux(subject):
        yield Draft(
            "grow", Where.MACHINE, "cloud-init grows the root to the disk", "growpart", ("E09", "G04", "G05")
        )


def _chain_load(subject: Subject, firmware: str) -> Draft:
    if firmware == "bios":
        return Draft(
            "reboot, BIOS",
            Where.FIRMWARE,
            "boots from the network, and is sent to the first sector of the disk",
            "chainload (hd0)+1",
            ("G03", "M23"),
        )
    rules: tuple[str, ...] = ("G02", "M20", "M22", "M24")
    secure = subject.target.secure_boot
    there = expected(subject)
    paths = tried(arch_of(subject), subject.target.maas, secure_boot=secure)
    path = next((one for one in paths if one in there.paths), "")
    started = "nothing" if there.sure else "the loader that the hook has put in place, if it did"
    return Draft(
        "reboot, Secure Boot" if secure else "reboot, UEFI",
        Where.FIRMWARE,
        f"boots GRUB from the network, which starts {f'EFI/{path} of the disk' if path else started}",
        f"chainloader /efi/{path}" if path else "",
        (*rules, "M21", "D09") if secure else rules,
        (f"put there by {there.by}",) if path else (),
    )


def _first_boot(subject: Subject) -> Draft:
    if subject.family is Family.WINDOWS:
        return Draft(
            "first boot",
            Where.MACHINE,
            "Windows sets itself up, and Cloudbase-Init asks MAAS for its metadata",
            rules=("G11", "G13", "F05"),
        )
    if subject.family is Family.ESXI:
        return Draft(
            "first boot", Where.MACHINE, "ESXi runs the scripts from its boot bank, which ask MAAS "
            "for metadata",
            rules=("G12", "M16"),
        )  # fmt: skip
    user = subject.facts.cloud_init.default_user
    return Draft(
        "first boot",
        Where.MACHINE,
        "cloud-init asks MAAS for its metadata, sets up network, keys and host name, and reports: Deployed",
        rules=("B08", "C01", "G06", "E01", "E02", "E04", "E05", "E06", "E07", "E08"),
        notes=(f"log in as {user}",) if user else (),
    )


def packages_of(subject: Subject) -> Iterator[Needed]:
    """
    What the installer wants to be installed, firmware by firmware, and whether it is.
    """
    if not subject.builtin or subject.request.filetype.is_dd or subject.target.in_memory:
        return
    for firmware in _wanted(subject):
        gone = missing(subject, firmware)
        for name in needed(subject, firmware):
            yield Needed(name, firmware, name not in gone)
    if subject.family is Family.DEBIAN and not subject.facts.kernels:
        yield Needed("linux-generic", "kernel", subject.facts.has("linux-generic"))


def firmware_of(subject: Subject, findings: Sequence[Finding]) -> tuple[str, ...]:
    """
    By what the machine can boot, in the words of people. Of a tar this is what the installer can make of it.
    """
    broken = {
        one.rule
        for one in findings
        if one.status is Status.FAIL and one.severity is not Severity.WARNING  # an info: nobody needs it
    }
    found = boots(subject)
    if subject.image.disk is None and subject.builtin:
        # the installer puts in place what a firmware needs, fetched if it must be
        found = {one for one in ("bios", "uefi") if needed(subject, one)}
    if broken & {"M20", "M22", "G02", "D06", "D07"}:
        found -= {"uefi"}
    named = [_NAMES[one] for one in sorted(found)]
    return (*named, "Secure Boot") if "uefi" in found and _is_secure(subject) else tuple(named)


def _is_secure(subject: Subject) -> bool:
    if subject.facts.firmware.secure_boot:
        return True
    there = expected(subject).paths
    paths = tried(arch_of(subject), subject.target.maas, secure_boot=True)
    signed = {one.path.lower().removeprefix("efi/") for one in subject.facts.loaders if one.signed}
    if subject.family is Family.DEBIAN and subject.image.disk is None:
        return subject.facts.has("shim-signed") and bool(there & set(paths))
    return bool(there & set(paths) & signed)


def minimum_disk(subject: Subject) -> int:
    """
    Bytes that the machine's disk must have: those of a disk image, an estimate for a tar.
    """
    return subject.image.disk.size if subject.image.disk else subject.facts.minimum_disk

"""
Group D, first half: the boot loader's packages and files, for each firmware.
"""

from collections.abc import Iterator

from tundish.anatomy.facts import Loader
from tundish.check.asking import ERROR, WARNING, must_boot, named, need_packages, root_of, rule
from tundish.check.loaders import BIOS, UEFI, Lack, aims_at, arch_of, complete, lacks
from tundish.check.rule import Evidence, Found, Rule, Severity
from tundish.check.scopes import Scope, amd64, arm64, bios, builtin, deb, linux, rooted, rpm, suse, uefi
from tundish.check.subject import Subject
from tundish.check.versions import SBAT, Curtin, curtin_has

_NETWORK = (
    "the installer fetches what is missing from the image's own repositories: without a network, or with a "
    "repository that has moved on, the deployment fails when it installs the boot loader"
)
_BOOT_IDS = {"rhel": "redhat", "ol": "redhat"}
_SHORT = {"amd64": "x64", "arm64": "aa64"}


def _offline(name: str, scope: Scope, title: str, fix: str) -> Rule:
    """
    The rules D01 to D05 ask the same of different lists.
    """
    decorated = rule(name, WARNING, scope, title=title, why=_NETWORK, fix=fix)
    return decorated(_missing_packages)


def _missing_packages(subject: Subject) -> Iterator[Found]:
    need_packages(subject)
    for lack in lacks(subject):
        yield Found(
            f"for {lack.firmware.upper()} the image lacks {named(lack.packages)}",
            tuple(Evidence("package", package) for package in lack.packages),
            _severity(subject, lack),
        )


def _severity(subject: Subject, lack: Lack) -> Severity | None:
    """
    The modules of BIOS GRUB are not on the installer's list, so no network brings them.
    """
    modules = "grub2-pc-modules" in lack.packages and must_boot(subject.target, BIOS)
    return ERROR if subject.target.offline or modules else None


deb_amd64 = _offline(
    "D01",
    deb & amd64 & builtin,
    "the boot loader's packages for amd64 are in the image",
    "install efibootmgr, grub-efi-amd64, grub-efi-amd64-signed and shim-signed for UEFI, grub-pc for BIOS; "
    "the two exclude each other, so choose one or accept a network",
)
deb_arm64 = _offline(
    "D02",
    deb & arm64 & builtin,
    "the boot loader's packages for arm64 are in the image",
    "install efibootmgr, grub-efi-arm64, grub-efi-arm64-signed and shim-signed",
)
rpm_arm64 = _offline(
    "D04",
    rpm & arm64,
    "the boot loader's packages for arm64 are in the image",
    "install efibootmgr, grub2-efi-aa64, grub2-efi-aa64-modules and shim-aa64",
)
of_suse = _offline(
    "D05",
    suse,
    "the boot loader's packages are in the image",
    "install grub2, its branding, grub2-x86_64-efi and shim for UEFI, grub2-i386-pc for BIOS",
)


@rule(
    "D03",
    WARNING,
    rpm & amd64,
    title="the boot loader's packages for x86_64 are in the image, those for BIOS with their modules",
    why=_NETWORK + "; it never fetches grub2-pc-modules, and without them GRUB for BIOS cannot be installed",
    fix="install efibootmgr, grub2-efi-x64 and shim-x64 for UEFI, grub2-pc with grub2-pc-modules for BIOS",
)
def rpm_amd64(subject: Subject) -> Iterator[Found]:
    yield from _missing_packages(subject)
    root, folder = subject.root, f"boot/efi/EFI/{boot_id(subject)}"
    if root is None or "uefi" not in subject.target.firmware or not subject.facts.has("shim-x64"):
        return
    if root.is_folder(folder) and not root.is_file(f"{folder}/shimx64.efi"):
        yield Found(
            f"shim-x64 is installed, but {folder}/shimx64.efi is absent",
            (Evidence(f"{folder}/shimx64.efi", "absent"),),
            ERROR if subject.target.offline and must_boot(subject.target, UEFI) else None,
            fix="pack boot/efi with the rest of the root",
        )


def boot_id(subject: Subject) -> str:
    """
    The folder below EFI/ where the installer looks for the loaders of an rpm system.
    """
    name = subject.facts.os.id
    return _BOOT_IDS.get(name, name)


@rule(
    "D06",
    ERROR,
    rpm & rooted & uefi & builtin,
    title="the folder of the boot loader is below boot/efi/EFI",
    why="the installer writes GRUB's configuration there; where the folder is missing the deployment fails, "
    "or the machine ends at GRUB's prompt",
    fix="pack boot/efi with the rest of the root, the folder in it named by the ID of os-release, or redhat",
)
def loader_folder(subject: Subject) -> Iterator[Found]:
    folder = f"boot/efi/EFI/{boot_id(subject)}"
    if not root_of(subject).is_folder(folder):
        yield Found(f"{folder} is absent", (Evidence(folder, "absent"),), _lowered(subject))


def _lowered(subject: Subject) -> Severity | None:
    """
    An image that was made for BIOS, with all that it needs, is not unfit for what UEFI lacks.
    """
    only_bios = not must_boot(subject.target, UEFI) and BIOS in subject.target.firmware
    return WARNING if only_bios and aims_at(subject) == {BIOS} and complete(subject, BIOS) else None


@rule(
    "D07",
    ERROR,
    suse & uefi & builtin,
    title="a SUSE image brings hooks of its own",
    why="the installer looks for the loaders in EFI/suse, and SLES has them in EFI/sles: the machine finds "
    "nothing to boot",
    fix="bring /curtin/curtin-hooks that run shim-install in the machine's root",
)
def suse_hooks(subject: Subject) -> Iterator[Found]:
    yield Found(
        "the image has no curtin/curtin-hooks, and the installer's own cannot make SUSE boot with UEFI",
        (Evidence("curtin/curtin-hooks", "absent"),),
        _lowered(subject),
    )


@rule(
    "D08",
    WARNING,
    rpm,
    title="the signed GRUB stays in place: grub2-efi-x64-modules is not installed",
    why="where the modules are, the installer runs grub2-install, which puts an unsigned GRUB in the place "
    "of the signed one; a machine with Secure Boot refuses it",
    fix="remove grub2-efi-x64-modules from the image",
)
def no_modules(subject: Subject) -> Iterator[Found]:
    need_packages(subject)
    if subject.facts.has("grub2-efi-x64-modules"):
        yield Found(
            "grub2-efi-x64-modules is installed",
            (Evidence("package grub2-efi-x64-modules", subject.facts.version_of("grub2-efi-x64-modules")),),
        )


@rule(
    "D09",
    WARNING,
    uefi & linux,
    title="shim and GRUB are signed, and not revoked",
    why="a machine with Secure Boot shows “Security Violation” or “SBAT self-check failed” and switches off",
    fix="install shim and GRUB from the distribution's updates, and leave their files as they are",
)
def signed(subject: Subject) -> Iterator[Found]:
    for loader in subject.facts.loaders:
        kind = _kind(loader)
        if not kind:
            continue
        if not loader.signed:
            yield Found(f"{loader.path} is not signed", (Evidence(loader.path, "no certificate table"),))
        for component, generation in loader.sbat:
            if generation < SBAT.get(component, 0):
                yield Found(
                    f"{loader.path} is revoked: its {component} is of generation {generation}, and "
                    f"{SBAT[component]} is asked for",
                    (Evidence(loader.path, f"{component},{generation}"),),
                )


def _kind(loader: Loader) -> str:
    name = loader.path.rpartition("/")[2].lower()
    starts = ("shim", "grub", "bootx64", "bootaa64")
    return next((one for one in starts if name.startswith(one)), "")


@rule(
    "D10",
    ERROR,
    linux & builtin & (rpm | suse),
    title="the installer of this MAAS knows how to make such a system boot",
    why="an older installer stops while it installs the boot loader",
    fix="deploy with a newer MAAS, or bring hooks of your own",
)
def installer(subject: Subject) -> Iterator[Found]:
    target, os = subject.target, subject.facts.os
    major = os.version_id.partition(".")[0]
    of_date = Evidence("installer", str(target.curtin))
    if suse(subject) and not curtin_has(target, Curtin.SUSE):
        yield Found(f"an installer of {target.curtin} installs no GRUB on SUSE", (of_date,))
    if rpm(subject) and major == "10" and bios(subject) and not curtin_has(target, Curtin.RHEL10):
        only = must_boot(target, BIOS) or aims_at(subject) == {BIOS}
        yield Found(
            f"an installer of {target.curtin} cannot install GRUB for BIOS on version 10",
            (of_date, Evidence(os.source or "etc/os-release", os.version_id)),
            ERROR if only else WARNING,
        )
    if rpm(subject) and arch_of(subject) == "arm64" and not curtin_has(target, Curtin.ARM64_RPM_LOADER):
        yield Found(
            f"an installer of {target.curtin} does not find the loader of an arm64 rpm system",
            (of_date,),
            fix="deploy with a newer MAAS, or put a preseed that copies shimaa64.efi on the region",
        )


RULES = (
    deb_amd64,
    deb_arm64,
    rpm_amd64,
    rpm_arm64,
    of_suse,
    loader_folder,
    suse_hooks,
    no_modules,
    signed,
    installer,
)

"""
Group M, third part: whether MAAS starts the machine from its disk after the installation.
"""

from collections.abc import Iterator

from tundish.anatomy.system.beginning import beginning
from tundish.check.boot import Expected, expected, lack, paths_on_esp, required
from tundish.check.chainload import FALLBACK, arch_of, known_paths, tried
from tundish.check.folded import folded
from tundish.check.loaders import aims_at
from tundish.check.rule import Evidence, Found, Rule, Severity, Unknown
from tundish.check.scopes import amd64, arm64, bios, dd, uefi
from tundish.check.subject import Subject


def _secure(subject: Subject) -> bool:
    return subject.target.secure_boot


def _has_a_system(subject: Subject) -> bool:
    return subject.root is not None or subject.image.disk is not None


def _is_started(subject: Subject, *, secure_boot: bool, severity: Severity | None) -> Iterator[Found]:
    if severity is None:
        return
    arch = arch_of(subject)
    paths = tried(arch, subject.target.maas, secure_boot=secure_boot)
    there = _expected(subject)
    if found := next((path for path in paths if path in there.paths), ""):
        yield from _is_no_loader(subject, found, arch, severity)
        return
    held = sorted(path for path in there.paths if path.endswith(".efi"))
    if not there.sure:
        raise Unknown("the hook of the image decides where the loader is put, and does not say")
    known = set() if secure_boot else there.paths & known_paths(subject)
    shown = ", ".join(f"EFI/{path}" for path in held[:4]) or "no loader"
    yield Found(
        f"MAAS {subject.target.maas[0]}.{subject.target.maas[1]} starts none of what {there.by} "
        f"puts on the EFI "
        f"system partition: {shown}",
        tuple(Evidence("loader", f"EFI/{path}") for path in held[:12]) or (Evidence("loader", "none"),),
        Severity.WARNING if known else severity,  # a later MAAS does; when this began is not known
        f"put a copy at EFI/{FALLBACK.get(arch, FALLBACK['amd64'])}",
    )


def _is_no_loader(subject: Subject, path: str, arch: str, severity: Severity) -> Iterator[Found]:
    """
    What MAAS would start of a disk, and the firmware could not, or not to its end.
    """
    disk = subject.image.disk
    esp = disk.esp.index if disk is not None and disk.esp is not None else None
    entry = folded(esp, f"EFI/{path}") if esp is not None else None
    if esp is None or entry is None:
        return
    loader = next((one for one in subject.facts.loaders if one.path.lower() == f"efi/{path}"), None)
    if not beginning(esp, entry.path, 2).startswith(b"MZ"):
        yield Found(
            f"{entry.path}, which MAAS starts, is no EFI program",
            (Evidence(entry.path, f"{entry.size} bytes"),),
            severity,
        )
    elif loader is not None and loader.arch and loader.arch != arch:
        yield Found(
            f"{entry.path}, which MAAS starts, is a program for {loader.arch}, not for {arch}",
            (Evidence(entry.path, loader.arch),),
            severity,
        )
    elif loader is not None and any(name == "shim" for name, _ in loader.sbat):
        yield from _shim_alone(subject, entry.path, severity)


def _shim_alone(subject: Subject, path: str, severity: Severity) -> Iterator[Found]:
    """
    A shim starts the GRUB beside it; that in EFI/BOOT the fallback program, if it is there.
    """
    folder = path.lower().removeprefix("efi/").rpartition("/")[0]
    short = "aa64" if path.lower().endswith("aa64.efi") else "x64"
    wanted = {f"{folder}/grub{short}.efi", f"{folder}/fb{short}.efi"}
    if not wanted & paths_on_esp(subject):
        yield Found(
            f"{path}, which MAAS starts, is a shim, and the grub{short}.efi that it starts is not beside it",
            (Evidence(path, f"no grub{short}.efi beside it"),),
            severity,
            f"copy grub{short}.efi to the same folder",
        )


def _expected(subject: Subject) -> Expected:
    disk = subject.image.disk
    if disk is not None and disk.esp is not None and disk.esp.index is None:
        raise Unknown(f"the EFI system partition {disk.esp.name} could not be read: {disk.esp.why}")
    return expected(subject)


def _starts(subject: Subject) -> Iterator[Found]:
    yield from _is_started(subject, secure_boot=False, severity=_needed(subject))


def _needed(subject: Subject) -> Severity | None:
    """
    A disk that boots by BIOS may do without, and a tar made for BIOS alone, if any firmware is enough.
    """
    if subject.image.disk is not None or "uefi" in required(subject) or not subject.builtin:
        return lack(subject, "uefi") if subject.image.disk is not None else Severity.ERROR
    return Severity.INFO if aims_at(subject) == {"bios"} else Severity.ERROR


def _starts_securely(subject: Subject) -> Iterator[Found]:
    yield from _is_started(subject, secure_boot=True, severity=Severity.ERROR)
    yield from _unsigned(subject)


def _unsigned(subject: Subject) -> Iterator[Found]:
    wanted = set(tried(arch_of(subject), subject.target.maas, secure_boot=True))
    for loader in subject.facts.loaders:
        if loader.path.lower().removeprefix("efi/") in wanted and not loader.signed:
            yield Found(f"{loader.path} has no signature", (Evidence(loader.path, "no certificate table"),))


def _starts_by_bios(subject: Subject) -> Iterator[Found]:
    disk, severity = subject.image.disk, lack(subject, "bios")
    if disk is not None and severity is not None and not disk.table.boot_code:
        yield Found(
            "the first sector, which MAAS chain-loads on BIOS, holds no boot code",
            (Evidence("MBR", "no boot code"),),
            severity,
        )


def _has_fallback(subject: Subject) -> Iterator[Found]:
    there = _expected(subject)
    arch = arch_of(subject)
    wanted = FALLBACK.get(arch)
    if wanted is None or ("uefi" not in subject.target.firmware and not subject.target.secure_boot):
        return
    if subject.image.disk is not None and not any(path.endswith(".efi") for path in there.paths):
        return  # G02 tells
    if wanted not in there.paths:
        if not there.sure:
            raise Unknown("the hook of the image decides where the loader is put, and does not say")
        yield Found(
            f"there will be no fallback copy EFI/{wanted}",
            tuple(Evidence("loader", f"EFI/{path}") for path in sorted(there.paths)[:12]),
        )
    elif subject.image.disk is not None:
        yield from _leads_on(subject)


def _leads_on(subject: Subject) -> Iterator[Found]:
    """
    The fallback copy of a disk must find its way: a fallback program its CSV, a GRUB its grub.cfg.
    """
    held = paths_on_esp(subject)
    csv = any(path.endswith(".csv") for path in held)
    if any(path.startswith("boot/fb") for path in held) and not csv:
        yield Found(
            "EFI/BOOT has the fallback program, and no folder of EFI has the CSV file that it reads",
            (Evidence("EFI/BOOT", "fbx64.efi without *.CSV"),),
        )
    grub = any(path.startswith("boot/grub") and path.endswith(".efi") for path in held)
    if grub and not any(path.endswith("grub.cfg") for path in held):
        yield Found(
            "EFI/BOOT has a GRUB, and the EFI system partition has no grub.cfg",
            (Evidence("EFI/BOOT", "no grub.cfg"),),
        )


_STUCK = (
    "GRUB from the network finds nothing to start on the disk: the machine boots from the network "
    "again and again"
)
RULES = (
    Rule(
        "M20",
        Severity.ERROR,
        "MAAS starts a loader of the image by UEFI",
        lambda subject: uefi(subject) and amd64(subject) and _has_a_system(subject),
        "UEFI, amd64",
        _STUCK,
        "put a copy of shim at EFI/BOOT/BOOTX64.EFI, with what it loads beside it",
        _starts,
    ),
    Rule(
        "M21",
        Severity.ERROR,
        "MAAS starts a loader of the image with Secure Boot on",
        lambda subject: _secure(subject) and amd64(subject) and _has_a_system(subject),
        "with --secure-boot, amd64",
        "with Secure Boot on only four paths are tried: " + _STUCK,
        "put a signed shim at EFI/BOOT/BOOTX64.EFI",
        _starts_securely,
    ),
    Rule(
        "M22",
        Severity.ERROR,
        "MAAS starts a loader of the image on arm64",
        lambda subject: arm64(subject) and _has_a_system(subject),
        "arm64",
        _STUCK,
        "put a copy of shim at EFI/BOOT/BOOTAA64.EFI",
        _starts,
    ),
    Rule(
        "M23",
        Severity.WARNING,
        "the first sector can be chain-loaded",
        bios & dd,
        "dd, BIOS",
        "the machine stops at a blank screen after the installation",
        "install GRUB for BIOS on the disk; or say --firmware uefi",
        _starts_by_bios,
    ),
    Rule(
        "M24",
        Severity.WARNING,
        "there is a fallback copy of the loader, and it finds its way",
        _has_a_system,
        "UEFI",
        "older MAAS looks in fewer folders, and firmware that lost its entries looks in EFI/BOOT only",
        "copy the loader to EFI/BOOT, with a grub.cfg that leads to the right one",
        _has_fallback,
    ),
)

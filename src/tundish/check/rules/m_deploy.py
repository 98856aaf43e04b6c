"""
Group M, second part: what MAAS adds to a deployment of this image.
"""

from collections.abc import Iterator
from datetime import date

from tundish.anatomy.facts import Family
from tundish.check.asking import command
from tundish.check.rule import Evidence, Found, Rule, Severity, Unknown
from tundish.check.scopes import anything, custom, esxi, in_memory, linux, rooted, rpm
from tundish.check.subject import Filetype, Subject
from tundish.check.uploads import NETWORKED, base_of

CRASH_DUMPS_SINCE = (3, 6)
VALIDATED_SINCE = (3, 1)
EXECUTABLES_SINCE = (3, 5)
IN_MEMORY_SINCE = (3, 5)
_ARM_LOADERS = date(2024, 12, 10)


def _is_uploaded(subject: Subject) -> bool:
    return custom(subject) and bool(subject.request.name)


def _shows_as_missing(subject: Subject) -> Iterator[Found]:
    arch = subject.facts.arch or "ARCH"
    yield Found(
        f"until every rack has it, deployments of {subject.request.name} say 'Missing boot image "
        f"custom/{arch}/ga-...'",
        severity=Severity.INFO,
    )


def _passes_validation(subject: Subject) -> Iterator[Found]:
    maas, root = subject.target.maas, subject.root
    if root is None:
        raise Unknown("no root was found in the image")
    if maas < VALIDATED_SINCE:
        return
    wanted = {"cloud-init": "cloud-init"}
    if base_of(subject.request, subject.target.ephemeral).os == "ubuntu":
        wanted["netplan"] = "netplan.io"
    for program, package in wanted.items():
        name = f"98-/99-validate-custom-image-has-{program}"
        if not command(root, program):
            yield Found(f"{name} finds no {program}", (Evidence(program, "absent"),))
        elif maas < EXECUTABLES_SINCE and not _is_packaged(subject, package):
            yield Found(
                f"{name} of MAAS {maas[0]}.{maas[1]} asks the package database, which has no {package}",
                (Evidence("packages", f"no {package}"),),
                fix=f"install {program} as a package, or use MAAS 3.5",
            )


def _is_packaged(subject: Subject, package: str) -> bool:
    if not subject.facts.packages:
        raise Unknown(f"the packages could not be read {subject.facts.packages_fault}".rstrip())
    return subject.facts.has(package) or subject.facts.has(package.removesuffix(".io"))


def _gets_defaults(subject: Subject) -> Iterator[Found]:
    dumps = ", kernel-crash-dumps is sent" if subject.target.maas >= CRASH_DUMPS_SINCE else ""
    yield Found(
        "MAAS names no kernel package for custom images, leaves swap to the installer, sends a storage "
        f"configuration even for disks{dumps}, and lets the firmware's boot order be",
        (Evidence("grub2/update_nvram", "false"),),
    )


def _is_checked_here(subject: Subject) -> Iterator[Found]:
    series = subject.request.name.partition("/")[2]
    if subject.request.os in {"centos", "rhel"} and "8" in series:
        yield Found(
            f"MAAS refuses btrfs layouts for {subject.request.name}, since its series has an 8",
            (Evidence("name", subject.request.name),),
            Severity.INFO,
        )
    elif subject.request.custom and rpm(subject):
        lacks = [name for name in ("bcache-tools", "btrfs-progs") if not subject.facts.has(name)]
        yield Found(
            "MAAS does not check the layout for custom images: choose no bcache or ZFS with this one"
            + (f", and nothing that needs {' or '.join(lacks)}" if lacks and subject.facts.packages else ""),
            (Evidence("name", subject.request.name or "custom/*"),),
            Severity.INFO,
        )


def _needs_vmfs(_: Subject) -> Iterator[Found]:
    yield Found(
        "MAAS deploys ESXi onto the layouts vmfs6 and vmfs7 alone: of the storage, only datastores "
        "can be set",
        severity=Severity.INFO,
    )
    yield Found(
        "ESXi does not support cloned boot disks since 7.0 Update 2: every machine has the same system UUID, "
        "host certificates and, if the management interface keeps it, MAC address as the build",
        severity=Severity.INFO,
        fix="let the scripts of the first boot make new identities (esxcli system uuid, vmkernel MAC)",
    )
    yield Found(
        "machines that share storage may mount each other's VMFS volumes, or see the clone of a "
        "datastore as a "
        "snapshot: detach shared LUNs while a machine is deployed",
        severity=Severity.INFO,
        fix="mask shared storage for the time of the deployment",
    )


def _network(subject: Subject) -> Iterator[Found]:
    if esxi(subject):
        yield Found(
            "ESXi gets no bridges, and bonds in three modes only (active-backup, balance-xor, 802.3ad)",
            severity=Severity.INFO,
        )
        yield Found(
            "each interface of the machine becomes a vmkernel adapter of its own", severity=Severity.INFO
        )
        return
    base = base_of(subject.request, subject.target.ephemeral)
    if base.os not in NETWORKED:
        yield Found(
            f"a custom network is configured for {', '.join(NETWORKED)} only, and this counts as {base.os}",
            (Evidence("base", base.os),),
        )


def _runs_in_memory(subject: Subject) -> Iterator[Found]:
    if subject.target.maas < IN_MEMORY_SINCE:
        yield Found("custom images are not run in memory before MAAS 3.5", severity=Severity.ERROR)
    elif subject.request.filetype not in {Filetype.TGZ, Filetype.TXZ, Filetype.SQUASHFS}:
        yield Found(
            f"only tgz and txz run in memory, and this is {subject.request.filetype}",
            (Evidence("filetype", subject.request.filetype),),
            Severity.ERROR,
        )
    if subject.facts.os.id != "ubuntu":
        yield Found(
            "only the interface that it booted from is configured, and kernel and initrd are those of Ubuntu",
            (Evidence("os-release", subject.facts.os.id),),
        )
    text = (subject.root.text("etc/fstab") if subject.root else "") or ""
    mounts = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if mounts:
        yield Found(
            "etc/fstab is kept in memory deployments, and mounts what the machine does not have",
            tuple(Evidence("etc/fstab", line.strip()[:120]) for line in mounts[:8]),
        )


def _needs_preseed(subject: Subject) -> Iterator[Found]:
    facts, target = subject.facts, subject.target
    builtin = subject.builtin and subject.request.filetype.is_tar
    if builtin and subject.family is Family.DEBIAN and facts.os.id != "ubuntu":
        yield Found(
            "Debian without hooks of its own needs a preseed on the region (requires.preseed), "
            "which names the "
            "kernel and keeps Ubuntu's archive out",
            (Evidence("requires.preseed", "curtin_userdata_custom_<arch>_generic_<release>"),),
        )
    if builtin and rpm(subject) and facts.arch == "arm64" and target.curtin < _ARM_LOADERS:
        yield Found(
            f"on arm64 an installer of {target.curtin} needs a preseed on the region "
            f"(requires.preseed) that puts "
            "shimaa64.efi in place (LP 2090874)",
            (Evidence("requires.preseed", "curtin_userdata_custom_arm64_generic_<release>"),),
        )


def _takes_space(subject: Subject) -> Iterator[Found]:
    size = subject.image.wrapping.size
    yield Found(
        f"the image takes {size / 2**20:.0f} MiB on the region and on each rack that has served it",
        (Evidence("size", str(size)),),
        Severity.INFO,
    )


def _queues(subject: Subject) -> Iterator[Found]:
    if (3, 5) <= subject.target.maas <= (3, 7):
        yield Found(
            "after an upgrade to MAAS 3.5 an uploaded image may stay 'Queued for download' (LP "
            "2141598): upload "
            "it again",
            severity=Severity.INFO,
        )


RULES = (
    Rule(
        "M12",
        Severity.WARNING,
        "'Missing boot image' is about availability, not about the image",
        _is_uploaded,
        "custom/* with a name",
        "people rebuild good images because of it",
        "wait until the image is synced to the racks, and look at its type, name and base_image",
        _shows_as_missing,
    ),
    Rule(
        "M13",
        Severity.ERROR,
        "the late commands that validate custom images succeed",
        linux & rooted & custom,
        "custom/*",
        "the installation ends in its last step with Failed deployment",
        "install what is asked for, so that a login shell finds it",
        _passes_validation,
    ),
    Rule(
        "M14",
        Severity.INFO,
        "what MAAS sends for custom images",
        custom,
        "custom/*",
        "this decides which kernel is installed and what is written to the disk",
        "",
        _gets_defaults,
    ),
    Rule(
        "M15",
        Severity.WARNING,
        "the layouts that MAAS would refuse for this OS",
        rpm,
        "rpm",
        "MAAS asks for an ESP, and refuses bcache, ZFS and some btrfs, for images named ubuntu, "
        "centos and rhel only",
        "choose a flat or LVM layout",
        _is_checked_here,
    ),
    Rule(
        "M16",
        Severity.ERROR,
        "ESXi is deployed with a layout for datastores, and is a clone",
        esxi,
        "ESXi",
        "a machine with another layout is refused; clones may be taken for one another",
        "choose the layout vmfs6 or vmfs7",
        _needs_vmfs,
    ),
    Rule(
        "M17",
        Severity.WARNING,
        "MAAS configures the machine's network",
        ~linux,
        "not Linux, of which E11 tells",
        "whatever else was set in MAAS stays undone, with a warning in the log of the region",
        "use a base_image of ubuntu, centos or rhel",
        _network,
    ),
    Rule(
        "M18",
        Severity.WARNING,
        "the image can run in memory",
        in_memory,
        "with --in-memory",
        "the machine does not boot, ends in emergency mode, or has one interface only",
        "upload a tgz or txz with an empty etc/fstab",
        _runs_in_memory,
    ),
    Rule(
        "M19",
        Severity.WARNING,
        "the image needs no preseed on the region",
        linux,
        "Linux",
        "without it the installation fails; it may lie in /etc/maas/preseeds or "
        "/var/snap/maas/current/preseeds, "
        "and replaces the whole configuration of the installer",
        "bring hooks of its own, or put the preseed on the region and say so beside the image",
        _needs_preseed,
    ),
    Rule(
        "M25",
        Severity.INFO,
        "the space that the image takes",
        anything,
        "all",
        "since MAAS 3.5 images lie on the region's disk, and racks keep a few GB of those used last",
        "",
        _takes_space,
    ),
    Rule(
        "M26",
        Severity.INFO,
        "uploads survive an upgrade",
        _is_uploaded,
        "custom/* with a name",
        "the image is there and is not offered",
        "",
        _queues,
    ),
)

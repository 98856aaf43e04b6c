"""
The steps of a deployment before the reboot, for each kind of image, as drafts for the plan.
"""

from collections.abc import Iterator

from tundish.anatomy.facts import Family
from tundish.check.hooks import HOOKS, volume_of
from tundish.check.plan_boot import after_reboot, grub, kernel, loader_packages
from tundish.check.plan_values import Draft, Where
from tundish.check.scopes import linux
from tundish.check.subject import Filetype, Subject
from tundish.check.uploads import base_of

_STORED = {Filetype.SQUASHFS: "squashfs", Filetype.SELF_EXTRACTING: "installer.bin"}
_UNPACK = {
    Filetype.DDTGZ: "tar -xOzf - |",
    Filetype.DDTBZ: "tar -xOjf - |",
    Filetype.DDTXZ: "tar -xOJf - |",
    Filetype.DDTAR: "tar -xOf - |",
    Filetype.DDGZ: "zcat |",
    Filetype.DDBZ2: "bzcat |",
    Filetype.DDXZ: "xzcat |",
    Filetype.DDRAW: "",
}
_UPLOAD = ("M01", "M02", "M03", "M04", "M05", "M06", "M08")
_COMPOSE = ("M07", "M09", "M10", "M16", "M19")
_CONTAINER = ("A01", "A02", "A03", "A04")
_MEMBERS = ("A06", "A07", "A08", "A09", "A10", "A11", "A12")
_HOOK = ("F02", "F03", "F04", "F06", "F08", "F09")


def drafts(subject: Subject) -> Iterator[Draft]:
    """
    Every step, in order.
    """
    yield _upload(subject)
    yield _compose(subject)
    yield _ephemeral(subject)
    if subject.target.in_memory:
        yield from _in_memory(subject)
        return
    if subject.request.filetype.is_dd:
        yield from _by_dd(subject)
    else:
        yield from _by_files(subject)
    yield from _curthooks(subject)
    yield from _late(subject)
    yield from after_reboot(subject)


def _upload(subject: Subject) -> Draft:
    request = subject.request
    words = [f"name={request.name or 'custom/NAME'}", f"architecture={request.arch or 'ARCH/generic'}"]
    words += [f"base_image={request.base_image}"] if request.base_image else []
    return Draft(
        "upload",
        Where.MAAS,
        f"takes {subject.image.name} as {request.filetype}",
        f"maas PROFILE boot-resources create {' '.join(words)} filetype={request.filetype} content@=FILE",
        _UPLOAD,
    )


def _compose(subject: Subject) -> Draft:
    base = base_of(subject.request, subject.target.ephemeral)
    return Draft(
        "configuration",
        Where.MAAS,
        f"composes the installer's configuration for {subject.request.os}, based on {base.os}/{base.series}"
        + ("" if base.said else " (the commissioning release, since no base_image is given)"),
        rules=_COMPOSE,
        notes=("a preseed on the region may replace all of it",),
    )


def _ephemeral(subject: Subject) -> Draft:
    series = ephemeral_of(subject)
    return Draft(
        "network boot",
        Where.FIRMWARE,
        f"the machine boots the ephemeral system of Ubuntu {series}; what touches the disk is of "
        f"that release",
    )


def ephemeral_of(subject: Subject) -> str:
    """
    The Ubuntu series of the installer's system: that of a base of ubuntu, else the commissioning release.
    """
    base = base_of(subject.request, subject.target.ephemeral)
    return base.series if base.os == "ubuntu" and base.said else subject.target.ephemeral


def _url(subject: Subject) -> str:
    request = subject.request
    stored = _STORED.get(request.filetype) or _stored(request.filetype)
    arch = subject.facts.arch or request.arch.partition("/")[0] or "ARCH"
    series = request.name.rpartition("/")[2] or "NAME"
    return f"http://RACK:5248/images/.../{request.os}/{arch}/generic/{series}/uploaded/{stored}"


def _stored(filetype: Filetype) -> str:
    if filetype.is_tar:
        return f"root.{filetype}"
    ending = {"ddtgz": "tar.gz", "ddtbz": "tar.bz2", "ddtxz": "tar.xz", "ddtar": "tar", "ddraw": "raw"}
    return f"root-dd.{ending.get(filetype, filetype.removeprefix('dd'))}"


def _by_dd(subject: Subject) -> Iterator[Draft]:
    filetype = subject.request.filetype
    source = f"dd-{filetype.removeprefix('dd')}"
    yield Draft(
        "partitioning",
        Where.EPHEMERAL,
        "makes no partitions: the image brings them, and the storage settings of MAAS only say which disk",
        rules=("G01", "G08"),
    )
    unpack = _UNPACK.get(filetype, "")
    yield Draft(
        "extract",
        Where.EPHEMERAL,
        f"downloads the image as source {source}, and writes it to the boot disk",
        f"wget {_url(subject)} -O - | {unpack} dd bs=4M of=/dev/DISK".replace("|  dd", "| dd"),
        (*_CONTAINER, "G09"),
        ("there is no pipefail: a download that is cut short goes unnoticed here",),
    )
    volume = volume_of(subject)
    yield Draft(
        "find the root",
        Where.EPHEMERAL,
        f"mounts each partition and logical volume; "
        f"{_target(volume.name, volume.form) if volume else 'none fits'}",
        "partprobe /dev/DISK; udevadm trigger; vgchange -ay; udevadm settle",
        ("F01", "G07"),
        ("neither /boot nor the EFI system partition is mounted",),
    )


def _target(name: str, form: str) -> str:
    return f"the last one with a folder /curtin is volume {name} ({form}), which becomes the target"


def _by_files(subject: Subject) -> Iterator[Draft]:
    series = ephemeral_of(subject)
    yield Draft(
        "partitioning",
        Where.EPHEMERAL,
        f"partitions, makes filesystems with the mkfs of {series}, and mounts them, as set in MAAS",
        "curtin block-meta custom",
        ("C12", "D11", "D12", "M15"),
    )
    if subject.request.filetype is Filetype.SQUASHFS:
        yield Draft(
            "extract",
            Where.EPHEMERAL,
            "copies the root that it runs from itself",
            "rsync -aXHAS --one-file-system /media/root-ro/ TARGET",
            _CONTAINER,
        )
        return
    yield Draft(
        "extract",
        Where.EPHEMERAL,
        f"downloads the image as source {subject.request.filetype}, and unpacks it into the target",
        f"wget {_url(subject)} -O - | smtar -C TARGET --xattrs '--xattrs-include=*' -Sxpf - --numeric-owner",
        (*_CONTAINER, *_MEMBERS),
    )


def _curthooks(subject: Subject) -> Iterator[Draft]:
    if subject.family is Family.CORE:
        yield Draft(
            "hooks", Where.EPHEMERAL, "takes it for Ubuntu Core: cloud-init and netplan only", rules=("B06",)
        )
        return
    if not subject.builtin:
        yield Draft(
            "hooks",
            Where.EPHEMERAL,
            "runs curtin/curtin-hooks of the image, outside of the target and without arguments, in "
            "place of its "
            "own hooks",
            "TARGET_MOUNT_POINT=TARGET CONFIG=... OUTPUT_FSTAB=... TARGET/curtin/curtin-hooks",
            _HOOK,
            ("etc/fstab, network, kernel and boot loader are what the hook makes of them",),
        )
        yield kernel(subject)
        yield Draft("clean up", Where.EPHEMERAL, "leaves /curtin to the hook", rules=("F07",))
        return
    yield Draft(
        "hooks",
        Where.EPHEMERAL,
        f"runs its own hooks for the family {subject.family}",
        "curtin curthooks",
        ("B01", "B02", "B03", "B05", "B06", "C10", *_HOOK),
    )
    yield Draft(
        "fstab",
        Where.TARGET,
        "writes etc/fstab" + (", empty, over that of the image" if subject.request.filetype.is_dd else ""),
        rules=("B12", "G06"),
    )
    yield kernel(subject)
    yield loader_packages(subject)
    yield grub(subject)
    yield _network()


def _network() -> Draft:
    return Draft(
        "network",
        Where.TARGET,
        "writes the network to etc/cloud/cloud.cfg.d/50-curtin-networking.cfg, for cloud-init to apply",
        rules=("E11", "M17"),
    )


def _late(subject: Subject) -> Iterator[Draft]:
    if linux(subject):
        yield Draft(
            "cloud-init",
            Where.TARGET,
            "writes MAAS as the data source, with its credentials, to "
            "etc/cloud/cloud.cfg.d/95-cloudconfig-*.cfg",
        )
    if subject.facts.hooks.finalize:
        yield Draft(
            "hook",
            Where.EPHEMERAL,
            "runs curtin/finalize of the image",
            f"TARGET/{HOOKS[1]}",
            ("F02", "F05", "F06"),
        )
    elif subject.family is Family.WINDOWS:
        yield Draft("hook", Where.EPHEMERAL, "finds no curtin/finalize", rules=("F05",))
    yield Draft(
        "late", Where.EPHEMERAL, "tells MAAS to boot from disk from now on", "wget .../?op=netboot_off"
    )
    if subject.request.custom and linux(subject):
        base = base_of(subject.request, subject.target.ephemeral)
        netplan = " && netplan info" if base.os == "ubuntu" else ""
        yield Draft(
            "late",
            Where.TARGET,
            "checks custom images" + (" of a base of ubuntu for netplan, too" if netplan else ""),
            f"curtin in-target -- bash -c 'cloud-init --version{netplan}'",
            ("B07", "M13", "E03"),
        )


def _in_memory(subject: Subject) -> Iterator[Draft]:
    yield Draft(
        "extract",
        Where.EPHEMERAL,
        "unpacks the image into memory and runs it from there; nothing is installed, no hook runs",
        f"root=tar:{_url(subject)}",
        (*_CONTAINER, "A05", "A06", "A07", "M18"),
    )
    yield Draft("fstab", Where.MACHINE, "keeps etc/fstab of the image", rules=("B12", "M18"))
    yield Draft(
        "first boot",
        Where.MACHINE,
        "cloud-init asks MAAS for its metadata; only the interface that it booted from is "
        "configured, unless it "
        "is Ubuntu",
        rules=("E01", "E02", "E04", "E05", "E06"),
    )

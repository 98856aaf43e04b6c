"""
Group M, first part: whether MAAS accepts the upload. These rules ask the request alone.
"""

import re
from collections.abc import Iterator

from tundish.check.rule import Evidence, Found, Rule, Severity
from tundish.check.scopes import anything, custom
from tundish.check.subject import Filetype, Request, Subject
from tundish.check.uploads import (
    ARCHES,
    BASE_OSES,
    CODENAMES,
    CONFIGURED_BASES,
    DEPLOYED,
    OSES,
    OTHER_WORDS,
    RESERVED,
    UPLOADED,
    base_of,
    is_known_series,
)


def _named(subject: Subject) -> bool:
    return bool(subject.request.name)


def _based(subject: Subject) -> bool:
    return bool(subject.request.base_image)


def _types(types: frozenset[Filetype]) -> str:
    return ", ".join(one for one in Filetype if one in types)


def _is_taken(subject: Subject) -> Iterator[Found]:
    request = subject.request
    if request.filetype in UPLOADED:
        return
    if request.filetype is Filetype.SQUASHFS:
        yield Found(
            "squashfs cannot be uploaded; MAAS takes it from streams only",
            (Evidence("filetype", request.filetype),),
            None if request.declared else Severity.WARNING,
            "publish it in a stream, or pack it anew with `tundish pack --as tgz`",
        )
    elif request.os != "onie":
        yield Found(
            f"{request.filetype} is taken by the v3 API only, for onie/*",
            (Evidence("filetype", request.filetype),),
        )


def _has_a_digest(subject: Subject) -> Iterator[Found]:
    wrapping = subject.image.wrapping
    if not wrapping.size:
        yield Found("the file is empty", (Evidence("size", "0"),))
    elif wrapping.sha256 is None:
        yield Found(
            f"the sha256 of the {wrapping.size} bytes was not computed, since not all of them had to be read",
            (Evidence("size", str(wrapping.size)),),
            Severity.INFO,
            "run sha256sum before the upload",
        )
    else:
        yield Found(
            f"the v3 API wants sha256 {wrapping.sha256.hex} and {wrapping.size} bytes before the content",
            (Evidence("sha256", wrapping.sha256.hex), Evidence("size", str(wrapping.size))),
            Severity.INFO,
        )


def _is_a_name(subject: Subject) -> Iterator[Found]:
    name = subject.request.name
    prefix = name.partition("/")[0]
    if name.count("/") > 1:
        yield Found(f"the name {name} has more than one slash", (Evidence("name", name),))
    elif "/" in name and prefix not in OSES:
        yield Found(
            f"{prefix}, before the slash of {name}, is no OS that MAAS knows",
            (Evidence("name", name), Evidence("known", ", ".join(OSES))),
        )
    elif name.endswith("/") or not name.strip("/"):
        yield Found(f"the name {name} says no series", (Evidence("name", name),))


def _is_free(subject: Subject) -> Iterator[Found]:
    name = subject.request.name
    if "/" not in name and (name in RESERVED or re.fullmatch(r"centos\d\d?", name)):
        yield Found(f"{name} is a reserved name", (Evidence("name", name),))


def _is_not_ubuntu(subject: Subject) -> Iterator[Found]:
    request = subject.request
    if request.os == "ubuntu":
        yield Found(
            f"{request.name} has the name of an image that MAAS syncs", (Evidence("name", request.name),)
        )


def _has_an_arch(subject: Subject) -> Iterator[Found]:
    arch, slash, kernel = subject.request.arch.partition("/")
    evidence = (Evidence("architecture", subject.request.arch),)
    if arch not in ARCHES:
        known = OTHER_WORDS.get(arch.lower(), "")
        yield Found(
            f"MAAS knows no architecture {arch}" + (f"; it says {known}" if known else ""),
            evidence,
            fix=f"use {known}/generic" if known else "",
        )
    elif slash and not kernel:
        yield Found(f"the architecture {subject.request.arch} has nothing after its slash", evidence)
    elif subject.facts.arch and subject.facts.arch != arch:
        yield Found(
            f"the upload says {arch}, and what is in the image is {subject.facts.arch}",
            (*evidence, Evidence("programs of the image", subject.facts.arch)),
            fix=f"use {subject.facts.arch}/generic",
        )


def _suits_the_os(subject: Subject) -> Iterator[Found]:
    request = subject.request
    allowed = DEPLOYED.get(request.os)
    stream = request.filetype is Filetype.SQUASHFS and not request.declared and not request.name
    if allowed is not None and request.filetype not in allowed and not stream:
        yield Found(
            f"images of {request.os} are deployed as {_types(allowed)} only, and this is {request.filetype}",
            (Evidence("name", request.name), Evidence("filetype", request.filetype)),
        )


def _has_a_base(subject: Subject) -> Iterator[Found]:
    request: Request = subject.request
    os, slash, series = request.base_image.lower().partition("/")
    evidence = (Evidence("base_image", request.base_image),)
    if not request.custom:
        yield Found(
            f"base_image is ignored for {request.name}, since that is not below custom/",
            evidence,
            Severity.WARNING,
        )
    elif not slash or not series or "/" in series:
        yield Found(f"base_image {request.base_image} is not of the form os/series", evidence)
    elif os not in BASE_OSES:
        yield Found(f"base_image {request.base_image}: {os} is none of {', '.join(BASE_OSES)}", evidence)
    elif not is_known_series(os, series):
        yield Found(f"base_image {request.base_image}: MAAS knows no {series} of {os}", evidence)


def _says_its_base(subject: Subject) -> Iterator[Found]:
    request, root = subject.request, subject.root
    yield from _other_series(subject)
    if request.base_image or not request.name:
        return
    ubuntu = subject.facts.os.id == "ubuntu" or (root is not None and "usr/sbin/netplan" in root)
    yield Found(
        f"no base_image is given for {request.name}, so the commissioning release counts as its base",
        (Evidence("base_image", "not given"),),
        Severity.INFO if ubuntu else None,
    )


def _other_series(subject: Subject) -> Iterator[Found]:
    """
    What name and base say of the series, against what the image says of itself.
    """
    os, request = subject.facts.os, subject.request
    said = {
        word
        for word in re.split(r"[^a-z]+", f"{request.name} {request.base_image}".lower())
        if word in CODENAMES
    }
    if os.codename in CODENAMES and (others := sorted(said - {os.codename})):
        yield Found(
            f"the upload speaks of {' and '.join(others)}, and the image is {os.codename}",
            (Evidence(os.source or "etc/os-release", os.codename), Evidence("name", request.name)),
            fix=f"name the upload and its base_image after {os.codename}",
        )


def _can_be_configured(subject: Subject) -> Iterator[Found]:
    base = base_of(subject.request, subject.target.ephemeral)
    if base.os not in CONFIGURED_BASES:
        yield Found(
            f"the region has no configuration of the installer for a base of {base.os}",
            (Evidence("base_image", subject.request.base_image),),
        )


def _is_for_one_arch(subject: Subject) -> Iterator[Found]:
    arch = subject.request.arch.partition("/")[0] or subject.facts.arch
    if arch not in {"", "amd64"} and arch not in subject.request.name:
        yield Found(
            f"if {subject.request.name} is uploaded for another architecture, too, its base becomes "
            f"ambiguous",
            (Evidence("name", subject.request.name), Evidence("architecture", arch)),
            Severity.INFO,
            f"use a name of its own, such as {subject.request.name}-{arch}",
        )


_REFUSED = "the upload is refused"
RULES = (
    Rule(
        "M01",
        Severity.ERROR,
        "the type is one that can be uploaded",
        anything,
        "all",
        f"{_REFUSED}: MAAS takes tgz, txz, tbz and the eight types of disks",
        "pack the image as one of these: `tundish pack --as tgz`",
        _is_taken,
    ),
    Rule(
        "M02",
        Severity.ERROR,
        "size and sha256 are known before the upload",
        anything,
        "all",
        "the v3 API wants both first, and refuses what turns out otherwise; the same sha256 with "
        "another size, too",
        "give the sha256 and the size of the very file",
        _has_a_digest,
    ),
    Rule(
        "M03",
        Severity.ERROR,
        "the name has at most one slash, behind an OS that MAAS knows",
        _named,
        "with a name",
        f"{_REFUSED}: 'Unsupported operating system'",
        "call it custom/NAME",
        _is_a_name,
    ),
    Rule(
        "M04",
        Severity.ERROR,
        "a name without a slash is no OS and no release",
        _named,
        "with a name",
        f"{_REFUSED}: 'is a reserved name'",
        "call it custom/NAME",
        _is_free,
    ),
    Rule(
        "M05",
        Severity.ERROR,
        "the name is not below ubuntu/",
        _named,
        "with a name",
        "the v3 API refuses it; v2 takes it, and deployments end with 'no kernels available'",
        "call it custom/NAME with a base_image of ubuntu/SERIES",
        _is_not_ubuntu,
    ),
    Rule(
        "M06",
        Severity.ERROR,
        "the architecture is one that MAAS knows, and that of the image",
        lambda subject: bool(subject.request.arch),
        "with an architecture",
        f"{_REFUSED}, or the machine cannot run a program of the image",
        "use ARCH/generic, such as amd64/generic",
        _has_an_arch,
    ),
    Rule(
        "M07",
        Severity.ERROR,
        "the type is one that this OS is deployed from",
        anything,
        "all",
        "the upload is taken without a word, and each deployment ends with 'Missing boot image'",
        "upload it below custom/, or as a type of this OS",
        _suits_the_os,
    ),
    Rule(
        "M08",
        Severity.ERROR,
        "base_image is os/series of an OS that can be a base",
        _based,
        "with a base_image",
        f"{_REFUSED}",
        "use ubuntu/SERIES, centos/N, rhel/N or ol/N",
        _has_a_base,
    ),
    Rule(
        "M09",
        Severity.WARNING,
        "a custom image says its base",
        custom,
        "custom/*",
        "the machine boots the ephemeral system of the commissioning release, and that of Ubuntu "
        "asks the image "
        "for netplan",
        "give base_image: ubuntu/SERIES, or rhel/N for what brings no netplan",
        _says_its_base,
    ),
    Rule(
        "M10",
        Severity.ERROR,
        "the region has an installer configuration for the base",
        lambda subject: custom(subject) and _based(subject),
        "custom/* with a base_image",
        "the node fails with 'Failed to retrieve curtin config', and the region logs a KeyError",
        "use a base_image of ubuntu, centos, rhel or ol",
        _can_be_configured,
    ),
    Rule(
        "M11",
        Severity.WARNING,
        "a name stands for one architecture",
        lambda subject: custom(subject) and _named(subject),
        "custom/* with a name",
        "MAAS looks the base up by name alone and takes that of either (LP 2138312)",
        "give each architecture a name of its own",
        _is_for_one_arch,
    ),
)

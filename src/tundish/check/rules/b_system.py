"""
Group B, first half: whether the installer recognises the system, and what it needs to work in it.
"""

import re
from collections.abc import Iterator
from itertools import islice

from tundish.anatomy.facts import Family
from tundish.anatomy.index import Index, Kind
from tundish.check.asking import (
    ERROR,
    INFO,
    WARNING,
    command,
    config_files,
    lines_of,
    must_boot,
    root_of,
    rule,
    seen,
    settings_of,
    text_of,
)
from tundish.check.hooks import says
from tundish.check.loaders import aims_at
from tundish.check.rule import Evidence, Found
from tundish.check.scopes import builtin, custom, deb, esxi, linux, rooted, rpm, win
from tundish.check.subject import Subject
from tundish.check.versions import CURTIN_NAMES, Curtin, curtin_has, knows

_RELEASES = ("etc/os-release", "usr/lib/os-release")
_OLD_RELEASES = ("etc/centos-release", "etc/redhat-release")
_FAMILIES = frozenset({Family.DEBIAN, Family.REDHAT, Family.SUSE})
_DETECTS = r"curtin[^\n]{0,200}\bdistro\b|\bdistro\.|osfamily|get_distroinfo"
_DATABASES = {
    "dpkg-query": ("var/lib/dpkg/status",),
    "rpm": tuple(
        f"{folder}/{name}"
        for folder in ("var/lib/rpm", "usr/lib/sysimage/rpm")
        for name in ("rpmdb.sqlite", "Packages", "Packages.db")
    ),
}
_MANY = 200  # paths; a root has more
_PACKED = re.compile(
    r"(?:^|/)(?:layer\.tar|manifest\.json|[^/]+\.(?:tar|tgz|txz|gz|xz|zst|bz2|img|qcow2|raw|iso))$"
)
_CORE = ("snaps", "system-data/var/lib/snapd")


@rule(
    "B01",
    ERROR,
    linux,
    title="the installer knows the system by its os-release",
    why="the installer stops while it configures the machine: it looks the name up in a table, and a "
    "missing ID_LIKE ends it with a KeyError",
    fix='add a line ID_LIKE to etc/os-release, as `ID_LIKE="rhel fedora"` or `ID_LIKE=debian`',
)
def known(subject: Subject) -> Iterator[Found]:
    if not subject.builtin and not says(subject, _DETECTS):
        return  # hooks that never ask the installer what system this is
    root, os = root_of(subject), subject.facts.os
    if not any(root.is_file(path) for path in (*_RELEASES, *_OLD_RELEASES)):
        yield _without_release(root)
        return
    if not any(root.is_file(path) for path in _RELEASES) or knows(subject.target, os.id):
        return
    evidence = (Evidence(os.source or "etc/os-release", f"ID={os.id} ID_LIKE={' '.join(os.like)}"),)
    if not any(name in CURTIN_NAMES for name in os.like):
        yield Found(f"the installer knows neither ID={os.id} nor an ID_LIKE of {evidence[0].where}", evidence)
    elif not curtin_has(subject.target, Curtin.ID_LIKE):
        yield Found(f"an installer of {subject.target.curtin} knows no ID={os.id}, nor ID_LIKE", evidence)


def _without_release(root: Index) -> Found:
    """
    What is said where no os-release is there: mostly a tar was packed from one folder too high.
    """
    lower = next((one.path for path in _RELEASES for one in root.matching(f"*/{path}")), "")
    files = [one for one in islice(root, _MANY) if one.kind is Kind.FILE]
    packed = next((one.path for one in files if _PACKED.search(one.path)), "")
    if not lower and packed and len(files) < _MANY // 2:
        return Found(
            f"the image is a tar around another image, {packed}, and no root",
            (Evidence("etc/os-release", "absent"), Evidence(packed)),
            fix="upload what is inside; of a container, its layers laid over one another (docker export)",
        )
    if not lower:
        return Found("the image has no etc/os-release", (Evidence("etc/os-release", "absent"),))
    folder = lower.partition("/")[0]
    return Found(
        f"the system is in the folder {folder} of the image, not at its root",
        (Evidence("etc/os-release", "absent"), Evidence(lower)),
        fix=f"pack what is in the folder: tar -C {folder} ... .",
    )


@rule(
    "B02",
    ERROR,
    linux & builtin,
    title="the system is of a family for which the installer sets up a boot loader",
    why="the installer says that it does not support GRUB on this system, and the deployment fails",
    fix="bring /curtin/curtin-hooks of your own, which make the machine bootable",
)
def supported(subject: Subject) -> Iterator[Found]:
    if subject.family not in _FAMILIES:
        name = subject.facts.os.id or "unknown"
        yield Found(
            f"the system {name} is of family {subject.family.value}, neither debian, redhat nor suse",
            (Evidence(subject.facts.os.source or "etc/os-release", name),),
        )


@rule(
    "B03",
    ERROR,
    deb & rooted & builtin,
    title="lsb_release is there, and the version is a number",
    why="the installer makes a number of the version that lsb_release prints, and stops at “n/a”",
    fix="install lsb-release, and give VERSION_ID in os-release a number",
)
def numbered(subject: Subject) -> Iterator[Found]:
    root, version = root_of(subject), subject.facts.os.version_id
    if not command(root, "lsb_release"):
        yield Found("lsb_release is not installed", (Evidence("usr/bin/lsb_release", "absent"),))
    if not re.fullmatch(r"\d+(\.\d+)?", version):
        where = subject.facts.os.source or "etc/os-release"
        yield Found(f"VERSION_ID in {where} is no number: {version or 'absent'}", (Evidence(where, version),))


@rule(
    "B04",
    ERROR,
    rpm & rooted & builtin,
    title="rpm knows the release as a number: %rhel",
    why="the installer asks rpm for %rhel when it installs GRUB for BIOS, and stops at anything else",
    fix="put a file into usr/lib/rpm/macros.d that says `%rhel 9`, or bring hooks of your own",
)
def release_macro(subject: Subject) -> Iterator[Found]:
    found = list(_macro(root_of(subject), "rhel"))
    if any(value.isdecimal() for _, value in found):
        return
    of_bios = must_boot(subject.target, "bios") or aims_at(subject) == {"bios"}
    shown = f"%rhel is {found[0][1]} in {found[0][0]}" if found else "no macro file defines %rhel"
    yield Found(
        shown,
        tuple(Evidence(path, value) for path, value in found)
        or (Evidence("usr/lib/rpm/macros.d", "no %rhel"),),
        ERROR if of_bios else WARNING,
    )


def _macro(root: Index, name: str) -> Iterator[tuple[str, str]]:
    """
    Where a macro of rpm is defined, and as what.
    """
    for path in config_files(root, "usr/lib/rpm/macros.d/macros.*", "etc/rpm/macros*"):
        for line in lines_of(root, path):
            if parts := re.match(rf"%{name}\s+(\S+)", line):
                yield path, parts[1][:40]


@rule(
    "B05",
    ERROR,
    linux,
    title="one package system is there, with its program and its database",
    why="the installer ends with “No package query tool available”, or asks the wrong one and finds nothing",
    fix="install dpkg or rpm with its database, and not the one of the other family",
)
def packaged(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    programs = [name for name in _DATABASES if command(root, name)]
    usable = [name for name in programs if any(root.is_file(path) for path in _DATABASES[name])]
    evidence = tuple(Evidence(name, "usable" if name in usable else "no database") for name in programs)
    if not usable:
        what = f"{programs[0]} has no database" if programs else "neither dpkg-query nor rpm is there"
        yield Found(what, evidence or (Evidence("usr/bin", "neither dpkg-query nor rpm"),))
    elif "dpkg-query" in programs and subject.family in {Family.REDHAT, Family.SUSE}:
        yield Found(
            "dpkg-query is there too, and the installer asks it first",
            evidence,
            ERROR if "dpkg-query" in usable or "rpm" not in usable else WARNING,
            fix="remove dpkg from the image",
        )


@rule(
    "B06",
    ERROR,
    rooted & ~(win | esxi),
    title="nothing makes the installer take the system for Ubuntu Core",
    why="where it sees /snaps or /system-data/var/lib/snapd it installs neither kernel nor boot loader",
    fix="remove these folders from the image",
)
def not_core(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    if subject.request.os == "ubuntu-core" or not _is_classic(root):
        return
    if paths := [path for path in _CORE if path in root]:
        yield Found(f"/{paths[0]} makes the installer take this for Ubuntu Core", seen(paths))


def _is_classic(root: Index) -> bool:
    release = settings_of(text_of(root, "etc/os-release") or text_of(root, "usr/lib/os-release"))
    return bool(release) and release.get("ID") != "ubuntu-core"


@rule(
    "B07",
    ERROR,
    linux & custom,
    title="bin/bash can be run",
    why="MAAS checks a custom image with commands that it runs through bash in the installed system",
    fix="install bash",
)
def shell(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    entry = root.at("bin/bash")
    if entry is None or not entry.executable:
        state = "absent" if entry is None else f"{entry.kind.value} {entry.mode:04o}"
        yield Found(
            f"bin/bash is {state if entry is None else 'not executable'}", (Evidence("bin/bash", state),)
        )
    elif subject.facts.arch == "amd64" and root.get("lib64") is None and root.is_folder("usr/lib64"):
        what = "lib64 is absent, where programs find what loads them: none can be run"
        yield Found(what, (Evidence("lib64", "absent"),), fix="let lib64 be a link to usr/lib64")


@rule(
    "B22",
    INFO,
    linux,
    title="what system this is, for the record",
    why="who deploys the image asks for its packages, its kernel and its login",
    fix="nothing needs to be mended; `tundish image sbom` lists all packages",
)
def inventory(subject: Subject) -> Iterator[Found]:
    facts = subject.facts
    kernels = ", ".join(kernel.version for kernel in facts.kernels) or "none"
    evidence = (
        Evidence("system", facts.os.pretty or facts.os.name or facts.os.id or "unknown"),
        Evidence("packages", f"{len(facts.packages)} of {facts.package_system or 'no package system'}"),
        Evidence("kernel", kernels),
        Evidence("cloud-init", facts.cloud_init.version or "not found"),
        Evidence("default user", facts.cloud_init.default_user or "not said"),
    )
    shown = facts.os.pretty or facts.os.id or "a system without a name"
    yield Found(f"{shown}, {len(facts.packages)} packages, kernel {kernels}", evidence)


RULES = (known, supported, numbered, release_macro, packaged, not_core, shell, inventory)

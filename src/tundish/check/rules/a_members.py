"""
Group A, second half: the members of a tar, as the installer's tar will put them on a machine's disks.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from tundish.anatomy.facts import Family
from tundish.anatomy.index import Entry, Index, Kind, Remark, Trait
from tundish.check.asking import (
    ERROR,
    INFO,
    WARNING,
    config_files,
    files_below,
    lines_of,
    named,
    root_of,
    rule,
    seen,
)
from tundish.check.rule import Evidence, Found, Unknown
from tundish.check.scopes import anything, rooted, tar
from tundish.check.subject import Subject

GIB = 1 << 30
MAX_PACKED = 4 * GIB
MAX_UNPACKED = 8 * 10**9
MUCH_WASTE = 64 * 1024 * 1024
MAX_FAT_FILE = 4 * GIB - 1
_DEVICES = frozenset({Kind.CHAR, Kind.BLOCK})
_MOUNTED = frozenset({"root", "boot", "home", "var", "usr", "opt", "srv", "tmp"})
_RUNTIME = ("dev", "proc", "sys", "run", "tmp")
_ESP = "boot/efi"
_RIGHTS = (0o755, 0o555)  # the rpm families ship their root as 0555
_CAPABLE = ("usr/bin/ping", "usr/bin/arping", "usr/bin/newuidmap", "usr/bin/newgidmap", "usr/bin/mtr-packet")


@rule(
    "A06",
    ERROR,
    tar & rooted,
    title="every member of the tar has a safe and unambiguous name",
    why="extraction fails, or writes beside the machine's new root",
    fix="pack the root with relative names, without device nodes outside of /dev",
)
def safe(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    for trait, meaning in (
        (Trait.ABSOLUTE, "members with an absolute path"),
        (Trait.UPWARDS, "members whose path leads upwards"),
        (Trait.CLASH, "paths that occur twice with different types"),
        (Trait.DANGLING, "hard links to nothing"),
    ):
        if paths := _remarked(root.remarks, trait):
            yield Found(f"{meaning}: {named(paths)}", seen(paths, trait.value))
    nodes = [one.path for one in root if one.kind in _DEVICES and not one.path.startswith("dev/")]
    of_chroots = [path for path in nodes if "/dev/" in path]
    if odd := [path for path in nodes if "/dev/" not in path]:
        yield Found(f"device nodes outside of /dev: {named(odd)}", seen(odd, "device"))
    layers = [one.path for one in root if one.name.startswith(".wh.")]
    if layers:
        what = f"files that tell a container engine what its layer removes: {named(layers)}"
        yield Found(what, seen(layers, "whiteout"), WARNING, "pack the layers laid over one another")
    if of_chroots:
        what = f"device nodes in the /dev of something inside the root: {named(of_chroots)}"
        yield Found(what, seen(of_chroots, "device"), WARNING)


def _remarked(remarks: tuple[Remark, ...], trait: Trait) -> list[str]:
    return sorted({one.path for one in remarks if one.trait is trait})


@rule(
    "A07",
    ERROR,
    tar & rooted,
    title="the root folder is 0755 and belongs to root",
    why="the machine's / gets the mode of the tar's ./ entry; with 0700 no service that is not root works",
    fix="pack the tar so that ./ is 0755 0:0, which `tundish pack` does",
    repair="root-folder-mode",
)
def root_folder(subject: Subject) -> Iterator[Found]:
    entry = root_of(subject).get("")
    if entry is None:
        return
    if entry.kind is not Kind.FOLDER:
        yield Found(f"the root of the tar is a {entry.kind.value}", (Evidence("./", entry.kind.value),))
    elif entry.mode not in _RIGHTS or (entry.uid, entry.gid) != (0, 0):
        shown = f"{entry.mode:04o} {entry.uid}:{entry.gid}"
        yield Found(f"the root folder ./ is {shown}", (Evidence("./", shown),))


@rule(
    "A08",
    ERROR,
    tar & rooted,
    title="everything below boot/efi can stand on a FAT filesystem",
    why="the installer extracts it onto the EFI system partition, where tar fails at links and owners",
    fix="leave only plain files and folders of root below boot/efi",
)
def on_fat(subject: Subject) -> Iterator[Found]:
    entries = list(root_of(subject).below(_ESP))
    kinds = (Kind.FILE, Kind.FOLDER)
    for wrong, meaning in _fat_questions(kinds):
        if paths := [entry.path for entry in entries if wrong(entry)]:
            yield Found(f"{meaning} below boot/efi: {named(paths)}", seen(paths, meaning))
    folded = Counter(entry.path.casefold() for entry in entries)
    if twins := [entry.path for entry in entries if folded[entry.path.casefold()] > 1]:
        yield Found(f"names that differ only by case below boot/efi: {named(twins)}", seen(twins, "case"))


def _fat_questions(kinds: tuple[Kind, ...]) -> tuple[tuple[Callable[[Entry], bool], str], ...]:
    return (
        (lambda one: one.kind is Kind.LINK, "symbolic links"),
        (lambda one: bool(one.first), "hard links"),
        (lambda one: one.kind not in (*kinds, Kind.LINK), "special files"),
        (lambda one: (one.uid, one.gid) != (0, 0), "files that are not root's"),
        (lambda one: one.size > MAX_FAT_FILE, "files of 4 GiB and more"),
    )


@rule(
    "A09",
    WARNING,
    tar & rooted,
    title="hard links stay within one filesystem of a usual layout",
    why="a machine whose /var, /home or /boot is a filesystem of its own cannot be deployed: tar cannot "
    "link across filesystems",
    fix="let such pairs be copies or symbolic links",
)
def linked(subject: Subject) -> Iterator[Found]:
    across = [one for one in root_of(subject) if one.first and _mount(one.path) != _mount(one.first)]
    if across:
        pairs = [f"{one.path} with {one.first}" for one in across]
        yield Found(
            f"hard links from one top-level folder into another: {named(pairs)}",
            tuple(Evidence(one.path, one.first) for one in across[:5]),
        )


def _mount(path: str) -> str:
    top = path.partition("/")[0]
    return top if top in _MOUNTED else ""


@rule(
    "A10",
    WARNING,
    tar & rooted,
    title="capabilities and SELinux labels are in the tar",
    why="the installer restores all extended attributes; without them ping and rootless containers fail for "
    "users, and an enforcing system denies services or relabels and boots twice",
    fix="pack with extended attributes (`tar --xattrs --xattrs-include='*'`), or leave /.autorelabel",
)
def attributes(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    if bare := [path for path in _CAPABLE if _lacks_capability(root, path)]:
        yield Found(f"without capability and without setuid: {named(bare)}", seen(bare, "no xattr"))
    if subject.family not in {Family.REDHAT, Family.SUSE} or not _enforcing(root):
        return
    labelled = any(name == "security.selinux" for entry in root for name, _ in entry.xattrs)
    if not labelled and root.get(".autorelabel") is None:
        later = ", so the first boot relabels everything and boots again" if subject.builtin else ""
        yield Found(
            f"etc/selinux/config is enforcing, and no file has a label{later}",
            (Evidence("etc/selinux/config", "SELINUX=enforcing"), Evidence(".autorelabel", "absent")),
        )


def _lacks_capability(root: Index, path: str) -> bool:
    entry = root.at(path)
    if entry is None or entry.kind is not Kind.FILE or entry.mode & 0o4000:
        return False
    if any(name == "security.capability" for name, _ in entry.xattrs):
        return False
    return not (path.endswith("/ping") and _pings_without(root))


def _pings_without(root: Index) -> bool:
    """
    Whether the kernel lets every user ping, as systemd's defaults have it.
    """
    return any(
        "ping_group_range" in line
        for path in config_files(root, "usr/lib/sysctl.d/*.conf", "etc/sysctl.d/*.conf")
        for line in lines_of(root, path)
    )


def _enforcing(root: Index) -> bool:
    return "SELINUX=enforcing" in [line.replace(" ", "") for line in lines_of(root, "etc/selinux/config")]


@rule(
    "A11",
    WARNING,
    tar & rooted,
    title="no member's path goes through a symbolic link of the tar",
    why="where a file lands depends on the order of extraction: /bin may become a folder beside /usr/bin",
    fix="pack the files under the folder where they really are (usr/bin instead of bin)",
)
def through_links(subject: Subject) -> Iterator[Found]:
    if paths := _remarked(root_of(subject).remarks, Trait.THROUGH_LINK):
        yield Found(f"members whose folder is a symbolic link: {named(paths)}", seen(paths, "through a link"))


@rule(
    "A12",
    WARNING,
    tar & rooted,
    title="every owner is an account of the image",
    why="files of nobody belong to the next account that gets the number",
    fix="give the files to an account of the image, or add the account",
)
def owners(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    uids, gids = _numbers(root, "passwd"), _numbers(root, "group")
    if not uids or not gids:
        raise Unknown("the image has no etc/passwd or no etc/group")
    users = Counter(one.uid for one in root if one.uid and one.uid not in uids)
    groups = Counter(one.gid for one in root if one.gid and one.gid not in gids)
    for kind, orphans in (("uid", users), ("gid", groups)):
        for number, count in orphans.most_common(3):
            example = next(one.path for one in root if getattr(one, kind) == number)
            yield Found(
                f"{count} paths belong to {kind} {number}, which no account has: {example}",
                (Evidence(example, f"{kind} {number}"),),
            )


def _numbers(root: Index, name: str) -> set[int]:
    """
    The ids of passwd or group, wherever a system keeps them.
    """
    rows = (
        line.split(":")
        for folder in ("etc", "usr/etc", "usr/lib")
        for line in lines_of(root, f"{folder}/{name}")
    )
    return {int(row[2]) for row in rows if len(row) > 2 and row[2].isdecimal() and len(row[2]) < 11}


_WASTE: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "package caches",
        ("var/cache/apt", "var/cache/dnf", "var/cache/yum", "var/cache/zypp", "var/cache/tdnf"),
    ),
    ("package lists", ("var/lib/apt/lists",)),
    ("journal and logs", ("var/log",)),
    ("temporary files", ("tmp", "var/tmp")),
)
_BULK: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("documentation", ("usr/share/doc", "usr/share/man", "usr/share/info")),
    ("locales", ("usr/share/locale", "usr/lib/locale")),
    ("kernel sources", ("usr/src",)),
)


@rule(
    "A13",
    WARNING,
    anything,
    title="the image is small enough to serve to many machines at once",
    why="racks keep few gigabytes of images and send each to every machine; big ones fill their caches and "
    "their links",
    fix="drop caches and logs (`tundish image hygiene`), build tools and unused locales",
    repair="caches",
)
def size(subject: Subject) -> Iterator[Found]:
    image, wrapping = subject.image, subject.image.wrapping
    shares, wasted = _shares(image.root) if image.root is not None else ((), 0)
    packed, unpacked = wrapping.size, wrapping.expanded
    if image.disk is not None:
        unpacked = max(unpacked, image.disk.size)
    if packed > MAX_PACKED:
        yield Found(f"{image.name} has {packed / GIB:.1f} GiB", (Evidence("size", str(packed)), *shares))
    if unpacked > MAX_UNPACKED:
        what = f"unpacked, {image.name} has {unpacked / 10**9:.1f} GB"
        yield Found(what, (Evidence("size unpacked", str(unpacked)), *shares))
    if wasted > MUCH_WASTE:
        yield Found(f"{wasted >> 20} MiB are caches, logs and temporary files", shares)
    elif shares and packed <= MAX_PACKED and unpacked <= MAX_UNPACKED:
        yield Found("what could be left out of the image", shares, INFO)


def _shares(root: Index) -> tuple[tuple[Evidence, ...], int]:
    """
    What takes space without need, in per cent of all content; and the bytes of what hygiene removes.
    """
    total = sum(one.size for one in root if not one.first and one.kind is Kind.FILE)
    rows, wasted = [], 0
    for groups, removable in ((_WASTE, True), (_BULK, False)):
        for what, folders in groups:
            used = sum(one.size for at in folders for one in files_below(root, at) if not one.first)
            wasted += used if removable else 0
            if total and used * 200 > total:
                rows.append(Evidence(what, f"{100 * used / total:.1f} % ({used} bytes)"))
    return tuple(rows), wasted


@rule(
    "A14",
    WARNING,
    tar & rooted,
    title="dev, proc, sys, run and tmp are empty",
    why="what is in them is useless on the machine or wrong, as files of processes that ran at the build",
    fix="leave the five folders empty when packing",
    repair="runtime-folders",
)
def runtime(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    for folder in _RUNTIME:
        if paths := [one.path for one in files_below(root, folder)]:
            yield Found(f"{folder} holds {named(paths)}", seen(paths))


RULES = (
    safe,
    root_folder,
    on_fat,
    linked,
    attributes,
    through_links,
    owners,
    size,
    runtime,
)

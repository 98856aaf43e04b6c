"""
What the build left in a root, and what has to change for it to go: one word of a finding, some changes.

Nothing is changed here. A change names a real path; a folder is swept only where no link leads to it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tundish.anatomy.index import Entry, Index, Kind
from tundish.check.asking import MAX_CONFIG, config_files, lines_of, text_of
from tundish.check.rule import Finding, Status
from tundish.core.errors import InputError, NotFound


class Act(StrEnum):
    REMOVE = "remove"
    EMPTY = "empty"  # becomes a file of its own without content
    CONTENT = "content"  # becomes a file of its own with this content
    LINK = "link"
    MODE = "mode"  # becomes 0755 and root's


@dataclass(frozen=True, slots=True)
class Change:
    """
    What happens to one path; `content` and `target` are those of its acts.
    """

    path: str
    act: Act
    word: str
    reason: str
    content: bytes = b""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """
    A change before it is known for which word it is.
    """

    path: str
    act: Act = Act.REMOVE
    content: bytes = b""
    target: str = ""


_STUB = "../run/systemd/resolve/stub-resolv.conf"
_RESOLVED = ("usr/lib/systemd/systemd-resolved", "lib/systemd/systemd-resolved")
_ROTATED = re.compile(r"\.(?:gz|xz|bz2|zst|old|\d+|journal~?)$|-\d{8}$")
_PROXY = re.compile(rb"\s*(?:[^/#]*[\s:{])?Proxy(?:::[\w.-]+)?\s+[\"'](?!DIRECT)[^\"'\s]", re.IGNORECASE)
_SETTING = re.compile(
    rb"(?:\w{1,20}::){0,4}Proxy(?:::[\w.-]+)?\s+(?:\"[^\"]*\"|'[^']*')\s*;[ \t]*", re.IGNORECASE
)
_LISTS = ("etc/apt/sources.list", "etc/apt/sources.list.d/*.list")
_LOCAL = re.compile(
    rb"\s(?:cdrom:|file:/|https?://(?:[^/\s@]*@)?(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])[:/])", re.IGNORECASE
)
_ENVIRONMENT = re.compile(rb"\s*(?:export\s+)?(?:https?|ftp|no)_proxy=\S", re.IGNORECASE)
_NETPLAN = re.compile(r"^[ \t]*(ethernets|bonds|bridges|vlans|wifis)[ \t]*:", re.MULTILINE)
_REDHAT = "etc/yum.repos.d/redhat.repo"


def _swept(root: Index, folders: Iterable[str]) -> Iterator[Step]:
    """
    All below each folder; none below one that a link leads to, which may be anything.
    """
    for folder in folders:
        try:
            real = root.resolve(folder) == folder
        except NotFound:
            continue
        if real:
            yield from (Step(entry.path) for entry in root.below(folder))


def _taken(root: Index, *patterns: str) -> Iterator[Step]:
    """
    What fits the patterns, folders with all that they hold.
    """
    for pattern in patterns:
        for entry in root.matching(pattern):
            if entry.kind is Kind.FOLDER:
                yield from (Step(one.path) for one in root.below(entry.path))
            yield Step(entry.path)


def _kept_lines(
    root: Index,
    path: str,
    drop: Callable[[bytes], bool],
    change: Callable[[bytes], bytes] = lambda line: line,
) -> Iterator[Step]:
    entry = root.at(path)
    if entry is None or entry.kind is not Kind.FILE:
        return
    before = root.read(path, MAX_CONFIG)
    after = b"".join(change(line) for line in before.splitlines(keepends=True) if not drop(line))
    if after != before:
        yield Step(entry.path, Act.CONTENT if after else Act.EMPTY, after)


def _machine_id(root: Index) -> Iterator[Step]:
    value = root.text("etc/machine-id", MAX_CONFIG)
    if (value or "").strip() not in {"", "uninitialized"}:
        yield Step("etc/machine-id", Act.EMPTY)
    entry = root.get("var/lib/dbus/machine-id")
    if entry is not None and entry.kind is Kind.FILE and entry.size:
        yield Step(entry.path, Act.LINK, target="/etc/machine-id")


def _resolver(root: Index) -> Iterator[Step]:
    entry = root.get("etc/resolv.conf")
    if entry is not None and (entry.kind is not Kind.FILE or not lines_of(root, entry.path)):
        return
    if any(root.is_file(path) for path in _RESOLVED):
        yield Step("etc/resolv.conf", Act.LINK, target=_STUB)
    else:
        yield Step("etc/resolv.conf", Act.EMPTY)


def _fstab(root: Index) -> Iterator[Step]:
    return _kept_lines(root, "etc/fstab", lambda line: bool(line.strip()) and line.lstrip()[:1] != b"#")


def _cloud(root: Index) -> Iterator[Step]:
    for entry in (*root.matching("var/lib/cloud/instance*"), *root.matching("var/lib/cloud/seed")):
        if entry.kind is Kind.FOLDER:  # the folder itself is the package's
            yield from (Step(one.path) for one in root.below(entry.path))
        else:
            yield Step(entry.path)
    yield from _taken(root, "var/log/cloud-init*")


def _logs(root: Index) -> Iterator[Step]:
    for step in _swept(root, ["var/log"]):
        entry = root.get(step.path)
        if entry is None or entry.kind is not Kind.FILE:
            continue
        if _ROTATED.search(entry.name):
            yield step
        elif entry.size:
            yield Step(entry.path, Act.EMPTY)


def _installer(root: Index) -> Iterator[Step]:
    names = ("root/anaconda-ks.cfg", "root/original-ks.cfg", "root/autoinst.xml", "var/adm/autoinstall")
    return _taken(root, *names, "var/log/anaconda", "var/log/installer")


def _caches(root: Index) -> Iterator[Step]:
    """
    Contents go, folders of packages stay: apt wants its `partial`.
    """
    kept = ("apt", "dnf", "yum", "zypp", "tdnf")
    for step in _swept(root, (*(f"var/cache/{name}" for name in kept), "var/lib/apt/lists")):
        entry = root.get(step.path)
        if entry is not None and entry.kind is not Kind.FOLDER:
            yield step
    yield from _swept(root, ("tmp", "var/tmp"))


def _proxies(root: Index) -> Iterator[Step]:
    yield from _taken(root, "etc/apt/apt.conf.d/*proxy*", "etc/profile.d/*proxy*")
    for path in config_files(root, "etc/apt/apt.conf", "etc/apt/apt.conf.d/*"):
        yield from _kept_lines(root, path, _is_proxy, _without_proxy)
    yield from _sources(root)
    yield from _kept_lines(root, "etc/environment", lambda line: bool(_ENVIRONMENT.match(line)))
    yield from _taken(root, "usr/local/bin/dpkg-query", "usr/local/bin/netplan", "usr/sbin/policy-rc.d")


def _is_whole(line: bytes) -> bool:
    return line.count(b"{") == line.count(b"}")  # half a block would spoil the file


def _is_proxy(line: bytes) -> bool:
    return _is_whole(line) and bool(_PROXY.match(line))


def _without_proxy(line: bytes) -> bytes:
    """
    A line that opens or closes a block keeps what is not the proxy.
    """
    return line if _is_whole(line) or not _PROXY.match(line) else _SETTING.sub(b"", line)


def _sources(root: Index) -> Iterator[Step]:
    """
    Places of the build go where another source of packages stays; none at all would spoil apt.
    """
    paths = list(config_files(root, *_LISTS))
    lines = [line.encode() for path in paths for line in lines_of(root, path)]
    if any(line.startswith(b"deb ") and not _LOCAL.search(line) for line in lines):
        for path in paths:
            yield from _kept_lines(root, path, _is_local)


def _is_local(line: bytes) -> bool:
    return line.lstrip().startswith((b"deb ", b"deb-src ")) and bool(_LOCAL.search(line))


def _subscriptions(root: Index) -> Iterator[Step]:
    folders = ("etc/pki/consumer", "etc/pki/entitlement", "var/lib/rhsm")
    for step in _swept(root, folders):
        entry = root.get(step.path)
        if entry is not None and entry.kind is not Kind.FOLDER:
            yield step
    yield from _taken(root, _REDHAT)


def _root_folder(root: Index) -> Iterator[Step]:
    entry = root.get("")
    if entry is None or entry.kind is not Kind.FOLDER:
        return
    if entry.mode not in {0o755, 0o555} or (entry.uid, entry.gid) != (0, 0):
        yield Step("", Act.MODE)


def _netplans(root: Index) -> Iterator[Step]:
    found = config_files(root, "etc/netplan/*.yaml")
    return (Step(path) for path in found if _NETPLAN.search(text_of(root, path)))


def _profiles(root: Index) -> Iterator[Step]:
    for entry in root.matching("etc/sysconfig/network-scripts/ifcfg-*"):
        if entry.name != "ifcfg-lo":
            yield Step(entry.path)
    yield from _taken(root, "etc/NetworkManager/system-connections/*")


Find = Callable[[Index], Iterator[Step]]


def _of(*patterns: str) -> Find:
    return lambda root: _taken(root, *patterns)


_MENDERS: Mapping[str, tuple[str, Find]] = {
    "machine-id": ("each machine makes an id of its own", _machine_id),
    "host-keys": ("each machine makes keys of its own", _of("etc/ssh/ssh_host_*_key*")),
    "persistent-net": (
        "it names the network cards or disks of the build",
        _of("etc/udev/rules.d/70-persistent-*.rules"),
    ),
    "resolv-conf": ("name servers are those of the site", _resolver),
    "fstab": ("the installer writes what is mounted", _fstab),
    "cloud-init-state": ("cloud-init begins anew on each machine", _cloud),
    "random-seed": (
        "machines must not start with the same random numbers",
        _of("var/lib/systemd/random-seed", "var/lib/urandom/random-seed"),
    ),
    "histories": ("it tells what was typed", _of("root/.bash_history", "home/*/.bash_history")),
    "installer-leftovers": ("it tells how the image was made", _installer),
    "logs": ("it is of the build's life", _logs),
    "caches": ("it is fetched or made again where needed", _caches),
    "runtime-folders": (
        "it is of no use on the machine",
        lambda root: _swept(root, ("dev", "proc", "sys", "run", "tmp")),
    ),
    "packer-backup": ("the build did not put it back", _of("packer_backup")),
    "proxy-leftovers": ("it is of the build's network", _proxies),
    "subscriptions": ("the registration is the build's", _subscriptions),
    "root-folder-mode": ("/ must be 0755 and root's", _root_folder),
    "netplan-leftovers": ("it configures the network of the build", _netplans),
    "connection-profiles": ("it is a connection of the build", _profiles),
}
WORDS = tuple(_MENDERS)


def words_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """
    The words that failed findings name, in the order of `WORDS`.
    """
    named = {one.repair for one in findings if one.status is Status.FAIL}
    return tuple(word for word in WORDS if word in named)


def repairs(index: Index, words: Iterable[str]) -> tuple[Change, ...]:
    """
    What has to change in a root, sorted by path; of two changes of a path that which removes it holds.

    Raises:
        InputError: there is no such word.
        BadImage: what has to be read for it is damaged, or longer than such a file is.
    """
    found: dict[str, Change] = {}
    for word in words:
        if word not in _MENDERS:
            raise InputError(f"{word} is no word of hygiene; there are: {', '.join(WORDS)}")
        reason, find = _MENDERS[word]
        for step in find(index):
            change = Change(step.path, step.act, word, reason, step.content, step.target)
            held = found.get(step.path)
            if held is None or (held.act is not Act.REMOVE and change.act is Act.REMOVE):
                found[step.path] = change
    return tuple(found[path] for path in sorted(found))


def weight(index: Index, change: Change) -> int:
    """
    The bytes that a change takes away.
    """
    entry: Entry | None = index.get(change.path)
    if entry is None or entry.kind is not Kind.FILE or change.act is Act.MODE:
        return 0
    return max(0, entry.size - len(change.content))

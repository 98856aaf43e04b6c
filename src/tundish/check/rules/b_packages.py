"""
Group B, last part: what the build left in the configuration of packages.
"""

import re
from collections.abc import Iterator

from tundish.anatomy.index import Index
from tundish.check.asking import (
    ERROR,
    WARNING,
    config_files,
    files_below,
    lines_of,
    named,
    root_of,
    rule,
    seen,
)
from tundish.check.rule import Evidence, Found
from tundish.check.scopes import deb, linux, rooted, rpm
from tundish.check.subject import Subject

_BOOT = ("grub", "shim")
_HELD = (*_BOOT, "linux-", "systemd")
_PROXY = re.compile(r"(?:.*[\s:{])?Proxy(?:::[\w.-]+)?\s+[\"'](?!DIRECT)[^\"'\s]", re.IGNORECASE)
_ENVIRONMENT = re.compile(r"(?:export\s+)?(?:https?|ftp|no)_proxy=\S", re.IGNORECASE)
_LOCAL = re.compile(
    r"\b(?:https?|ftp)://(?:[^/\s@]*@)?(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|\[?::1)"
    r"|(?<!\+)\bfile:/|\bcdrom:|\bhttps?://[^/\s]+\.(?:local|lan|internal)\b",
    re.IGNORECASE,
)
_SOURCES = ("etc/apt/sources.list", "etc/apt/sources.list.d/*.list", "etc/apt/sources.list.d/*.sources")
_WRAPPERS = ("usr/local/bin/dpkg-query", "usr/local/bin/netplan")
_POLICY = "usr/sbin/policy-rc.d"
_REGISTERED = ("etc/pki/consumer", "etc/pki/entitlement", "var/lib/rhsm")


@rule(
    "B18",
    WARNING,
    deb,
    title="no package that the installer may have to change is held",
    why="apt refuses to change held packages, so the deployment fails where the installer adds a boot loader",
    fix="release it with `apt-mark unhold`",
)
def held(subject: Subject) -> Iterator[Found]:
    names = [one.name for one in subject.facts.packages if one.held and one.name.startswith(_HELD)]
    for name in names:
        severity = ERROR if name.startswith(_BOOT) else WARNING
        yield Found(f"{name} is held", (Evidence("var/lib/dpkg/status", f"{name} hold"),), severity)


@rule(
    "B19",
    WARNING,
    deb & rooted,
    title="no proxy, mirror or wrapper of the build is left",
    why="apt waits for a proxy that is not there, or takes packages from a mirror that only the build could "
    "reach",
    fix="remove what the build put there; a source that is the only one, one in a `.sources` file, and a "
    "mirror in a private network may be meant, so they stay for a person to change",
    repair="proxy-leftovers",
)
def build_network(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    if proxies := sorted(set(_proxies(root))):
        yield Found(f"a proxy of the build is configured in {named(proxies)}", seen(proxies))
    for path in config_files(root, *_SOURCES):
        for line in lines_of(root, path):
            if _LOCAL.search(line):
                what = f"{path} takes packages from a place of the build"
                yield Found(what, (Evidence(path, _without_login(line)),))
                break
    if wrappers := [path for path in _WRAPPERS if root.get(path)]:
        yield Found(f"a wrapper hides the real program: {named(wrappers)}", seen(wrappers))
    if root.get(_POLICY):
        yield Found(f"{_POLICY} of the build is left", seen([_POLICY]))


def _proxies(root: Index) -> Iterator[str]:
    yield from (entry.path for entry in root.matching("etc/apt/apt.conf.d/*proxy*") if entry.size)
    for path in config_files(root, "etc/apt/apt.conf", "etc/apt/apt.conf.d/*"):
        if any(_PROXY.match(line) for line in lines_of(root, path, "//")):
            yield path
    for path in config_files(root, "etc/environment", "etc/profile.d/*proxy*"):
        if any(_ENVIRONMENT.match(line) for line in lines_of(root, path)):
            yield path


def _without_login(line: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//", line)[:120]


@rule(
    "B20",
    WARNING,
    rpm & rooted,
    title="no registration of the build machine is in the image",
    why="every machine uses the subscription of whoever built the image, and shows who that was",
    fix="run `subscription-manager unregister` and `subscription-manager clean` at the end of the build",
    repair="subscriptions",
)
def registered(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    left = [one.path for folder in _REGISTERED for one in files_below(root, folder)]
    repo = "etc/yum.repos.d/redhat.repo"
    if root.is_file(repo) and lines_of(root, repo):
        left.append(repo)
    if left:
        yield Found(f"a registration with Red Hat is left: {named(left)}", seen(left))


@rule(
    "B21",
    WARNING,
    linux,
    title="usr/sbin/policy-rc.d is not in the way",
    why="the installer makes such a file itself while it adds packages and removes it again; another one "
    "keeps services from starting",
    fix="remove usr/sbin/policy-rc.d at the end of the build",
    repair="proxy-leftovers",
)
def policy(subject: Subject) -> Iterator[Found]:
    if root_of(subject).get(_POLICY):
        yield Found(f"{_POLICY} is in the image", seen([_POLICY]))


RULES = (held, build_network, registered, policy)

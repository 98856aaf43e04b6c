"""
Group B, third part: who gets into a machine made of the image, and by what.
"""

import re
from collections.abc import Iterator

from tundish.anatomy.facts import Password
from tundish.anatomy.index import Index
from tundish.check.asking import WARNING, config_files, lines_of, named, root_of, rule
from tundish.check.rule import Evidence, Found
from tundish.check.scopes import linux
from tundish.check.subject import Subject

_SSHD = "etc/ssh/sshd_config"
_SSHD_DEFAULT = "usr/etc/ssh/sshd_config"  # where SUSE ships it
_OPEN = {"permitrootlogin": "PermitRootLogin", "passwordauthentication": "PasswordAuthentication"}
_MAX_INCLUDES = 50
_SKIPPED = re.compile(r"\.[^/]*$|~$")  # names that sudo passes by
_SUDO_SUBJECT = re.compile(r"(\S+)\s+\S+\s*=.*\bNOPASSWD\s*:")


@rule(
    "B15",
    WARNING,
    linux,
    title="nobody has a password",
    why="everybody who knows how the image is built can log in to every machine made of it",
    fix="lock the accounts (`passwd --lock`), and let cloud-init bring keys",
)
def passwords(subject: Subject) -> Iterator[Found]:
    for user in subject.facts.users:
        if user.password is Password.LOCKED:
            continue
        where = (Evidence("etc/shadow", user.name),)
        if user.known:
            yield Found(f"{user.name} has a password that templates bake in", where)
        elif user.password is Password.NONE:
            yield Found(f"{user.name} has an empty password", where)
        else:
            yield Found(f"{user.name} has a password", where)


@rule(
    "B16",
    WARNING,
    linux,
    title="sshd lets root in with keys only, and nobody with a password",
    why="every machine made of the image can be tried from the network",
    fix="take PermitRootLogin yes and PasswordAuthentication yes out of etc/ssh/sshd_config and its folder",
)
def sshd(subject: Subject) -> Iterator[Found]:
    root = root_of(subject)
    path = _SSHD if root.is_file(_SSHD) else _SSHD_DEFAULT
    said: set[str] = set()
    for where, line in _statements(root, path):
        word, _, value = line.replace("=", " ", 1).partition(" ")
        key = word.lower()
        if key in _OPEN and key not in said:
            said.add(key)  # the first statement holds
            if value.strip().strip('"').lower() == "yes":
                yield Found(f"{where} says {_OPEN[key]} yes", (Evidence(where, line[:80]),))


def _statements(root: Index, path: str) -> Iterator[tuple[str, str]]:
    """
    The lines of sshd's configuration that hold for everybody, included files in their place.
    """
    read, asked = {path}, 0  # a file that is included twice says nothing new the second time
    for line in _for_everybody(lines_of(root, path)):
        word, _, pattern = line.partition(" ")
        if word.lower() != "include":
            yield path, line
            continue
        wanted = [one if one.startswith("/") else f"etc/ssh/{one}" for one in pattern.split()]
        asked += len(wanted)
        if asked > _MAX_INCLUDES:
            return
        for included in config_files(root, *wanted):
            if included not in read:
                read.add(included)
                yield from ((included, one) for one in _for_everybody(lines_of(root, included)))


def _for_everybody(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if line.lower().startswith("match "):
            return
        yield line


@rule(
    "B17",
    WARNING,
    linux,
    title="only cloud-init's user may become root without a password",
    why="an account of the build stays root on every machine",
    fix="remove the line from etc/sudoers or its file from etc/sudoers.d",
)
def sudo(subject: Subject) -> Iterator[Found]:
    root, allowed = root_of(subject), subject.facts.cloud_init.default_user
    yield from _refused(root)
    files = [path for path in config_files(root, "etc/sudoers.d/*") if not _SKIPPED.search(path)]
    for path in ("etc/sudoers", *files):
        who = [found[1] for line in _joined(root, path) if (found := _SUDO_SUBJECT.match(line))]
        if others := [name for name in who if not allowed or name != allowed]:
            yield Found(
                f"{path} lets {named(others)} become root without a password",
                tuple(Evidence(path, f"{name} NOPASSWD") for name in others[:5]),
            )


def _refused(root: Index) -> Iterator[Found]:
    """
    What makes sudo refuse to run at all.
    """
    entry, program = root.get("etc/sudoers"), root.at("usr/bin/sudo")
    if entry is not None and (entry.uid or entry.mode & 0o002):
        what = f"etc/sudoers is {entry.mode:04o} {entry.uid}:{entry.gid}, so sudo refuses to run"
        yield Found(what, (Evidence("etc/sudoers", f"{entry.mode:04o}"),), fix="make it 0440 0:0")
    if entry is not None and program is not None and not program.mode & 0o4000:
        what = f"usr/bin/sudo is {program.mode:04o}: without its setuid bit nobody becomes root by it"
        yield Found(what, (Evidence("usr/bin/sudo", f"{program.mode:04o}"),), fix="make it 4755 0:0")


def _joined(root: Index, path: str) -> list[str]:
    """
    The lines of a sudoers file, a backslash at the end joining it with the next.
    """
    text = "\n".join(lines_of(root, path)) if root.is_file(path) else ""
    return re.sub(r"\\\n", " ", text).splitlines()


RULES = (passwords, sshd, sudo)

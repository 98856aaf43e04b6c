"""
Group F, first half: whether the installer finds the hooks of an image, and can run them.
"""

import re
from collections.abc import Iterator

from tundish.anatomy.index import Entry, Index, Kind
from tundish.check.folded import folded
from tundish.check.hooks import HOOKS, MOUNTABLE, WITHOUT_MODES, target_of, targets, volume_of
from tundish.check.rule import Evidence, Found, Rule, Severity, Unknown
from tundish.check.scopes import dd, esxi, linux, win
from tundish.check.subject import Subject

HOOK = HOOKS[0]
_INTERPRETERS = frozenset({"python3", "bash", "sh", "perl", "dash"})  # in every Ubuntu ephemeral image
_FOLDERS = frozenset({"/bin", "/usr/bin"})
_CLOUDBASE = (
    "Cloudbase-Init",
    "Program Files/Cloudbase Solutions/Cloudbase-Init",
    "Program Files (x86)/Cloudbase Solutions/Cloudbase-Init",
)
_CONFIGURATIONS = ("conf/cloudbase-init.conf", "conf/cloudbase-init-unattend.conf")


def _has_a_target(subject: Subject) -> Iterator[Found]:
    disk = subject.image.disk
    if disk is None:
        raise Unknown("no disk was found in the image")
    found = targets(disk)
    unread = [one for one in disk.volumes if one.form in MOUNTABLE and one.index is None]
    if not found and unread:
        raise Unknown(f"volume {unread[0].name} could not be read: {unread[0].why}")
    if not found:
        yield Found(
            "no filesystem of the disk has a folder /curtin",
            tuple(Evidence(f"volume {one.name}", one.form.value) for one in disk.volumes),
        )
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        system = found[-1].mounted
        fits = system is not None and any(p in system for p in ("etc/os-release", "usr/lib/os-release"))
        yield Found(
            f"the folder /curtin is in more than one filesystem ({names}); the installer takes "
            f"{found[-1].name}",
            tuple(Evidence(f"volume {one.name}", one.form.value) for one in found),
            Severity.WARNING if fits else None,
        )


def _can_be_run(subject: Subject) -> Iterator[Found]:
    index = target_of(subject)
    for path in HOOKS:
        entry = index.get(path) if index else None
        if index is not None and entry is not None:
            yield from _problems(subject, index, entry)


def _problems(subject: Subject, index: Index, entry: Entry) -> Iterator[Found]:
    path = entry.path
    if entry.kind is Kind.LINK and entry.target.startswith("/"):
        yield Found(
            f"{path} is a link to {entry.target}, which is looked up on the installer's own system "
            f"and ignored",
            (Evidence(path, f"-> {entry.target}"),),
            fix=f"make {path} a regular file",
        )
        return
    file = index.at(path)
    if file is None or file.kind is not Kind.FILE:
        yield Found(f"{path} is no regular file, but {entry.kind}", (Evidence(path, entry.kind),))
        return
    volume = volume_of(subject)
    if not file.executable and not (volume and volume.form in WITHOUT_MODES):
        yield Found(
            f"{path} has no execute bit", (Evidence(path, f"{file.mode:04o}"),), fix=f"chmod 0755 {path}"
        )
    yield from _first_line(subject, index, path)


def _first_line(subject: Subject, index: Index, path: str) -> Iterator[Found]:
    head = next(iter(index.stream(path)), b"")[:4096]
    if head.startswith(b"\x7fELF"):
        return
    line = head.split(b"\n", 1)[0]
    shown = line[:80].decode("ascii", "backslashreplace").rstrip("\r")
    evidence = (Evidence(path, shown),)
    if not line.startswith(b"#!"):
        # on purpose in images of Windows: it only has to keep the hooks for Linux away
        severity = Severity.WARNING if win(subject) or esxi(subject) else None
        yield Found(f"{path} does not begin with #! and an interpreter", evidence, severity)
    elif line.endswith(b"\r"):
        yield Found(f"{path} has lines that end in CR LF", evidence, fix="write it with Unix line ends")
    elif problem := _interpreter(line[2:].decode("utf-8", "replace").split()):
        yield Found(f"{path} asks for {problem}", evidence, fix="use #!/usr/bin/env python3, or #!/bin/bash")


def _interpreter(words: list[str]) -> str:
    """
    What is wrong with the interpreter of a first line; empty if the ephemeral system has it.
    """
    if not words:
        return "no interpreter"
    folder, _, name = words[0].rpartition("/")
    if name == "env":
        rest = [word for word in words[1:] if word != "-S"]
        folder, name = "/usr/bin", rest[0] if rest else ""
    if re.fullmatch(r"python(2(\.\d+)?)?", name):
        return f"{name}, which the installer's system does not have"
    if folder in _FOLDERS and name in _INTERPRETERS:
        return ""
    return f"{' '.join(words)[:80]}, which the installer's system does not have"


def _brings_hooks(subject: Subject) -> Iterator[Found]:
    if not subject.facts.hooks:
        yield Found("the disk brings no curtin/curtin-hooks of its own", (Evidence(HOOK, "absent"),))


def _keeps_hooks_away(subject: Subject) -> Iterator[Found]:
    if not subject.facts.hooks:
        yield Found("there is no curtin/curtin-hooks", (Evidence(HOOK, "absent"),))


def _brings_cloudbase(subject: Subject) -> Iterator[Found]:
    index = target_of(subject)
    if index is None:
        raise Unknown("no filesystem with a folder /curtin could be read")
    if index.get(HOOKS[1]) is None:
        yield Found("there is no curtin/finalize", (Evidence(HOOKS[1], "absent"),))
    at = next((path for path in _CLOUDBASE if folded(index, path)), "")
    if not at:
        yield Found("Cloudbase-Init is not installed", tuple(Evidence(path, "absent") for path in _CLOUDBASE))
        return
    for name in _CONFIGURATIONS:
        if not folded(index, f"{at}/{name}"):
            yield Found(f"{at}/{name} is missing", (Evidence(f"{at}/{name}", "absent"),))


RULES = (
    Rule(
        "F01",
        Severity.ERROR,
        "exactly one filesystem of the disk has a folder /curtin",
        dd,
        "dd",
        'the installer fails with "Did not find any filesystem on [...] that contained one of '
        "['curtin', ...]\", "
        "or takes the wrong one for the root",
        "make a folder /curtin in the root filesystem, and in no other",
        _has_a_target,
    ),
    Rule(
        "F02",
        Severity.ERROR,
        "the hooks are regular, executable scripts for an interpreter of the installer's system",
        lambda subject: any(_hook_paths(subject)),
        "with hooks",
        "the installer cannot start the hook: the deployment fails, or the hook is left out without a word",
        "make it a regular file with mode 0755 that begins with #!/usr/bin/env python3",
        _can_be_run,
    ),
    Rule(
        "F03",
        Severity.ERROR,
        "a disk image of Linux brings its own hooks",
        dd & linux,
        "dd, Linux",
        "the installer's own hooks see one filesystem only: they write an empty etc/fstab and install GRUB "
        "without /boot and /boot/efi, and the machine does not boot",
        "bring curtin/curtin-hooks that leaves fstab and boot loader as the image has them",
        _brings_hooks,
    ),
    Rule(
        "F04",
        Severity.ERROR,
        "images of Windows and ESXi bring curtin-hooks, be it an empty script",
        win | esxi,
        "Windows, ESXi",
        "the installer runs its hooks for Linux on it and fails",
        "bring curtin/curtin-hooks, be it `#!/bin/sh` alone",
        _keeps_hooks_away,
    ),
    Rule(
        "F05",
        Severity.ERROR,
        "Windows brings curtin/finalize and a configured Cloudbase-Init",
        win,
        "Windows",
        "nothing on the machine talks to MAAS at its first boot: the node stays in Deploying",
        "install Cloudbase-Init before sysprep, and bring curtin/finalize that writes its configuration",
        _brings_cloudbase,
    ),
)


def _hook_paths(subject: Subject) -> Iterator[str]:
    index = target_of(subject)
    yield from (path for path in HOOKS if index is not None and index.get(path) is not None)

"""
What an operator or an image says to the checks: hooks, settings of cloud-init, and files of exceptions.
"""

from collections.abc import Iterator
from datetime import date

from tests.support.images import File, index_of

from fuzz.target import KIB, target
from tundish.anatomy.facts import Facts, Family, Hooks
from tundish.anatomy.image import Compression, Form, Image, Wrapping
from tundish.check.policy import Policy, parse, weigh
from tundish.check.rule import ask
from tundish.check.rulebook import rule
from tundish.check.subject import Filetype, Request, Subject, Target
from tundish.core.errors import InputError

_HOOK = b"""#!/usr/bin/env python3
import os, shutil, sys
from curtin.commands import curthooks
from curtin.util import RunInChroot

def cleanup():
    shutil.rmtree(os.path.join(os.environ["TARGET_MOUNT_POINT"], "curtin"))

if __name__ == "__main__":
    sys.exit(cleanup())
"""
_SHELL = (
    b"#!/bin/bash -e\ndisk=$(echo $part | sed 's/[0-9]*$//')\napt-get -y install grub-pc\n"
    b"rm -rf /curtin\nexit 0\n"
)
_EXCEPTIONS = b"[[override]]\nrule = 'B15'\nseverity = 'info'\nreason = 'lab'\nexpires = 2027-01-31\n"
_TODAY = date(2026, 11, 25)
_ASKED_OF_HOOKS = tuple(map(rule, ("E01", "F02", "F06", "F07", "F08", "F09", "M20", "M24")))
_ASKED_OF_SETTINGS = tuple(map(rule, ("E01", "E05", "E07", "E08", "G06", "M18")))


def _subject(files: dict[str, bytes]) -> Subject:
    tree = {path: File(data, 0o755) for path, data in files.items()}
    hooks = Hooks(folder=True, curtin_hooks="curtin/curtin-hooks" in files)
    facts = Facts(Family.REDHAT, arch="amd64", hooks=hooks)
    image = Image("image", Wrapping(Compression.GZIP, 1, 2), Form.TAR, index_of(tree))
    return Subject(image, facts, Request(Filetype.TGZ, "custom/x"), Target(in_memory=True))


def _hooks() -> Iterator[bytes]:
    yield from (_HOOK, _SHELL, b"#!/usr/bin/python3\n" + b"(" * 500, b"#!/usr/bin/python3\nf'{x[\"a\"]}'\n")


def _settings() -> Iterator[bytes]:
    yield b"datasource_list: [ NoCloud, None ]\n"
    yield b"network:\n  config: disabled\n"
    yield b"network:\n  ethernets:\n    ens3: {}\n"
    yield b"UUID=1 / ext4 defaults 0 1\n/dev/vda1 /boot ext4 defaults 0 2\n"


def _exceptions() -> Iterator[bytes]:
    yield _EXCEPTIONS
    yield _EXCEPTIONS + b"[[override]]\nrule = 'A13'\nignore = true\nreason = 'large'\n"


@target(
    InputError,
    seeds=_hooks,
    longest=8 * KIB,
    words=(
        b"#!/usr/bin/env python3\n",
        b"#!/bin/bash\n",
        b"curtin",
        b"rmtree(",
        b"sys.exit(0)\n",
        b"from curtin",
    ),
)
def hooks_of_an_image(data: bytes) -> None:
    """
    Whatever the text of a hook, each rule about it answers.
    """
    subject = _subject({"curtin/curtin-hooks": data})
    assert all(list(ask(one, subject)) for one in _ASKED_OF_HOOKS)


@target(
    InputError,
    seeds=_settings,
    words=(
        b"datasource_list:",
        b"network:",
        b"config: disabled",
        b"ethernets:",
        b"policy: disabled",
        b"UUID=",
    ),
)
def settings_of_an_image(data: bytes) -> None:
    """
    Whatever stands in cloud-init's settings, netplan and fstab, each rule about them answers.
    """
    paths = (
        "etc/cloud/cloud.cfg.d/99-x.cfg",
        "etc/cloud/ds-identify.cfg",
        "etc/netplan/50-cloud-init.yaml",
        "etc/default/grub",
        "etc/fstab",
    )
    subject = _subject(dict.fromkeys(paths, data))
    assert all(list(ask(one, subject)) for one in _ASKED_OF_SETTINGS)


@target(InputError, seeds=_exceptions, words=(b"[[override]]", b"rule =", b"severity =", b"expires ="))
def exceptions_of_a_policy(data: bytes) -> None:
    """
    A file of exceptions is read or refused, and what it holds can be weighed.
    """
    held = parse(data, "fuzz.toml", {"A13", "B15"})
    weigh(Policy.DEFAULT, (), overrides=held, today=_TODAY)

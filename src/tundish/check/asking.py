"""
What the rules have in common: how one is written down, and how an image is asked without being trusted.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from tundish.anatomy.index import Entry, Index, Kind
from tundish.check.rule import Evidence, Judge, Rule, Severity, Unknown
from tundish.check.scopes import Scope
from tundish.check.subject import Subject, Target

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
SHOWN = 5  # how many paths of a kind a sentence or its evidence names
MAX_CONFIG = 2 * 1024 * 1024  # bytes; no file that people configure a system with is near that
MAX_LINE = 4096
MAX_FILES = 500  # that are read of one folder
_SETTING = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=(.*)$", re.MULTILINE)


def rule(
    name: str, severity: Severity, scope: Scope, *, title: str, why: str, fix: str, repair: str = ""
) -> Callable[[Judge], Rule]:
    """
    Make a rule of the function below it.
    """
    return lambda judge: Rule(name, severity, title, scope, scope.text, why, fix, judge, repair)


def root_of(subject: Subject) -> Index:
    """
    What the machine will run.

    Raises:
        Unknown: no root was found in the image.
    """
    if subject.root is None:
        raise Unknown("no root was found in the image")
    return subject.root


def need_packages(subject: Subject) -> None:
    """
    Go on only where the image's packages are known.

    Raises:
        Unknown: its database could not be read, or there is none.
    """
    if not subject.facts.packages:
        raise Unknown(subject.facts.packages_fault or "no package database was read")


def named(paths: Iterable[str]) -> str:
    """
    Some paths for a sentence, the rest as a number.
    """
    held = list(paths)
    more = f" and {len(held) - SHOWN} more" if len(held) > SHOWN else ""
    return ", ".join(held[:SHOWN]) + more


def seen(paths: Iterable[str], value: str = "") -> tuple[Evidence, ...]:
    """
    Paths as evidence, the first ones of many.
    """
    return tuple(Evidence(path, value) for path in list(paths)[:SHOWN])


def text_of(index: Index, path: str) -> str:
    """
    A configuration file, empty if there is none.

    Raises:
        BadImage: it is longer than such a file is, or damaged.
    """
    return index.text(path, MAX_CONFIG) or ""


def lines_of(index: Index, path: str, comment: str = "#") -> list[str]:
    """
    The lines of a configuration file that say something, cut where they are too long: no blank ones, no
    comments.

    Raises:
        BadImage: it is longer than such a file is, or damaged.
    """
    lines = (line[:MAX_LINE].strip() for line in text_of(index, path).splitlines())
    return [line for line in lines if line and not line.startswith(comment)]


def config_files(index: Index, *patterns: str) -> list[str]:
    """
    The paths of files that fit one of the globs, in their order, the first ones of very many.
    """
    fitting = (islice(index.matching(pattern), MAX_FILES) for pattern in patterns)
    return [entry.path for entries in fitting for entry in entries if index.is_file(entry.path)]


def settings_of(text: str) -> dict[str, str]:
    """
    The variables of a file that a shell would read, without their quotes; the last one of a name holds.
    """
    return {name: value.strip().strip("\"'") for name, value in _SETTING.findall(text)}


def files_below(index: Index, folder: str) -> Iterator[Entry]:
    """
    Everything below a folder that is no folder.
    """
    return (entry for entry in index.below(folder) if entry.kind is not Kind.FOLDER)


def command(index: Index, name: str) -> str:
    """
    Where a program of this name stands on root's path; empty if nowhere.
    """
    folders = ("usr/sbin", "usr/bin", "sbin", "bin", "usr/local/sbin", "usr/local/bin")
    return next((f"{at}/{name}" for at in folders if index.is_executable(f"{at}/{name}")), "")


def must_boot(target: Target, firmware: str) -> bool:
    """
    Whether the image has to boot with this firmware, the other being no way out.
    """
    return firmware in target.firmware and (target.both or len(target.firmware) == 1)

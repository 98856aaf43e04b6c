"""
The hooks that an image brings, as the installer will find them: in which filesystem, and what they say.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tundish.anatomy.disk.disk import targets_of
from tundish.anatomy.image import Disk, Form, Volume
from tundish.anatomy.index import Index, Kind
from tundish.check.subject import Subject

FOLDER = "curtin"
HOOKS = ("curtin/curtin-hooks", "curtin/finalize")
MOUNTABLE = frozenset({Form.EXT, Form.XFS, Form.BTRFS, Form.FAT, Form.NTFS})  # by the installer's kernel
WITHOUT_MODES = frozenset({Form.FAT, Form.NTFS})  # where every file is mounted as executable
MAX_HOOK = 1024 * 1024
MAX_FILES = 32
MAX_TOGETHER = 4 * 1024 * 1024
_PYTHON = re.compile(rb"#![^\n]*python")


@dataclass(frozen=True, slots=True)
class Hook:
    """
    A script below /curtin. `bare` is its text without comments, line for line.
    """

    path: str
    text: str
    python: bool

    @property
    def bare(self) -> str:
        return re.sub(r"(?m)(^|\s)#.*$", "", self.text)


def targets(disk: Disk) -> tuple[Volume, ...]:
    """
    The volumes that the installer would take for the root, in the order in which it mounts them; the last
    one is it.
    """
    return tuple(one for one in targets_of(disk) if one.form in MOUNTABLE)


def volume_of(subject: Subject) -> Volume | None:
    """
    The volume of a disk that becomes the target; None for a tar.
    """
    found = targets(subject.image.disk) if subject.image.disk else ()
    return found[-1] if found else None


def target_of(subject: Subject) -> Index | None:
    """
    What the installer sees as the target: the whole root of a tar, one filesystem of a disk.
    """
    if subject.image.disk is None:
        return subject.root
    volume = volume_of(subject)
    return volume.mounted if volume else None


def scripts(subject: Subject) -> Iterator[Hook]:
    """
    The scripts below /curtin, hooks and what they may call, bounded in number and length.
    """
    index = target_of(subject)
    if index is None:
        return
    files = [one for one in index.below(FOLDER) if one.kind is Kind.FILE and one.size <= MAX_HOOK]
    left = MAX_TOGETHER
    for entry in files[:MAX_FILES]:
        if (left := left - entry.size) < 0:
            return
        data = index.read(entry.path, MAX_HOOK)
        if data.startswith(b"#!") and b"\0" not in data:
            head = data[:200]
            yield Hook(entry.path, data.decode("utf-8", "replace"), bool(_PYTHON.match(head)))


def says(subject: Subject, pattern: str) -> bool:
    """
    Whether any script of the image speaks of this, comments left out.
    """
    wanted = re.compile(pattern, re.IGNORECASE)
    return any(wanted.search(hook.bare) for hook in scripts(subject))

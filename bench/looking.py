"""
Looking into an image against reading it: what a case is, and its figures.

Every work is a command on one image file or folder, which is not in the page cache when it begins: so reading
costs what the disk of the machine costs, for all alike.
"""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.measure import Usage, measured

MIB = 1024 * 1024
Tell = Callable[[str], None]

READ = """
import os, sys
file = os.open(sys.argv[1], os.O_RDONLY)
at, size = 0, os.fstat(file).st_size
while at < size:
    try:
        at = os.lseek(file, at, os.SEEK_DATA)
    except OSError:
        break
    end = os.lseek(file, at, os.SEEK_HOLE)
    while at < end:
        piece = os.pread(file, min(1 << 20, end - at), at)
        at += len(piece)
        {each}
"""
LOOK = """
import sys
from tundish.anatomy.disk.disk import read_disk, system_of
from tundish.anatomy.hashing import hashed
from tundish.anatomy.readable import File
with open(sys.argv[1], "rb") as stream:
    root = system_of(read_disk(File(stream), "disk"))
    assert root is not None
    {then}
    print(len(root))
"""


@dataclass(frozen=True, slots=True)
class Work:
    """
    A program in Python whose one argument is the image.
    """

    name: str
    program: str

    def command(self, image: Path) -> Sequence[str]:
        return (sys.executable, "-c", self.program, str(image))


@dataclass(frozen=True, slots=True)
class Look:
    """
    A case: what makes the image, what is measured on it, and which pairs say something.
    """

    name: str
    title: str
    make: Callable[[Path], Path]
    works: Sequence[Work]
    pairs: Sequence[tuple[str, str]]


READING = Work("read", READ.format(each="pass"))
HASHING = Work("sha256", "import hashlib\nmade = hashlib.sha256()\n" + READ.format(each="made.update(piece)"))
INDEXING = Work("index", LOOK.format(then="pass"))
DIGESTING = Work("index with digests", LOOK.format(then="root = hashed(root)"))


def measure(look: Look, *, rounds: int, scratch: Path, tell: Tell) -> dict[str, list[Usage]]:
    """
    Every work in every round.

    Raises:
        RunFailed: a program failed.
    """
    tell(f"case {look.name}: making the image ...")
    image = look.make(scratch)
    found: dict[str, list[Usage]] = {work.name: [] for work in look.works}
    for number in range(1, rounds + 1):
        for work in look.works:
            _forget(image)
            usage = measured(work.command(image), scratch=scratch, log=scratch / "log")
            tell(f"round {number} of {rounds}: {work.name:20} {usage.wall:6.2f} s, {usage.cpu:.2f} s CPU")
            found[work.name].append(usage)
    return found


def _forget(image: Path) -> None:
    """
    Let the page cache drop the image, or every file of a folder.
    """
    for path in [image] if image.is_file() else image.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def as_markdown(look: Look, usages: dict[str, list[Usage]]) -> str:
    """
    The figures as the two tables of the documentation.
    """
    rows = [f"### {look.title}", "", "| work | CPU, s | wall, s | peak memory, MiB |", "|---|--:|--:|--:|"]
    for name, found in usages.items():
        figures = ([one.cpu for one in found], [one.wall for one in found])
        peak = max(one.peak for one in found) // MIB
        rows.append(f"| {name} | {_summary(figures[0])} | {_summary(figures[1])} | {peak} |")
    rows += ["", "| ratio | CPU | wall |", "|---|--:|--:|"]
    for ours, theirs in look.pairs:
        both = list(zip(usages[ours], usages[theirs], strict=True))
        ratios = [a.cpu / b.cpu for a, b in both], [a.wall / b.wall for a, b in both]
        rows.append(f"| {ours} / {theirs} | {_summary(ratios[0])} | {_summary(ratios[1])} |")
    return "\n".join(rows)


def _summary(values: Sequence[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})"

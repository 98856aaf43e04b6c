"""
A disk to look into: 4 GiB, sparse, with an ESP and a root of ext4 that holds 24,000 files, 900 MB.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

from bench.looking import DIGESTING, HASHING, INDEXING, READING, Look
from bench.measure import RunFailed

SIZE = 4 * 1024**3
FILES, CONTENT = 24_000, 900_000_000
_ESP = 1024 * 1024, 64 * 1024 * 1024
_SCRIPT = """label: gpt
start=2048, size=131072, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
start=133120, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4
"""
_ROOT = 133120 * 512


def sizes(chance: Random) -> Iterator[int]:
    """
    As a Debian root has them: most files are small, a few make up most of the bytes.
    """
    drawn = [chance.lognormvariate(8.0, 2.0) for _ in range(FILES)]
    scale = CONTENT / sum(drawn)
    yield from (int(one * scale) for one in drawn)


def make(folder: Path) -> Path:
    """
    The same disk on every machine, but for the ids that mke2fs draws.

    Raises:
        RunFailed: a program that makes it is missing or failed.
    """
    tree, disk = folder / "tree", folder / "disk.img"
    _write(tree)
    disk.touch()
    with disk.open("r+b") as file:
        file.truncate(SIZE)
    _run("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", str(disk), said=_SCRIPT)
    _run("mkfs.vfat", "-F", "16", "--offset=2048", str(disk), str(_ESP[1] // 1024))
    blocks = (SIZE - _ROOT - 1024 * 1024) // 4096
    _run("mke2fs", "-q", "-t", "ext4", "-E", f"offset={_ROOT}", "-d", str(tree), str(disk), f"{blocks * 4}k")
    return disk


def _write(tree: Path) -> None:
    chance = Random(1)
    noise = chance.randbytes(1 << 24)
    (tree / "etc").mkdir(parents=True)
    (tree / "etc/os-release").write_text("ID=debian\n")
    for number, size in enumerate(sizes(chance)):
        place = tree / f"usr/share/{number % 40}/{number % 1200}"
        place.mkdir(parents=True, exist_ok=True)
        with (place / f"file-{number}").open("wb") as file:
            for at in range(0, size, len(noise)):
                start = chance.randrange(1 << 20)
                file.write(noise[start : start + min(size - at, len(noise) - (1 << 20))])


def _run(*command: str, said: str = "") -> None:
    try:
        subprocess.run(command, input=said.encode(), capture_output=True, check=True, timeout=600)
    except FileNotFoundError:
        raise RunFailed(f"{command[0]} is not installed; scripts/setup test brings it") from None
    except subprocess.CalledProcessError as error:
        raise RunFailed(f"{command[0]}: {error.stderr.decode(errors='replace')[-500:]}") from None


DISK = Look(
    "disk",
    "A sparse disk of 4 GiB that holds 900 MB in 24,000 files",
    make,
    (READING, INDEXING, HASHING, DIGESTING),
    (("index", "read"), ("index with digests", "sha256"), ("index with digests", "read")),
)

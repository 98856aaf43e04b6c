"""
A root to look into: a tar.gz of about 300 MB with 884 MB in 24,000 members, as a Debian root has them.

Its bytes are those of the files of the machine it runs on, so that they pack as such files do.
"""

import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

from bench.looking import Look, Work
from bench.measure import RunFailed

MEMBERS, CONTENT = 24_000, 884_000_000
POOL = 256 * 1024 * 1024  # bytes of this machine's files, of which those of the tar are made
SMALLEST_POOL = 16 * 1024 * 1024

_LIST = """
import os, sys
os.execvp("sh", ["sh", "-c", 'zcat "$0" | tar t | wc -l', sys.argv[1]])
"""
_INDEX = """
import sys
from tundish.anatomy.opening import read_image
from tundish.anatomy.readable import File
with open(sys.argv[1], "rb", buffering=0) as stream:
    image = read_image(File(stream), "root.tar.gz")
    assert image.root is not None and not image.wrapping.fault
    assert all(one.digest for one in image.root if one.kind == "file")
    print(len(image.root))
"""


def make(folder: Path) -> Path:
    """
    Raises:
        RunFailed: gzip is missing or failed, or this machine has no files of its own.
    """
    tar = folder / "root.tar"
    with tarfile.open(tar, "w", format=tarfile.PAX_FORMAT) as made:
        for number, (path, data) in enumerate(files(MEMBERS, CONTENT)):
            about = tarfile.TarInfo(path)
            about.size, about.mtime, about.mode = len(data), 1_700_000_000 + number, 0o644
            made.addfile(about, io.BytesIO(data))
    try:
        subprocess.run(["gzip", "-n", "-6", str(tar)], check=True, capture_output=True, timeout=900)
    except (OSError, subprocess.SubprocessError) as error:
        raise RunFailed(f"gzip: {error}") from None
    return tar.with_name("root.tar.gz")


def files(members: int, content: int) -> Iterator[tuple[str, bytes]]:
    """
    So many files of so many bytes in all: most are small, a few make up most of the bytes.

    Raises:
        RunFailed: this machine has no files of its own.
    """
    pool, chance = _pool(), Random(1)
    drawn = [chance.lognormvariate(8.0, 2.0) for _ in range(members)]
    scale = content / sum(drawn)
    for number, one in enumerate(drawn):
        folder = f"usr/share/doc/package-{number // 8}" if number % 3 else f"etc/service-{number // 30}"
        yield f"./{folder}/file-{number}", _cut(pool, chance, int(one * scale))


def _cut(pool: bytes, chance: Random, size: int) -> bytes:
    pieces = []
    while size > 0:
        at = chance.randrange(len(pool))
        pieces.append(pool[at : at + min(size, 4 * 1024 * 1024)])
        size -= len(pieces[-1])
    return b"".join(pieces)


def _pool() -> bytes:
    pool = bytearray()
    for base in ("/usr/share", "/usr/lib"):
        limit = len(pool) + POOL // 2
        for path in sorted(Path(base).rglob("*")):
            if len(pool) >= limit:
                break
            if path.is_file() and not path.is_symlink() and path.stat().st_size < 8 * 1024 * 1024:
                pool += path.read_bytes()
    if len(pool) < SMALLEST_POOL:
        raise RunFailed("there is too little in /usr to make a root of")
    return bytes(pool)


INDEX = Look(
    "index",
    "A root of 884 MB in 24,000 members as tar.gz: the Index with every digest, against listing its names",
    make,
    (Work("zcat into tar t", _LIST), Work("index with digests", _INDEX)),
    (("index with digests", "zcat into tar t"),),
)

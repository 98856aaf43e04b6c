"""
`kill -9` in the middle of anything: the next process resumes, and nothing half-written is visible.

Each test runs a real process that kills itself at a named point; then this process looks at what is left.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tundish.core.digest import Digest
from tundish.store.blobs import Blob
from tundish.store.local import LocalStore

CONTENT = b"molten steel" * 1000
NAME = Digest.of(CONTENT)
HALF = len(CONTENT) // 2

VICTIM = """
import os, signal, stat, sys
from pathlib import Path
from tundish.core.digest import Digest
from tundish.store.local import LocalStore

CONTENT = b"molten steel" * 1000
HALF = len(CONTENT) // 2
root, point = Path(sys.argv[1]), sys.argv[2]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def sync(handle):
    if armed:
        before = "file" if stat.S_ISREG(os.fstat(handle).st_mode) else "folder"
        if point == f"before {before} sync":
            die()
        os.fsync(handle)
        if point == f"after {before} sync":
            die()

armed = False
store = LocalStore(root, sync=sync)
armed = True
if point == "add":
    store.add(chunk if number < 2 else die() for number, chunk in enumerate([CONTENT] * 3))
with store.ingest(Digest.of(CONTENT), len(CONTENT)) as coming:
    if point == "begun":
        die()
    coming.write(CONTENT[:HALF])
    if point == "half written":
        die()
    coming.write(CONTENT[HALF:])
    if point == "all written":
        die()
    coming.commit()
store.sync()
"""


def crash(root: Path, point: str) -> None:
    """
    Run a process that is killed at `point` of taking in the blob.
    """
    done = subprocess.run(
        [sys.executable, "-c", VICTIM, str(root), point], capture_output=True, check=False, timeout=60
    )
    assert (-9, b"") == (done.returncode, done.stderr)


@pytest.mark.parametrize(
    ("point", "came"),
    [
        ("begun", 0),
        ("half written", HALF),
        ("all written", len(CONTENT)),
        ("before file sync", len(CONTENT)),
        ("after file sync", len(CONTENT)),
    ],
)
def test_after_a_kill_nothing_is_visible_and_the_next_run_resumes(
    tmp_path: Path, point: str, came: int
) -> None:
    """
    The blob is not there, its lock is free, every byte that came is offered again, and the rest completes it.
    """
    crash(tmp_path, point)

    store = LocalStore(tmp_path)
    seen = list(store.walk())
    with store.ingest(NAME, len(CONTENT)) as coming:
        offered = coming.size
        coming.write(CONTENT[offered:])
        coming.commit()

    assert ([], came, [Blob(NAME, len(CONTENT))], []) == (
        seen,
        offered,
        list(store.walk()),
        list(store.unfinished()),
    )


@pytest.mark.parametrize("point", ["before folder sync", "after folder sync"])
@pytest.mark.parametrize("shard", [NAME.hex[:2], "."], ids=["known shard", "new shard"])
def test_a_kill_after_the_rename_leaves_a_whole_blob(tmp_path: Path, point: str, shard: str) -> None:
    """
    Once the blob has its name, all its bytes are there and nothing is unfinished.
    """
    (tmp_path / "blobs" / shard).mkdir(parents=True)
    crash(tmp_path, point)

    store = LocalStore(tmp_path)
    with store.open(NAME) as content:
        assert (CONTENT, []) == (content.read(), list(store.unfinished()))


def test_a_killed_add_leaves_nothing_once_the_store_is_opened(tmp_path: Path) -> None:
    """
    Nameless bytes of a killed process are swept by the next one.
    """
    crash(tmp_path, "add")
    left = list((tmp_path / "ingest").iterdir())

    LocalStore(tmp_path)

    assert (1, []) == (len(left), list((tmp_path / "ingest").iterdir()))

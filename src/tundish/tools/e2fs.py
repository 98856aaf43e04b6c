"""
debugfs and e2fsck: changes in an ext filesystem that lies in a file, without mounting it.

The clock of e2fsprogs is an argument, so the same changes give the same bytes.
"""

from pathlib import Path

from tundish.core.errors import ToolFailed
from tundish.tools.run import run

TIMEOUT = 1800.0
_BANNER = "debugfs "


def is_clean(disk: Path, offset: int) -> bool:
    """
    Whether e2fsck, which changes nothing here, has nothing to say of the filesystem at `offset`.

    Raises:
        ToolMissing, ToolFailed: e2fsck is not installed, or gave up.
    """
    words = ["e2fsck", "-fn", f"{disk.name}?offset={offset}"]
    return run(words, timeout=TIMEOUT, cwd=disk.parent, accept=range(256)).code == 0


def edit(disk: Path, offset: int, commands: str, *, epoch: int) -> None:
    """
    Carry out commands of debugfs; its own end says nothing of them, what it complains of does.

    Raises:
        ToolMissing, ToolFailed: debugfs is not installed, or a command failed; the file is spoiled then.
    """
    words = ["debugfs", "-w", "-f", "-", f"{disk.name}?offset={offset}"]
    env = {"E2FSPROGS_FAKE_TIME": str(max(1, epoch)), "DEBUGFS_PAGER": "cat"}
    text = commands.encode(errors="surrogateescape")
    said = run(words, timeout=TIMEOUT, cwd=disk.parent, stdin=text, env=env).stderr.decode(errors="replace")
    if odd := [line for line in said.splitlines() if line and not line.startswith(_BANNER)]:
        raise ToolFailed(f"debugfs could not change {disk.name}: {odd[0][:300]}", command="debugfs")

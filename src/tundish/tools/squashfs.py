"""
mksquashfs: a read-only filesystem from a tar, without unpacking it and without being root.
"""

import errno
import os
from pathlib import Path

from tundish.core.errors import NoSpace, ToolFailed
from tundish.tools.run import find, run

# zstd level 3, 286 MB of Debian root, 2 shared cores: 2.2 s for 105 MB; level 6: 4.0 s for 99 MB
LEVEL = 3
BLOCK = "128K"
TIMEOUT = 1800.0
_FULL = os.strerror(errno.ENOSPC)


def squash(tar: Path, target: Path, *, epoch: int) -> None:
    """
    Pack an uncompressed tar into `target`; nothing in it is newer than `epoch`.

    Raises:
        NoSpace: there is no room for it.
        ToolMissing, ToolFailed: mksquashfs is not installed, or fails (its last words are told).
    """
    options = ["-tar", "-comp", "zstd", "-Xcompression-level", str(LEVEL), "-b", BLOCK]
    # Of the root itself mksquashfs takes nothing from the tar: it would be open to all, and its owner's who
    # packs it. (It has options for the owner too, but forgets them where it reads a tar.)
    top = ["-root-mode", "755"]
    as_root = [] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user"]
    quiet = ["-noappend", "-no-progress", "-quiet"]
    words: list[str | Path] = [*as_root, find("mksquashfs"), "-", target, *options, *top, *quiet]
    with tar.open("rb") as stream:
        try:
            run(words, stdin=stream, timeout=TIMEOUT, env={"SOURCE_DATE_EPOCH": str(epoch)})
        except ToolFailed as error:
            if _FULL in str(error):
                raise NoSpace(str(target.parent)) from error
            raise

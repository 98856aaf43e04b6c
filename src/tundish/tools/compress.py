"""
Compressors that beat the standard library, or read what it cannot.
"""

from pathlib import Path

from tundish.tools.run import run

# pigz -1 -n, 286 MB of Debian root, 2 shared cores: 3.4 s for 111 MB; -6: 10.1 s for 103 MB
LEVEL = 1
TIMEOUT = 1800.0


def gzip_file(source: Path) -> Path:
    """
    Compress a file beside itself, without name or time in the header: the same bytes for any core count.

    Raises:
        ToolMissing, ToolFailed: pigz is not installed, or the disk is full.
    """
    target = source.with_name(source.name + ".gz")
    run(["pigz", "--no-name", f"-{LEVEL}", "--keep", "--force", source], timeout=TIMEOUT)
    return target


def unzstd(data: bytes) -> bytes:
    """
    Unpack a small zstd frame, as kernel modules of Ubuntu are.

    Raises:
        ToolMissing, ToolFailed: zstd is not installed, or the data is damaged.
    """
    return run(["zstd", "--decompress", "--stdout", "--quiet"], stdin=data, timeout=60).stdout

"""
What the first bytes of an upload tell.
"""

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable

import pytest

from tundish.check.subject import Filetype
from tundish.core.errors import InputError
from tundish.intake.naming import asked
from tundish.intake.sniffing import judge, sniff


def disk() -> bytes:
    """
    The beginning of a disk with one partition in its master boot record.
    """
    sector = bytearray(512)
    sector[446:462] = bytes([0x80, 0, 2, 0, 0x83, 0, 3, 0, 1, 0, 0, 0, 0, 8, 0, 0])
    sector[510:] = b"\x55\xaa"
    return bytes(sector) + bytes(512 * 256)


def tar(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        made.addfile(entry, io.BytesIO(content))
    return out.getvalue()


ROOT, CARRIED = tar("etc/hostname", b"lab\n"), tar("disk.img", disk())


@pytest.mark.parametrize(
    ("pack", "content", "expected"),
    [
        (gzip.compress, ROOT, "tgz"),
        (lzma.compress, ROOT, "txz"),
        (bz2.compress, ROOT, "tbz"),
        (gzip.compress, CARRIED, "ddtgz"),
        (lzma.compress, CARRIED, "ddtxz"),
        (bz2.compress, CARRIED, "ddtbz"),
        (bytes, CARRIED, "ddtar"),
        (gzip.compress, disk(), "ddgz"),
        (lzma.compress, disk(), "ddxz"),
        (bz2.compress, disk(), "ddbz2"),
        (bytes, disk(), "ddraw"),
        (bytes, b"hsqs" + bytes(1000), "squashfs"),
    ],
)
def test_every_file_type_is_known_by_its_bytes(
    pack: Callable[[bytes], bytes], content: bytes, expected: str
) -> None:
    """
    All eleven types of MAAS, and squashfs.
    """
    assert Filetype(expected) is sniff(pack(content)).filetype


def test_another_type_than_said_is_named() -> None:
    """
    The message says what it is, and what to say.
    """
    with pytest.raises(InputError, match=r"was called tgz but is a disk in gzip.*upload it as ddgz"):
        judge(gzip.compress(disk()), asked("custom/x", filetype="tgz"))


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"QFI\xfb" + bytes(2000), "qemu-img convert"),
        (ROOT, "a tar that is not packed"),
        (b"\x28\xb5\x2f\xfd" + bytes(2000), "something in zstd"),
        (b"hello" * 1000, "nothing that is known"),
        (b"", "nothing that is known"),
    ],
)
def test_what_cannot_be_deployed_is_refused(head: bytes, words: str) -> None:
    """
    The message says what it is and what to do.
    """
    with pytest.raises(InputError, match=words):
        judge(head, asked("custom/x"))


def test_a_disk_that_begins_with_nothing_is_taken_at_its_word() -> None:
    """
    Zeros at the beginning prove nothing against ddraw.
    """
    assert Filetype.DDRAW is judge(bytes(4096), asked("custom/x", filetype="ddraw"))

"""
Looking into the tar of a root filesystem, hostile ones included.
"""

import io
import tarfile
from collections.abc import Sequence

import pytest

from tests.support.roots import FILES, MODULES, tar_of
from tundish.anatomy.archive import MAX_PIECE, Archive
from tundish.core.errors import InputError, NotFound


def root(files: dict[str, bytes] | None = None, links: dict[str, str] | None = None) -> Archive:
    return Archive.read_from(tar_of(files or {}, links or {}), "a test root")


def test_a_file_is_read_through_links_to_folders_and_files() -> None:
    """
    `bin/busybox` is found in `usr/bin`.
    """
    archive = Archive.read_from(tar_of(), "a test root")

    assert FILES["usr/bin/busybox"] == archive.read("bin/busybox")


def test_an_absolute_link_stays_inside_the_root() -> None:
    """
    A link to `/etc/os` leads to the root's own file.
    """
    archive = root({"etc/os": b"ours"}, {"a/b": "/etc/os"})

    assert b"ours" == archive.read("a/b")


def test_a_link_upwards_stops_at_the_root() -> None:
    """
    `../../..` cannot leave the root.
    """
    archive = root({"etc/passwd": b"ours"}, {"x": "../../../etc/passwd"})

    assert b"ours" == archive.read("x")


def test_a_hard_link_gives_the_bytes_of_its_target() -> None:
    """
    Both names of a file can be read.
    """
    stream = tar_of({"one": b"same"}, {})
    stream.seek(0)
    with tarfile.open(fileobj=stream, mode="a") as tar:
        member = tarfile.TarInfo("./two")
        member.type, member.linkname = tarfile.LNKTYPE, "./one"
        tar.addfile(member)
    stream.seek(0)

    assert b"same" == Archive.read_from(stream, "a test root").read("two")


def test_a_circle_of_links_is_named() -> None:
    """
    Following links ends.
    """
    archive = root({}, {"a": "b", "b": "a"})

    with pytest.raises(NotFound, match="circle of links"):
        archive.read("a")


def test_a_missing_file_is_named_with_its_root() -> None:
    """
    The message says which path is missing from what.
    """
    with pytest.raises(NotFound, match="a test root has no file etc/shadow"):
        root({"etc/passwd": b""}).read("etc/shadow")


def test_a_path_out_of_the_root_is_refused() -> None:
    """
    No archive with `..` in a name is looked into.
    """
    with pytest.raises(InputError, match="leads out of it"):
        root({"../etc/passwd": b""})


def test_what_is_no_tar_is_refused() -> None:
    """
    Other bytes give an error with the archive's name.
    """
    with pytest.raises(InputError, match="a test root is not a readable tar"):
        Archive.read_from(io.BytesIO(b"no tar" * 1000), "a test root")


def test_a_tar_cut_short_in_a_file_is_refused() -> None:
    """
    Half a file is never returned.
    """
    whole = tar_of({"a": b"x" * 4096}, {}).getvalue()

    with pytest.raises(InputError):
        Archive.read_from(io.BytesIO(whole[:3000]), "a test root").read("a")


def test_the_files_below_a_folder_are_listed_in_order() -> None:
    """
    Links on the way are followed, other folders left out.
    """
    archive = Archive.read_from(tar_of(), "a test root")

    assert [f"{MODULES}/kernel/failover.ko", f"{MODULES}/kernel/loop.ko"] == list(
        archive.files_below(f"lib/{MODULES.removeprefix('usr/lib/')}/kernel")
    )[:2]


def headers(*members: tuple[bytes, bytes]) -> bytes:
    """
    A tar of headers alone, each with a kind and the twelve bytes that say its size; checksums are right.
    """
    made = []
    for kind, size in members:
        block = bytearray(tarfile.TarInfo("x").tobuf(tarfile.GNU_FORMAT))
        block[124:136], block[156:157], block[148:156] = size, kind, b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        made.append(bytes(block))
    return b"".join(made)


NEGATIVE = b"\xff" * 10 + b"\xfe\x00"  # -512: back to its own header
ENDLESS = b"\x80" + b"\xff" * 11
LONG = b"%011o\0" % (MAX_PIECE + 1)


@pytest.mark.parametrize(
    "members",
    [
        [(tarfile.REGTYPE, NEGATIVE)],
        [(tarfile.REGTYPE, ENDLESS)],
        [(tarfile.GNUTYPE_LONGNAME, LONG)],
        [(tarfile.XHDTYPE, NEGATIVE)],
        [(tarfile.GNUTYPE_LONGNAME, b"%011o\0" % 0)] * 2_000,
    ],
    ids=["round and round", "no such place", "a name of 16 MiB", "a read of everything", "names of names"],
)
def test_a_header_cannot_lead_us_on(members: Sequence[tuple[bytes, bytes]]) -> None:
    """
    Neither for ever, nor into memory, nor out of our errors.
    """
    with pytest.raises(InputError, match="is not a readable tar"):
        Archive.read_from(io.BytesIO(headers(*members) + bytes(20_000)), "a test root")


def test_a_long_file_is_read_in_pieces() -> None:
    """
    What bounds a header does not bound a file.
    """
    data = bytes(MAX_PIECE + 1)

    assert data == root({"long": data}).read("long")

"""
Packing and unpacking small bytes.
"""

import gzip
import lzma

import pytest

from tundish.anatomy import codec
from tundish.core.errors import InputError


def test_gzip_has_no_time_in_it() -> None:
    """
    Bytes 4 to 7 of the header are zero.
    """
    assert bytes(4) == codec.gzipped(b"text")[4:8]


def test_others_read_our_gzip() -> None:
    """
    The standard library unpacks it.
    """
    assert b"text" == gzip.decompress(codec.gzipped(b"text"))


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.ko", b"text"), ("a.ko.gz", gzip.compress(b"text", mtime=0)), ("a.ko.xz", lzma.compress(b"text"))],
)
def test_a_file_is_unpacked_by_its_ending(name: str, data: bytes) -> None:
    """
    Plain files stay as they are.
    """
    assert b"text" == codec.expanded(name, data)


@pytest.mark.parametrize("name", ["a.ko.gz", "a.ko.xz"])
def test_damaged_bytes_are_named(name: str) -> None:
    """
    The error says which file is damaged.
    """
    with pytest.raises(InputError, match=name):
        codec.expanded(name, b"neither")


def test_a_bomb_is_refused() -> None:
    """
    More than the bound is never unpacked.
    """
    with pytest.raises(InputError, match="longer than"):
        codec.expanded("a.gz", codec.gzipped(bytes(1001)), limit=1000)


@pytest.mark.parametrize(
    ("name", "data"), [("a.gz", gzip.compress(b"text" * 99, mtime=0)), ("a.xz", lzma.compress(b"text" * 99))]
)
def test_a_part_is_not_taken_for_the_whole(name: str, data: bytes) -> None:
    """
    Bytes that end too early are damaged, wherever they were cut.
    """
    for end in range(len(data) - 12, len(data)):
        with pytest.raises(InputError, match="is damaged"):
            codec.expanded(name, data[:end])

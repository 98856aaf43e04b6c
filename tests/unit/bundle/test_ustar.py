"""
Our headers are those that every tar reads.
"""

import io
import tarfile

import pytest

from tundish.bundle.ustar import END, header, padding, size_in

SIZES = [0, 1, 511, 512, 8**11 - 1, 8**11, 2**44]


@pytest.mark.parametrize("size", SIZES)
def test_another_tar_reads_a_header(size: int) -> None:
    """
    Python's own reader finds the name, the length and a plain file, also beyond 8 GiB.
    """
    found = tarfile.TarInfo.frombuf(header("blobs/ab", size), "ascii", "strict")

    assert ("blobs/ab", size, True, 0o644) == (found.name, found.size, found.isreg(), found.mode)


def test_another_tar_reads_a_whole_file() -> None:
    """
    Members, padding and end mark make an archive.
    """
    data = header("a", 3) + b"abc" + bytes(padding(3)) + header("b", 0) + END

    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert ["a", "b"] == tar.getnames()


@pytest.mark.parametrize(("size", "expected"), [(0, 0), (1, 511), (512, 0), (513, 511)])
def test_a_file_is_padded_to_whole_blocks(size: int, expected: int) -> None:
    """
    What follows a file begins at a multiple of 512.
    """
    assert expected == padding(size)


def test_the_size_comes_back() -> None:
    """
    A header of ours says how long its file is.
    """
    assert 1234 == size_in(header("a", 1234), "a")


@pytest.mark.parametrize(
    "found",
    [
        b"",
        bytes(512),
        header("b", 1),
        header("a", 8**11),
        header("a", 1)[:-1] + b"x",
        header("a", 1)[:156] + b"2" + header("a", 1)[157:],
        header("a", 1).replace(b"00000000001", b"00000000009"),
        b"\xff" * 512,
    ],
    ids=["nothing", "zeros", "another_name", "base_256", "filled", "a_link", "no_octal", "ones"],
)
def test_any_other_header_says_nothing(found: bytes) -> None:
    """
    A header that is not byte for byte ours is none.
    """
    assert size_in(found, "a") is None

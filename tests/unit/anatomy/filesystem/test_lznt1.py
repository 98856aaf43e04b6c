import pytest
from hypothesis import given
from hypothesis import strategies as st

from tundish.anatomy.filesystem.lznt1 import unpacked
from tundish.core.errors import BadImage


def chunk(body: bytes) -> bytes:
    """
    A packed chunk with its head.
    """
    return (0xB000 | len(body) - 1).to_bytes(2, "little") + body


def test_literals_and_matches_come_out() -> None:
    """
    A match may overlap what it makes: three literals, then nine bytes from three back.
    """
    assert b"abcabcabcabc" == unpacked(chunk(b"\x08abc" + (2 << 12 | 6).to_bytes(2, "little")), 12, "x")


def test_a_match_further_on_has_more_bits_for_how_far_back() -> None:
    """
    Behind 17 bytes a token has five bits for the distance and eleven for the length.
    """
    body = b"\x00abcdefgh" + b"\x00ijklmnop" + b"\x02q" + (16 << 11 | 0).to_bytes(2, "little")

    assert b"abcdefghijklmnopqabc" == unpacked(chunk(body), 20, "x")


def test_a_chunk_that_could_not_be_packed_stands_as_it_is() -> None:
    """
    Without its flag a chunk is plain.
    """
    plain = (0x3000 | 4095).to_bytes(2, "little") + b"z" * 4096

    assert b"z" * 4096 + b"y" == unpacked(plain + chunk(b"\x00y"), 4097, "x")


def test_what_a_unit_does_not_have_is_zeros() -> None:
    """
    A unit is as long as it should be, wherever its chunks end.
    """
    assert b"a" + bytes(9) == unpacked(chunk(b"\x00a") + b"\0\0", 10, "x")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (chunk(b"\x01" + b"\x00\x10"), "leads out of its chunk"),
        (chunk(b"\x02a" + b"\xff\x0f"), "leads out of its chunk"),
        (b"\x09\xb0ab", "leads beyond the end"),
    ],
)
def test_damage_is_refused(data: bytes, says: str) -> None:
    """
    A match before the beginning or beyond 4 KiB, and a chunk that is cut, are named.
    """
    with pytest.raises(BadImage, match=says):
        unpacked(data, 4096, "x")


@given(st.binary(max_size=300), st.integers(0, 5000))
def test_whatever_comes_has_the_length_that_was_asked_for(data: bytes, size: int) -> None:
    """
    No input makes more bytes than its unit has, and only BadImage is raised.
    """
    try:
        found = len(unpacked(data, size, "x"))
    except BadImage:
        found = size

    assert size == found

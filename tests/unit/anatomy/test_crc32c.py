"""
CRC-32C.
"""

import pytest

from tundish.anatomy.crc32c import crc32c


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (b"", 0)],
)
def test_known_sums(data: bytes, expected: int) -> None:
    """
    The sums of the published examples, inverted as formats store them.
    """
    assert expected == crc32c(data) ^ 0xFFFF_FFFF


@pytest.mark.parametrize("zeros", [255, 256, 257, 1000, 65_536])
def test_zeros_at_the_end_count_like_any_bytes(zeros: int) -> None:
    """
    The short way over zeros gives what the long one gives.
    """
    expected = crc32c(b"x")
    for _ in range(zeros):
        expected = crc32c(b"\0", expected)

    assert expected == crc32c(b"x" + bytes(zeros))

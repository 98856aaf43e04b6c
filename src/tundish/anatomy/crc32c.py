"""
CRC-32C (Castagnoli), which VHDX and the newer filesystems guard their structures with.

Zeros at the end are passed in one step for each power of two of their number: most structures end in many.
"""

from functools import cache

_POLYNOMIAL = 0x82F6_3B78  # reflected
_MANY = 256  # zeros that are worth it
_ZEROS = bytes(4096)


def _row(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
    return value


_TABLE = tuple(_row(value) for value in range(256))


def crc32c(data: bytes, seed: int = 0xFFFF_FFFF) -> int:
    """
    The sum without the final inversion, so that it can go on; most formats store it inverted.
    """
    short = data[: _filled(data)].rstrip(b"\0")
    zeros = len(data) - len(short)
    if zeros < _MANY:
        short, zeros = data, 0
    table, value = _TABLE, seed
    for byte in short:
        value = table[(value ^ byte) & 0xFF] ^ value >> 8
    for power in range(zeros.bit_length()):
        if zeros >> power & 1:
            value = _applied(_past(power), value)
    return value


def _filled(data: bytes) -> int:
    """
    The length of data without whole blocks of zeros at its end, which are compared quicker than stripped.
    """
    end = len(data)
    while end >= len(_ZEROS) and data.startswith(_ZEROS, end - len(_ZEROS)):
        end -= len(_ZEROS)
    return end


@cache
def _past(power: int) -> tuple[int, ...]:
    """
    What 2**power bytes of zeros make of each single bit; the sum of any value is that of its bits.
    """
    if not power:
        return tuple(_TABLE[1 << bit & 0xFF] ^ (1 << bit) >> 8 for bit in range(32))
    before = _past(power - 1)
    return tuple(_applied(before, column) for column in before)


def _applied(columns: tuple[int, ...], value: int) -> int:
    result = 0
    for column in columns:
        if value & 1:
            result ^= column
        value >>= 1
    return result

"""
CRC-32C (Castagnoli), which VHDX and the newer filesystems guard their structures with.
"""

_POLYNOMIAL = 0x82F6_3B78  # reflected


def _row(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
    return value


_TABLE = tuple(_row(value) for value in range(256))


def crc32c(data: bytes, seed: int = 0xFFFF_FFFF) -> int:
    """
    The sum without the final inversion, so that it can go on; most formats store it inverted.
    """
    table, value = _TABLE, seed
    for byte in data:
        value = table[(value ^ byte) & 0xFF] ^ value >> 8
    return value

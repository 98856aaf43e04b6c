"""
`Packages.db` of rpm's own database: slots of 16 bytes that say where each header stands.

Numbers are little-endian. A slot points to blocks of 16 bytes; a blob has a head and a tail that repeat its
length, and both are compared.
"""

from collections.abc import Iterator
from struct import Struct

from tundish.core.errors import BadImage

MAGIC = b"RpmP"
MAX_SLOT_PAGES = 2048  # of 4 KiB: half a million packages
_HEAD, _SLOT, _BLOB, _TAIL = Struct("<4sIIIIIII"), Struct("<4sIII"), Struct("<4sIII"), Struct("<III")
_PAGE, _BLOCK = 4096, 16
_TAIL_MAGIC = int.from_bytes(b"BlbE", "little")


def blobs(data: bytes) -> Iterator[bytes]:
    """
    The headers that the database holds.

    Raises:
        BadImage: it is no such database, or is damaged.
    """
    if len(data) < _HEAD.size or not data.startswith(MAGIC):
        raise BadImage("not a package database of rpm: its first bytes are others")
    version, pages = _HEAD.unpack_from(data)[1], _HEAD.unpack_from(data)[3]
    end = pages * _PAGE
    if version != 0 or not 0 < pages <= MAX_SLOT_PAGES or end > len(data):
        raise BadImage(f"a package database of rpm has version {version} and {pages} pages of slots")
    taken = 0
    for magic, number, block, count in _SLOT.iter_unpack(data[_HEAD.size : end]):
        if magic != b"Slot":
            raise BadImage("a slot of rpm's package database is damaged")
        if block:
            taken += count * _BLOCK
            if taken > len(data):
                raise BadImage("packages of rpm's database lie over each other")
            yield _blob(data, number, block * _BLOCK, count * _BLOCK)


def _blob(data: bytes, number: int, at: int, room: int) -> bytes:
    if at + room > len(data) or room < _BLOB.size + _TAIL.size:
        raise BadImage(f"package {number} of rpm's database leads beyond its end")
    magic, owner, _, length = _BLOB.unpack_from(data, at)
    if magic != b"BlbS" or owner != number or length > room - _BLOB.size - _TAIL.size:
        raise BadImage(f"the head of package {number} in rpm's database is damaged")
    _, again, ending = _TAIL.unpack_from(data, at + room - _TAIL.size)
    if again != length or ending != _TAIL_MAGIC:
        raise BadImage(f"the end of package {number} in rpm's database is damaged")
    return data[at + _BLOB.size : at + _BLOB.size + length]

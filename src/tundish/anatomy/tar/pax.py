"""
The records of an extended header: `LENGTH KEY=VALUE` with a newline, binary values allowed.
"""

import binascii
from collections.abc import Iterator, Mapping
from urllib.parse import unquote_to_bytes

from tundish.anatomy.tar.header import MAX_NUMBER
from tundish.core.errors import BadImage

MAX_RECORDS = 1024 * 1024  # bytes of one extended header; an attribute has 64 KiB at most
MAX_XATTRS = 256 * 1024  # bytes of all attributes of one member

Records = Mapping[str, bytes]

_XATTR, _ENCODED_XATTR = "SCHILY.xattr.", "LIBARCHIVE.xattr."
_OTHERS = {
    "RHT.security.selinux": "security.selinux",
    # as text, where the kernel has it in binary; its name says so
    "SCHILY.acl.access": "SCHILY.acl.access",
    "SCHILY.acl.default": "SCHILY.acl.default",
}


def pairs(data: bytes, at: int) -> Iterator[tuple[str, bytes]]:
    """
    The records in their order; a key may come more than once.

    Raises:
        BadImage: a record is not of the form, or leads out of the header.
    """
    place = 0
    while place < len(data) and data[place]:
        space = data.find(b" ", place, place + 20)
        digits = data[place:space] if space > 0 else b""
        end = place + int(digits) if digits.isdigit() else 0
        key, equals, value = data[space + 1 : end - 1].partition(b"=")
        if not space < end <= len(data) or data[end - 1 : end] != b"\n" or not equals:
            raise BadImage(f"the extended header of the tar at {at} has no record at its byte {place}")
        yield key.decode("utf-8", "surrogateescape"), value
        place = end


def whole(records: Records, key: str, otherwise: int, lowest: int = 0) -> int:
    """
    The whole part of a number, which may have a fraction.

    Raises:
        BadImage: it is no number, or not within its bounds.
    """
    text = records.get(key, b"")
    if not text:
        return otherwise
    digits, _, fraction = text.partition(b".")
    is_negative = digits.startswith(b"-")
    if not digits[is_negative:].isdigit() or len(digits) > 20 or (fraction and not fraction.isdigit()):
        raise BadImage(f"the {key} of a member of the tar is {text[:40]!r}, which is no number")
    value = int(digits) - (1 if is_negative and fraction.strip(b"0") else 0)
    if not lowest <= value <= MAX_NUMBER:
        raise BadImage(f"the {key} of a member of the tar is {value}")
    return value


def xattrs(records: Records) -> tuple[tuple[str, bytes], ...]:
    """
    The extended attributes, sorted by name; what both families of keys say counts once.

    Raises:
        BadImage: they are longer than any file's can be.
    """
    found: dict[str, bytes] = {}
    for key, value in records.items():
        if key.startswith(_XATTR):
            found[key.removeprefix(_XATTR).replace("%3D", "=").replace("%25", "%")] = value
        elif key.startswith(_ENCODED_XATTR):
            name = unquote_to_bytes(key.removeprefix(_ENCODED_XATTR)).decode("utf-8", "surrogateescape")
            found.setdefault(name, _decoded(value))
        elif key in _OTHERS:
            found.setdefault(_OTHERS[key], value.rstrip(b"\0"))
    if sum(len(name) + len(value) for name, value in found.items()) > MAX_XATTRS:
        raise BadImage(f"a member of the tar has more than {MAX_XATTRS} bytes of extended attributes")
    return tuple(sorted(found.items()))


def _decoded(value: bytes) -> bytes:
    try:
        return binascii.a2b_base64(value + b"=" * (-len(value) % 4))  # written without padding
    except binascii.Error:
        return value

"""
The keys we believe, in the one form that verifiers read: binary OpenPGP packets.

People hand over binary, armoured or base64 files; all become the same bytes here, once, on entry. Only
the frame of the packets is looked at; what a key is worth, the verifier says.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator

from tundish.core.errors import InputError

MAX_KEYRING = 1024 * 1024

_BLOCK = re.compile(
    rb"^-----BEGIN PGP PUBLIC KEY BLOCK-----[ \t]*\r?\n(.*?)^-----END PGP PUBLIC KEY BLOCK-----",
    re.MULTILINE | re.DOTALL,
)
_ARMOUR = re.compile(rb"^-----BEGIN PGP ", re.MULTILINE)
_SECRET_ARMOUR = b"-----BEGIN PGP PRIVATE KEY BLOCK-----"
_HELP = "give a public key as `gpg --export` writes it (binary, --armor, or base64)"

# RFC 4880 §4.3: what may stand in a transferable public key
_PUBLIC_KEY = 6
_SECRET = frozenset({5, 7})
_ALLOWED = frozenset({2, _PUBLIC_KEY, 12, 13, 14, 17})


def normalise(data: bytes) -> bytes:
    """
    A keyring in any of its forms, as binary packets.

    Raises:
        InputError: it is no public keyring.
    """
    if not data.strip():
        raise InputError(f"the keyring is empty; {_HELP}")
    if len(data) > MAX_KEYRING:
        raise InputError(f"the keyring is over {MAX_KEYRING} bytes; {_HELP}")
    if _SECRET_ARMOUR in data:
        raise InputError("this holds a secret key, give the public one (`gpg --export --armor`)")
    binary = data if data[0] & 0x80 else _decoded(data)
    tags = [tag for tag, _ in packets(binary)]
    if _SECRET.intersection(tags):
        raise InputError("this holds a secret key, give the public one (`gpg --export`)")
    if tags[:1] != [_PUBLIC_KEY] or not _ALLOWED.issuperset(tags):
        raise InputError(f"this is not a public keyring; {_HELP}")
    return binary


def fingerprints(keyring: bytes) -> tuple[str, ...]:
    """
    The primary keys of a normalised keyring, as upper-case hexadecimal; only the common version 4 is known.
    """
    bodies = [body for tag, body in packets(keyring) if tag == _PUBLIC_KEY and body[:1] == b"\x04"]
    return tuple(fingerprint(body) for body in bodies)


def fingerprint(body: bytes) -> str:
    """
    The name of a version 4 key, from the body of its packet.
    """
    # RFC 4880 §12.2 names keys by SHA-1; nothing is trusted because of it here.
    framed = b"\x99" + len(body).to_bytes(2, "big") + body
    return hashlib.sha1(framed, usedforsecurity=False).hexdigest().upper()


def _decoded(data: bytes) -> bytes:
    if _ARMOUR.search(data):
        blocks = [_dearmoured(found.group(1)) for found in _BLOCK.finditer(data)]
        if not blocks:
            raise InputError(f"this is not a public key; {_HELP}")
        return b"".join(blocks)
    inner = _base64(b"".join(data.split()))
    if _SECRET_ARMOUR in inner:
        raise InputError("this holds a secret key, give the public one (`gpg --export --armor`)")
    return _decoded(inner) if _ARMOUR.search(inner) else inner


def _dearmoured(block: bytes) -> bytes:
    """
    The packets of one armoured block: headers, an empty line, base64, and a checksum that may be absent.
    """
    lines = [line.strip() for line in block.splitlines()]
    body = lines[lines.index(b"") + 1 :] if b"" in lines else lines
    checksum = next((line for line in body if line.startswith(b"=") and len(line) == 5), None)
    binary = _base64(b"".join(line for line in body if line != checksum))
    if checksum is not None and _base64(checksum[1:]) != _crc24(binary):
        raise InputError("the armoured key is damaged (its checksum does not fit); copy it again")
    return binary


def _base64(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise InputError(f"this is not a public key; {_HELP}") from None


def _crc24(data: bytes) -> bytes:
    """
    The checksum of RFC 4880 §6.1.
    """
    crc = 0xB704CE
    for octet in data:
        crc ^= octet << 16
        for _ in range(8):
            crc = (crc << 1) ^ (0x864CFB if crc & 0x800000 else 0)
            crc &= 0xFFFFFF
    return crc.to_bytes(3, "big")


def packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """
    Tag and body of each packet. Keys have definite lengths, so partial ones are refused.
    """
    place = 0
    while place < len(data):
        tag, start, length = _frame(data, place)
        if start + length > len(data):
            raise InputError(f"the keyring is cut short; {_HELP}")
        yield tag, data[start : start + length]
        place = start + length


def _frame(data: bytes, place: int) -> tuple[int, int, int]:
    """
    Of the packet at `place`: its tag, where its body starts and how long it is (RFC 4880 §4.2).
    """
    first = data[place]
    if not first & 0x80:
        raise InputError(f"this is not a public keyring; {_HELP}")
    head = data[place + 1 : place + 6]
    if first & 0x40:
        tag, octets = first & 0x3F, _new_length(head)
    else:
        tag, octets = (first >> 2) & 0x0F, {0: (0, 1), 1: (0, 2), 2: (0, 4)}.get(first & 3)
    if octets is None or sum(octets) > len(head):
        raise InputError(f"this is not a public keyring; {_HELP}")
    skip, width = octets
    length = int.from_bytes(head[skip : skip + width], "big")
    if first & 0x40 and width == 2:
        length = ((head[0] - 192) << 8) + head[1] + 192
    return tag, place + 1 + skip + width, length


def _new_length(head: bytes) -> tuple[int, int] | None:
    """
    Octets to skip and octets of length, for a packet of the new form; None for a partial length.
    """
    if not head or 224 <= head[0] < 255:
        return None
    if head[0] == 255:
        return 1, 4
    return (0, 2) if head[0] >= 192 else (0, 1)

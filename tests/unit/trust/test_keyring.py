"""
Keyrings in every form that people hand over.
"""

import base64
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tundish.core.errors import InputError
from tundish.trust.keyring import MAX_KEYRING, fingerprints, normalise

# A public key of version 4 and a user id, framed as packets; no program is needed to read a frame.
KEY_BODY = bytes.fromhex("04 5e0be100 16") + b"any key material"
BINARY = b"\x98" + bytes([len(KEY_BODY)]) + KEY_BODY + b"\xb4\x04acme"
NEW_FORM = b"\xc6" + bytes([len(KEY_BODY)]) + KEY_BODY + b"\xcd\xc0\x00" + b"x" * 192
LONG_FORM = b"\xc6\xff\x00\x00\x00" + bytes([len(KEY_BODY)]) + KEY_BODY
SECRET = b"\x94" + bytes([len(KEY_BODY)]) + KEY_BODY


def armoured(packets: bytes, *, checksum: str = "", kind: str = "PUBLIC", newline: str = "\n") -> bytes:
    body = textwrap.wrap(base64.b64encode(packets).decode(), 64)
    lines = [f"-----BEGIN PGP {kind} KEY BLOCK-----", "Comment: acme", "", *body, checksum]
    return newline.join([*filter(None, lines[:2]), "", *filter(None, lines[3:])]).encode() + (
        f"{newline}-----END PGP {kind} KEY BLOCK-----{newline}".encode()
    )


@pytest.mark.parametrize(
    "data",
    [
        BINARY,
        armoured(BINARY),
        armoured(BINARY, newline="\r\n"),
        b"some words before\n" + armoured(BINARY) + b"and after",
        base64.b64encode(BINARY),
        base64.encodebytes(BINARY) + b"\n",
        base64.b64encode(armoured(BINARY)),
    ],
)
def test_every_form_becomes_the_same_bytes(data: bytes) -> None:
    """
    Binary, armoured, base64, and base64 of armoured.
    """
    assert BINARY == normalise(data)


@pytest.mark.parametrize("packets", [NEW_FORM, LONG_FORM])
def test_packets_of_the_new_form_are_read_as_well(packets: bytes) -> None:
    """
    Lengths of one, two and five octets.
    """
    assert packets == normalise(packets)


def test_several_armoured_keys_become_one_keyring() -> None:
    """
    Blocks are joined in their order.
    """
    assert BINARY + NEW_FORM == normalise(armoured(BINARY) + armoured(NEW_FORM))


@pytest.mark.parametrize(
    "data",
    [
        SECRET,
        BINARY + SECRET,
        armoured(SECRET, kind="PRIVATE"),
        armoured(SECRET),
        base64.b64encode(SECRET),
        base64.b64encode(armoured(SECRET, kind="PRIVATE")),
    ],
)
def test_a_secret_key_is_refused(data: bytes) -> None:
    """
    Nobody should hand us a secret key, and the message says so.
    """
    with pytest.raises(InputError, match="this holds a secret key, give the public one"):
        normalise(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n",
        b"not a key",
        b"AAAA",
        BINARY[:-1],
        BINARY + b"\x00",
        b"\xb4\x04acme",
        b"\xc6\xe1x",
        b"\x9b" + KEY_BODY,
        b"\xc6",
        armoured(BINARY, checksum="=AAAA"),
        armoured(BINARY, kind="FOREIGN"),
        b"\x80" * (MAX_KEYRING + 1),
    ],
)
def test_what_is_no_keyring_is_refused(data: bytes) -> None:
    """
    Rubbish, cut, damaged or too long: an input error each.
    """
    with pytest.raises(InputError):
        normalise(data)


@settings(deadline=None, database=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_keyring_or_an_input_error(data: bytes) -> None:
    """
    No bytes break the reader.
    """
    try:
        assert normalise(data)
    except InputError:
        assert True


def test_the_fingerprint_is_that_of_the_standard() -> None:
    """
    SHA-1 over 0x99, two octets of length, and the key's packet.
    """
    assert (40, 1) == (len(fingerprints(BINARY)[0]), len(fingerprints(BINARY)))

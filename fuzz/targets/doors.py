"""
What clients send to MAAS's door before anybody knows who they are.
"""

from tests.support.maas_cli import BOUNDARY, multipart, part, signature

from fuzz.target import KIB, target, text
from tundish.compat import form, oauth, pieces
from tundish.compat import multipart as reader
from tundish.core.errors import InputError

_TYPE = f'multipart/form-data; boundary="{BOUNDARY}"'
_WORDS = (
    b"--" + BOUNDARY.encode(),
    b"--\r\n",
    b"\r\n\r\n",
    b'Content-Disposition: form-data; name="',
    b"Content-Transfer-Encoding: base64",
    b'; filename="',
)


def _forms() -> tuple[bytes, ...]:
    some = [part("os", b"ubuntu"), part("arches", b"amd64"), part("keyring_data", b"\x99\0", is_file=True)]
    return (multipart(some)[1], multipart([])[1], multipart(some[:1])[1])


@target(InputError, seeds=_forms, words=_WORDS)
def forms_in_parts(data: bytes) -> None:
    """
    A form of many parts is read within its bounds, or refused.
    """
    found = reader.parts(_TYPE, data)
    assert len(found) <= reader.MOST_PARTS
    assert sum(len(each.value) for each in found) <= len(data)


@target(
    InputError,
    seeds=lambda: (
        f"{_TYPE}\n".encode() + _forms()[0],
        b"application/json\n" + b'{"os": "ubuntu", "arches": ["amd64"], "priority": 3}',
        b"application/x-www-form-urlencoded\nos=ubuntu&arches=amd64&arches=arm64",
    ),
    words=(b"=", b"&", b"%41", b"{", b"[", b'": ', *_WORDS),
)
def forms(data: bytes) -> None:
    """
    A body of any type is a form or is refused, and so is each field of it.
    """
    kind, _, body = data.partition(b"\n")
    found = form.of_body(text(kind), body)
    for name, _ in found.pairs[:20]:
        found.texts(name)
        faults = form.Faults()
        with faults.of(name):
            found.number(name)
        with faults.of(name):
            found.flag(name)


@target(
    InputError,
    seeds=lambda: (
        signature("consumer:token:secret", nonce="nonce", at=1).encode(),
        signature("consumer:token:secret", nonce="nonce", at=1, realm="MAAS API").encode(),
        b"oauth_consumer_key=a&oauth_token=b&oauth_signature=%26c&oauth_nonce=n&oauth_timestamp=1",
        b"bytes 5-9/10",
    ),
    longest=8 * KIB,
    words=(b"OAuth ", b"oauth_", b'="', b'", ', b"%26", b"%", b"&"),
)
def signatures(data: bytes) -> None:
    """
    A header or a query names a signer, or nobody.
    """
    word = text(data)
    for found in (oauth.signed(word, ()), oauth.signed("", oauth.fields(word))):
        assert found is None or (found.consumer and found.key)
    pieces.content_range(word)

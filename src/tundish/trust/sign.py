"""
What may be signed, and the proof that what was signed is what was meant.

A signing program cuts long lines and drops trailing blanks without failing, so a text that it could
change is refused before, and the result is verified and compared after.
"""

from datetime import datetime

from tundish.core.errors import BadSignature, InputError
from tundish.core.payload import Signature
from tundish.trust import clearsign
from tundish.trust.protocols import Signer, Verifier

MAX_LINE = 19_000  # bytes; gpg cuts lines at 19,995 and still reports success

_HASH_HEADERS = (b"Hash: SHA256\n", b"Hash: SHA384\n", b"Hash: SHA512\n")


def signed(text: bytes, *, signer: Signer, verifier: Verifier, now: datetime) -> bytes:
    """
    The text as a clearsigned message that every known client reads; see `proven`.
    """
    return proven(text, signer=signer, verifier=verifier, now=now)[0]


def proven(
    text: bytes, *, signer: Signer, verifier: Verifier, now: datetime
) -> tuple[bytes, Signature | None]:
    """
    The text as a clearsigned message, and the signature that it carries.

    Raises:
        InputError: a line of the text would not come back as it is.
        TrustError: what the signer made does not prove to be this text by this key.
        ToolFailed: the signing program failed.
    """
    _refuse_what_would_change(text)
    message = signer.clearsign(text)
    _prove_form(message)
    payload = clearsign.verify(
        message,
        keyring=signer.keyring(),
        verifier=verifier,
        now=now,
        origin="the document just signed",
        allowed=frozenset({signer.fingerprint}),
    )
    if payload.text != text:
        raise BadSignature("the signer changed the text; nothing was published")
    return message, payload.signature


def _refuse_what_would_change(text: bytes) -> None:
    if not text.endswith(b"\n") or text.endswith(b"\n\n"):
        raise InputError("a text to be signed must end with exactly one line feed")
    for number, line in enumerate(text.split(b"\n"), start=1):
        if len(line) > MAX_LINE:
            raise InputError(f"line {number} has {len(line)} bytes; at most {MAX_LINE} can be signed")
        if b"\r" in line:
            raise InputError(f"line {number} has a carriage return, which signing would change")
        if line.endswith((b" ", b"\t")):
            raise InputError(f"line {number} ends with a blank, which signing would drop")
        if line.startswith(b"-"):
            raise InputError(f"line {number} starts with '-', which some clients read wrongly once signed")


def _prove_form(message: bytes) -> None:
    """
    Some clients take the first blank line as the start of the text and know one Hash line only.
    """
    head, _, _ = message.partition(b"\n\n")
    expected = {b"-----BEGIN PGP SIGNED MESSAGE-----\n" + line for line in _HASH_HEADERS}
    if head + b"\n" not in expected:
        raise BadSignature("the signer did not write exactly one Hash header; nothing was published")

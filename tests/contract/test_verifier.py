"""
What gpgv says, and what `clearsign.verify` makes of it: every way to lie in a signed document.
"""

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.keys import Key, expired_key, gpg_sign, key, revoked_keyring
from tundish.core.errors import BadSignature, Expired, TrustError, UnknownSigner, Unsigned
from tundish.core.payload import Payload
from tundish.tools.gpg import Gpgv
from tundish.trust import clearsign

pytestmark = pytest.mark.skipif(
    shutil.which("gpgv") is None or shutil.which("gpg") is None, reason="gpg and gpgv are not installed"
)

TEXT = b'{\n "format": "index:1.0"\n}\n'
NOW = datetime.now(UTC)


def verify(document: bytes, keyring: bytes | None = None, allowed: frozenset[str] = frozenset()) -> Payload:
    keyring = key().keyring if keyring is None else keyring
    return clearsign.verify(
        document, keyring=keyring, verifier=Gpgv(), now=NOW, origin="the index of acme", allowed=allowed
    )


def signed(text: bytes = TEXT) -> bytes:
    return key().signer().clearsign(text)


def test_a_good_document_gives_the_text_that_was_signed() -> None:
    """
    Text in, the same text out.
    """
    assert TEXT == verify(signed()).text


def test_the_signer_is_reported() -> None:
    """
    The payload names the key that signed.
    """
    signature = verify(signed()).signature

    assert signature is not None
    assert key().fingerprint == signature.fingerprint == signature.primary


def test_the_end_of_a_signature_is_reported() -> None:
    """
    A signature with an expiry says when it ends.
    """
    signature = verify(key().signer(expires_days=3).clearsign(TEXT)).signature

    assert signature is not None
    assert signature.expires_at is not None
    assert timedelta(days=3) == signature.expires_at - signature.made_at


def test_the_text_is_what_the_verifier_emits_and_not_the_armour() -> None:
    """
    A dash-escaped line comes back without its escape.
    """
    assert b"- a\n" == verify(signed(b"- a\n")).text


def test_text_around_the_armour_is_dropped_unread() -> None:
    """
    Nothing before or after the signed message reaches the payload.
    """
    document = b'{"format": "evil"}\n' + signed() + b'{"format": "evil"}\n'

    assert TEXT == verify(document).text


def test_binary_before_the_armour_does_not_reach_the_verifier() -> None:
    """
    A compressed OpenPGP packet in front of the message is not unpacked.
    """
    packet = gpg_sign(b"0" * 100_000, [], ["--store"])

    assert TEXT == verify(packet + b"\n" + signed()).text


def test_two_signatures_of_which_one_is_ours_are_good() -> None:
    """
    A source may sign with an old and a new key at once; knowing one is enough.
    """
    assert TEXT == verify(gpg_sign(TEXT, [key("other"), key()])).text


def test_two_signatures_in_the_other_order_are_good() -> None:
    """
    The order of the two signatures does not matter.
    """
    assert TEXT == verify(gpg_sign(TEXT, [key(), key("other")])).text


def test_only_an_allowed_key_of_the_keyring_counts() -> None:
    """
    With fingerprints given, a good signature by another key of the keyring is refused.
    """
    with pytest.raises(UnknownSigner, match="not among the keys allowed"):
        verify(signed(), allowed=frozenset({key("other").fingerprint}))


def test_an_allowed_key_is_found_beside_another() -> None:
    """
    Of two good signatures the allowed one is taken.
    """
    both = key().keyring + key("other").keyring
    allowed = frozenset({key("other").fingerprint})
    payload = verify(gpg_sign(TEXT, [key(), key("other")]), keyring=both, allowed=allowed)

    assert payload.signature is not None
    assert key("other").fingerprint == payload.signature.primary


def tampered() -> bytes:
    return signed().replace(b"index:1.0", b"index:1.1")


def two_messages() -> bytes:
    return signed() + signed()


def foreign_message_first() -> bytes:
    return key("other").signer().clearsign(b"{}\n") + signed()


def without_hash_header() -> bytes:
    return signed().replace(b"Hash: SHA512\n", b"")


def with_wrong_hash_header() -> bytes:
    return signed().replace(b"Hash: SHA512\n", b"Hash: SHA256\n")


def without_its_end() -> bytes:
    return signed().partition(b"-----END")[0]


def without_its_signature() -> bytes:
    return signed().partition(b"-----BEGIN PGP SIGNATURE")[0]


def in_mid_text() -> bytes:
    return signed()[:60]


def with_an_inline_message_behind() -> bytes:
    return signed() + gpg_sign(b"{}\n", [key()], ["--armor", "--sign"])


def with_a_bomb_for_a_signature() -> bytes:
    bomb = gpg_sign(b"0" * 10_000_000, [], ["--armor", "--store"])
    body = re.sub(rb"-----[A-Z ]+-----\n", b"", bomb)
    return re.sub(rb"(?s)(GNATURE-----\n).*(-----END)", rb"\1" + body + rb"\2", signed())


def with_a_weak_hash() -> bytes:
    return gpg_sign(TEXT, [key()], ["--digest-algo", "SHA1", "--clearsign"])


def with_a_cut_line() -> bytes:
    return key().signer().clearsign(b"0123456789" * 1900 + b"\n").replace(b"0123456789\n", b"\n")


@pytest.mark.parametrize(
    "lie",
    [
        tampered,
        two_messages,
        foreign_message_first,
        without_hash_header,
        with_wrong_hash_header,
        without_its_signature,
        in_mid_text,
        with_an_inline_message_behind,
        with_a_bomb_for_a_signature,
        with_a_weak_hash,
        with_a_cut_line,
    ],
)
def test_a_malformed_message_is_refused(lie: Callable[[], bytes]) -> None:
    """
    Each way to change a signed message, or to put more than one text into it, is a bad signature.
    """
    with pytest.raises(BadSignature, match="the index of acme"):
        verify(lie())


def test_a_message_without_its_last_line_gives_the_signed_text_or_nothing() -> None:
    """
    Losing the closing line of the armour cannot change the text.
    """
    try:
        text = verify(without_its_end()).text
    except TrustError:
        text = TEXT

    assert TEXT == text


@pytest.mark.parametrize("document", [TEXT, b"", b"\x00\xff", b"-----BEGIN PGP SIGNED MESSAGE"])
def test_what_is_not_signed_is_refused(document: bytes) -> None:
    """
    A stripped signature is told from a bad one, and the message says what the choices are.
    """
    with pytest.raises(Unsigned, match="the index of acme is not signed"):
        verify(document)


def test_a_plain_signed_message_is_not_a_clearsigned_one() -> None:
    """
    An OpenPGP message of another kind is refused without being unpacked.
    """
    with pytest.raises(Unsigned):
        verify(gpg_sign(TEXT, [key()], ["--armor", "--sign"]))


def test_a_foreign_key_is_refused_by_name() -> None:
    """
    The error names the key that signed, so that it can be looked up.
    """
    with pytest.raises(UnknownSigner, match=key("other").fingerprint[-16:]):
        verify(key("other").signer().clearsign(TEXT))


@pytest.mark.parametrize("keyring", [b"", b"garbage", b"\x99"])
def test_a_useless_keyring_knows_nobody(keyring: bytes) -> None:
    """
    With a keyring that holds no keys, no signer is known.
    """
    with pytest.raises(UnknownSigner):
        verify(signed(), keyring=keyring)


def test_an_expired_signature_is_refused() -> None:
    """
    gpgv calls it valid as well; we do not.
    """
    lapsed = key().signer(expires_days=1, at=datetime(2020, 2, 1, tzinfo=UTC)).clearsign(TEXT)

    with pytest.raises(Expired, match="the index of acme: its signature has expired"):
        verify(lapsed)


def test_a_signature_by_a_key_that_has_since_expired_is_refused() -> None:
    """
    gpgv exits with 0 for it; we go by its status.
    """
    old: Key = expired_key()
    document = old.signer(at=datetime(2020, 1, 10, tzinfo=UTC)).clearsign(TEXT)

    with pytest.raises(Expired, match="the key that signed it has expired"):
        verify(document, keyring=old.keyring)


def test_a_signature_by_a_revoked_key_is_refused() -> None:
    """
    A keyring that carries a key's revocation ends the trust in it.
    """
    with pytest.raises(Expired, match="revoked"):
        verify(signed(), keyring=revoked_keyring(key()))


def test_a_signature_from_the_future_is_refused() -> None:
    """
    A date a month ahead is a wrong clock on one of both sides.
    """
    early = key().signer(at=NOW + timedelta(days=30)).clearsign(TEXT)

    with pytest.raises(TrustError):
        verify(early)


def test_the_persons_own_keys_are_not_looked_at(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A key in the user's GnuPG folder does not make a signature good.
    """
    home = tmp_path_factory.mktemp("gnupg")
    home.chmod(0o700)
    (home / "trustedkeys.gpg").write_bytes(key("other").keyring)
    monkeypatch.setenv("GNUPGHOME", str(home))

    with pytest.raises(UnknownSigner):
        verify(key("other").signer().clearsign(TEXT))

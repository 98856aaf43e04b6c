"""
When keys expire, by their own words.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.keys import MADE_AT, expired_key, key
from tundish.core.errors import InputError
from tundish.tools.gpg import GpgSigner, generate_key
from tundish.tools.run import run
from tundish.trust.expiry import expiries


def test_a_key_without_an_end_has_none() -> None:
    """
    A key that lives for ever is not listed.
    """
    assert {} == expiries(key().keyring)


def test_a_key_ends_when_its_owner_said() -> None:
    """
    A key made for 30 days ends 30 days after it was made.
    """
    expired = expired_key()

    assert {expired.fingerprint: MADE_AT + timedelta(days=30)} == expiries(expired.keyring)


def test_every_key_of_a_keyring_is_looked_at() -> None:
    """
    Keys stand behind each other in a keyring, each with its own end.
    """
    expired = expired_key()
    ring = key().keyring + expired.keyring + key("other").keyring

    assert [expired.fingerprint] == list(expiries(ring))


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gpg")
    folder.chmod(0o700)
    return folder


def test_the_newest_word_counts(home: Path, tmp_path: Path) -> None:
    """
    A key whose life was prolonged ends at the later date.
    """
    secret = tmp_path / "secret.key"
    name = generate_key(secret, "prolonged", at=MADE_AT, valid_days=30)
    at = MADE_AT + timedelta(days=10)
    gpg: list[str | Path] = [
        "gpg",
        "--batch",
        "--homedir",
        home,
        "--faked-system-time",
        at.strftime("%Y%m%dT%H%M%S"),
    ]
    run([*gpg, "--quiet", "--import"], stdin=secret.read_bytes(), timeout=30)
    run([*gpg, "--quick-set-expire", name, "100d"], timeout=30)
    ring = run([*gpg, "--export", name], timeout=30).stdout
    run(["gpgconf", "--homedir", home, "--kill", "all"], timeout=30)

    assert {name: at + timedelta(days=100)} == expiries(ring)


def test_what_is_no_keyring_is_refused() -> None:
    """
    Bytes that are no packets are refused as everywhere else.
    """
    with pytest.raises(InputError):
        expiries(b"no keyring")


@settings(max_examples=200, deadline=None, database=None)
@given(st.data())
def test_a_bent_keyring_is_read_or_refused(data: st.DataObject) -> None:
    """
    Whatever byte of a keyring is changed, reading it ends in ends of keys or in an InputError.
    """
    ring = bytearray(expired_key().keyring)
    ring[data.draw(st.integers(0, len(ring) - 1))] = data.draw(st.integers(0, 255))

    try:
        found = expiries(bytes(ring))
    except InputError:
        return
    assert all(end >= datetime(1970, 1, 1, tzinfo=UTC) for end in found.values())


def test_a_signer_and_its_keyring_agree(tmp_path: Path) -> None:
    """
    The end of a key is found in the keyring that its own signer hands out.
    """
    secret = tmp_path / "secret.key"
    name = generate_key(secret, "agreed", at=MADE_AT, valid_days=5000)

    assert {name: MADE_AT + timedelta(days=5000)} == expiries(GpgSigner(secret).keyring())

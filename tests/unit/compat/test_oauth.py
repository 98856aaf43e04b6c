"""
Who signed a request, as MAAS's clients say it.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.maas_cli import signature
from tundish.compat import oauth
from tundish.compat.oauth import Signed
from tundish.core.errors import InputError

KEY = "consumer:token:secret"
SIGNED = Signed("consumer", "token", "secret", "nonce", 1700000000)
FIELDS = {
    "oauth_consumer_key": "consumer",
    "oauth_token": "token",
    "oauth_signature": "&secret",
    "oauth_signature_method": "PLAINTEXT",
    "oauth_timestamp": "1700000000",
    "oauth_nonce": "nonce",
}


def header(realm: str = "") -> str:
    return signature(KEY, nonce="nonce", at=1700000000, realm=realm)


@pytest.mark.parametrize(
    "authorization",
    [
        header(),
        header(realm="MAAS API"),
        header().replace(", ", ","),
        header().replace("OAuth", "oauth"),
        header().replace(", ", " ,  "),
    ],
)
def test_a_header_names_its_signer(authorization: str) -> None:
    """
    Order, spaces, a realm and the case of the scheme change nothing.
    """
    assert SIGNED == oauth.signed(authorization, ())


def test_fields_name_a_signer_too() -> None:
    """
    The parameters may stand in the query or in a form.
    """
    assert SIGNED == oauth.signed("", FIELDS.items())


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_what_is_incomplete_is_unsigned(name: str) -> None:
    """
    Every parameter but the version is needed.
    """
    assert oauth.signed("", {**FIELDS, name: ""}.items()) is None


@pytest.mark.parametrize("method", ["HMAC-SHA1", "RSA-SHA1", "plaintext"])
def test_other_methods_are_unsigned(method: str) -> None:
    """
    No image client uses another than PLAINTEXT.
    """
    assert oauth.signed("", {**FIELDS, "oauth_signature_method": method}.items()) is None


@pytest.mark.parametrize("text", ["", "Bearer td_a_b", "OAuth", "OAuth x", 'OAuth realm="x"', "Basic eDp5"])
def test_other_headers_are_unsigned(text: str) -> None:
    """
    A header of another kind says nothing of a signer.
    """
    assert oauth.signed(text, ()) is None


@pytest.mark.parametrize("text", ["soon", "1.5", "-1", "1" * 13, "٣"])
def test_a_time_is_a_number(text: str) -> None:
    """
    Anything else is an error of its own: MAAS answers it with 400.
    """
    with pytest.raises(InputError, match="timestamp"):
        oauth.signed("", {**FIELDS, "oauth_timestamp": text}.items())


@pytest.mark.parametrize("text", ["secret", "other&secret", "%26secret"])
def test_a_signature_has_no_consumer_secret(text: str) -> None:
    """
    What is not an ampersand and a secret fits no token.
    """
    expected = Signed("consumer", "token", "", "nonce", 1700000000)

    assert expected == oauth.signed("", {**FIELDS, "oauth_signature": text}.items())


def test_a_secret_is_not_shown() -> None:
    """
    Neither in logs nor in errors.
    """
    assert "secret'" not in repr(SIGNED)


@given(st.text(max_size=300))
def test_any_header_is_read_or_ignored(text: str) -> None:
    """
    A header is anybody's.
    """
    try:
        found = oauth.signed(f"OAuth {text}", ())
    except InputError:
        found = None

    assert found is None or found.consumer

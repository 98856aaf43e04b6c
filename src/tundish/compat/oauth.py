"""
Who signed a request: the parameters of OAuth 1.0 with PLAINTEXT, as MAAS's image clients send them.

Nothing is judged here: whether key, secret, nonce and time are good is for `access.admission`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from oauthlib.common import urldecode
from oauthlib.oauth1.rfc5849 import utils

from tundish.core.errors import InputError

PLAINTEXT = "PLAINTEXT"
MOST_HEADER = 4 * 1024
_NEEDED = ("consumer_key", "token", "signature", "signature_method", "timestamp", "nonce")


@dataclass(frozen=True, slots=True)
class Signed:
    """
    What a request says of its signer.
    """

    consumer: str
    key: str
    secret: str = field(repr=False)
    nonce: str
    timestamp: int


def signed(authorization: str, given: Iterable[tuple[str, str]]) -> Signed | None:
    """
    Who signed, by the header or else by fields of the query or the body. None: nobody, or not enough is said.

    Raises:
        InputError: the timestamp is no number.
    """
    said = _of_header(authorization) or {name: value for name, value in given if name.startswith("oauth_")}
    values = [said.get(f"oauth_{name}", "") for name in _NEEDED]
    consumer, key, signature, method, timestamp, nonce = values
    if not all(values) or method != PLAINTEXT or said.get("oauth_version", "1.0") != "1.0":
        return None
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise InputError("Invalid timestamp parameter; send the seconds since 1970 as oauth_timestamp.")
    if any(len(value) > 255 for value in values):
        return None
    # The consumer's secret is always empty; what is no pair of secrets fits no token.
    before, ampersand, secret = signature.partition("&")
    return Signed(consumer, key, secret if ampersand and not before else "", nonce, int(timestamp))


def _of_header(authorization: str) -> Mapping[str, str]:
    if not authorization[:6].lower().startswith("oauth ") or len(authorization) > MOST_HEADER:
        return {}
    try:
        listed = utils.parse_authorization_header(authorization)
        return {name: utils.unescape(value) for name, value in listed}
    except (ValueError, IndexError):  # the library's words for a header that is none
        return {}


def fields(text: str) -> tuple[tuple[str, str], ...]:
    """
    The fields of a query or of an urlencoded body as OAuth reads them; empty where they are malformed.
    """
    try:
        return tuple(urldecode(text))
    except ValueError:
        return ()

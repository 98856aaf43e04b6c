"""
What every answer of the pages carries, and what every change must show before it is looked at.

A change comes from a page of ours: the browser says so, and the form holds the token of its session.
"""

from collections.abc import Mapping
from hmac import compare_digest
from urllib.parse import urlsplit

from tundish.core.errors import Forbidden

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"
STRANGE = "this form was not sent by a page of this server, or its page is too old; load the page again"


def must_be_ours(headers: Mapping[str, str], host: str) -> None:
    """
    Refuse what a page of another site sends.

    Raises:
        Forbidden: the browser says that it came from elsewhere.
    """
    site, origin = headers.get("sec-fetch-site", ""), headers.get("origin", "")
    is_elsewhere = bool(site) and site not in ("same-origin", "none")
    if is_elsewhere or (origin and urlsplit(origin).netloc != host):
        raise Forbidden(STRANGE)


def must_fit(expected: str, given: str) -> None:
    """
    Refuse a form without the token of the session.

    Raises:
        Forbidden: it has another one, or none.
    """
    if not expected or not compare_digest(expected.encode(), given.encode()):
        raise Forbidden(STRANGE)


def local(path: str) -> str:
    """
    Where to go on after a login: a path of ours, whatever was asked for.
    """
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours and "\\" not in path else "/"

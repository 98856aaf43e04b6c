"""
What the words around an HTTP answer say, and how an address may be shown. Nothing here acts.

What the other side sends is hostile: a header that is not of its form counts as absent.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz
from functools import lru_cache
from urllib.parse import unquote, urljoin

from urllib3.exceptions import LocationValueError
from urllib3.util import Url, parse_url

from tundish.core.errors import BadStatus, Gone, InputError

MAX_SHOWN = 300
_SETTLED = 2  # seconds
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PORTS = {"http": 80, "https": 443}

_USERINFO = re.compile(r"^((?:[A-Za-z][A-Za-z0-9+.-]*:)?//)[^/?#]*@")
_QUERY = re.compile(r"\?[^#]*")
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]*"')
_DATE = re.compile(r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT")
_SIMPLE = re.compile(r"(https?://[A-Za-z0-9.-]+(?::[0-9]+)?)(/[A-Za-z0-9/._~:!$&'()*+,;=-]*)")
_WITH_PORT = re.compile(r"^[^:]+:[0-9]+$|\]:[0-9]+$")
_NUMBER = re.compile(r"[0-9]{1,18}")
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")


@dataclass(frozen=True, slots=True)
class Part:
    """
    A stretch of a file: bytes `start` to `end` (included); `total` is the whole file's, None if unsaid.
    """

    start: int
    end: int
    total: int | None


def shown(url: str) -> str:
    """
    An address for messages: passwords and the words of a query, which may be secrets, are masked.
    """
    if ("@" in url or "?" in url) and (not url.startswith("/") or url.startswith("//")):
        url = _QUERY.sub("?***", _USERINFO.sub(r"\1***@", url))
    url = url if len(url) <= MAX_SHOWN else url[: MAX_SHOWN - 3] + "..."
    return url if url.isprintable() else "".join(sign if sign.isprintable() else "?" for sign in url)


def address(url: str) -> Url:
    """
    Take an http or https address apart.

    Raises:
        InputError: it is none.
    """
    simple = _SIMPLE.fullmatch(url)
    if simple and "/." not in simple[2]:  # one file of very many: what stands before its path is known
        return _host(simple[1])._replace(path=simple[2])
    return _address(url)


def _address(url: str) -> Url:
    try:
        parsed = parse_url(url)
    except LocationValueError:  # its text may hold the password
        raise InputError(f"{shown(url.rpartition('@')[2])} is not an address; check its form") from None
    if parsed.scheme not in PORTS or not parsed.host:
        raise InputError(f"{shown(url)} is not an http or https address with a host; write it in full")
    return parsed


_host = lru_cache(maxsize=64)(_address)


def origin(url: Url) -> tuple[str | None, str | None, int | None]:
    """
    Whom a request goes to. Secrets meant for one origin are never told to another.
    """
    return url.scheme, url.host, url.port or PORTS.get(url.scheme or "")


def is_direct(url: Url, no_proxy: Iterable[str]) -> bool:
    """
    Whether a host is to be asked without the proxy: it is named, or below a named domain, or all are (`*`).

    A word may carry a port, which then counts too, and a leading dot, which does not matter.
    """
    host, port = (url.host or "").strip("[]").lower(), str(url.port or PORTS.get(url.scheme or ""))
    for word in no_proxy:
        name, _, only = word.rpartition(":") if _WITH_PORT.search(word) else (word, "", "")
        name = name.strip("[]").removeprefix(".").lower()
        if only in {"", port} and (name == "*" or (name and (host == name or host.endswith("." + name)))):
            return True
    return False


def basic(auth: str) -> str:
    """
    The name and password of an address, as a header says them.
    """
    return f"Basic {b64encode(unquote(auth).encode()).decode()}"


def redirected(asked: Url, status: int, location: str | None) -> Url:
    """
    Where a redirect leads.

    Raises:
        BadStatus: nowhere, to something that is not http or https, or out of https.
    """
    url = shown(asked.url)
    if not location:
        raise BadStatus(f"{url}: HTTP {status} leads nowhere (no Location)", url=url, status=status)
    try:
        target = address(urljoin(asked.url, location))
    except (InputError, ValueError) as error:
        raise BadStatus(
            f"{url}: HTTP {status} to {shown(location)!r}, which is not http or https; not followed",
            url=url,
            status=status,
        ) from error
    if asked.scheme == "https" and target.scheme != "https":
        raise BadStatus(
            f"{url}: HTTP {status} out of https to {shown(target.url)}; not followed", url=url, status=status
        )
    return target._replace(auth=None, fragment=None)


def validator_of(headers: Mapping[str, str]) -> str | None:
    """
    What names exactly this state of the file: a strong ETag, or else its date.
    """
    etag, date = headers.get("ETag", "").strip(), headers.get("Last-Modified", "").strip()
    return next((word for word in (etag, date) if is_validator(word)), None)


def is_validator(word: str) -> bool:
    """
    Whether it can stand in `If-Range`. Weak ETags cannot.
    """
    return len(word) <= MAX_SHOWN and bool(_STRONG_ETAG.fullmatch(word) or _DATE.fullmatch(word))


def unless(validator: str | None) -> Mapping[str, str]:
    """
    The header that asks for a file only if it is no longer the one that `validator` names.
    """
    if validator is None or not is_validator(validator):
        return {}
    return {"If-None-Match" if validator.startswith('"') else "If-Modified-Since": validator}


def renewal(headers: Mapping[str, str]) -> str | None:
    """
    What asks later whether the file has changed: `validator_of`, but a date only once it has settled.

    A date counts whole seconds: one just made may come to stand for other bytes (RFC 9110 §8.8.2.2).
    """
    found = validator_of(headers)
    if found is None or found.startswith('"'):
        return found
    made, said = _seconds(found), _seconds(headers.get("Date", "")[:MAX_SHOWN])
    is_settled = made is not None and said is not None and said - made >= _SETTLED
    return found if is_settled else None


def _seconds(date: str) -> float | None:
    """
    A date as seconds since 1970; None if it is none, or of no year that there is.
    """
    try:
        parsed = parsedate_tz(date)
        return mktime_tz(parsed) if parsed else None
    except (ValueError, OverflowError):
        return None


def is_other_file(headers: Mapping[str, str], validator: str | None) -> bool:
    """
    Whether a part is, by its own ETag or date, of another file than the one asked for.
    """
    if validator is None:
        return False
    name = "ETag" if validator.startswith('"') else "Last-Modified"
    actual = headers.get(name, "").strip()
    return is_validator(actual) and actual != validator


def number(text: str | None) -> int | None:
    return int(text) if text and _NUMBER.fullmatch(text.strip()) else None


def part_of(text: str | None) -> Part | None:
    """
    Read a `Content-Range`; None if it is absent or contradicts itself.
    """
    found = _CONTENT_RANGE.fullmatch(text.strip()) if text else None
    if found is None:
        return None
    start, end, total = int(found[1]), int(found[2]), number(found[3])
    return Part(start, end, total) if start <= end and (total is None or end < total) else None


def refused(url: str, status: int, headers: Mapping[str, str]) -> BadStatus:
    """
    The error for a status that is not the answer asked for. `Retry-After` counts when it is in seconds.
    """
    if status in {404, 410}:
        return Gone(f"{url}: no such file there (HTTP {status}); check the address", url=url, status=status)
    wait = number(headers.get("Retry-After"))
    mend = {
        401: "; it wants a name and password or a token",
        403: "; it does not allow us to read this",
        407: "; the proxy wants a name and password",
        429: "; it asks us to come back later",
    }.get(status, "; try again later or ask its operator" if status >= 500 else "")
    return BadStatus(
        f"{url}: HTTP {status}{mend}",
        url=url,
        status=status,
        retry_after=None if wait is None else float(wait),
    )

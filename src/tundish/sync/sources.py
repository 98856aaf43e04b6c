"""
Sources before they are saved: what a person asks for becomes a source, or is refused with the reason.
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from tundish.core.errors import InputError
from tundish.core.image import Json
from tundish.core.names import source_name
from tundish.core.selection import Fetching, Kept, Proxying, Seen, Selection, Source
from tundish.fetch.folder import path_of
from tundish.fetch.headers import address, shown
from tundish.stream.select import matches
from tundish.sync.offer import Offer
from tundish.sync.reading import entry, read
from tundish.sync.run import Desk
from tundish.sync.schedule import window
from tundish.sync.shelf import NONE_KEPT
from tundish.trust.keyring import normalise

T = TypeVar("T")

MOST_MIRRORS = 16
MOST_TOKEN = 8192  # characters
SLOWEST = 1024  # bytes per second; below it servers give up on us
_FINGERPRINT = re.compile(r"[0-9A-F]{40}|[0-9A-F]{64}")
_INDEX = re.compile(r"/streams/v1/[^/]*\.s?json$")


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What a person wants of a source. What is None stays as it is; an empty text or tuple takes it away.
    """

    url: str | None = None
    keyring: bytes | None = None  # binary, armoured or base64
    unsigned: bool = False
    priority: int | None = None
    enabled: bool | None = None
    proxy: str | None = None
    token: str | None = None
    mirrors: tuple[str, ...] | None = None
    bandwidth: int | None = None  # bytes per second; 0 for no cap
    window: str | None = None
    signers: tuple[str, ...] | None = None
    is_guarded: bool = False  # where it leads elsewhere: whether who wishes may only choose public addresses


def drafted(
    name: str,
    url: str,
    *,
    keyring: bytes | None,
    unsigned: bool,
    priority: int = 0,
    wish: Wish | None = None,
) -> Source:
    """
    A source from words: exactly one of a keyring (binary, armoured or base64) and the wish to go without.

    Raises:
        InputError: both or neither were given, the keyring is none, or something else does not fit.
    """
    if (keyring is None) != unsigned:
        raise InputError("give the source's public keys with --keyring FILE (or, knowingly, --unsigned)")
    start = Source(source_name(name), url, b"", priority)
    return changed(start, replace(wish or Wish(), url=url, keyring=keyring, unsigned=unsigned))


def changed(source: Source, wish: Wish) -> Source:
    """
    The source as it is wanted. It becomes unsigned only if that is the wish.

    Raises:
        InputError: something is not of its form, or does not go together.
    """
    if wish.unsigned and wish.keyring is not None:
        raise InputError("a source has a keyring or is unsigned, not both; leave one of them off")
    keyring = b"" if wish.unsigned else source.keyring
    signers = () if wish.unsigned else source.signers
    found = replace(
        source,
        url=_url(_or(wish.url, source.url)),
        keyring=normalise(wish.keyring) if wish.keyring is not None else keyring,
        priority=_or(wish.priority, source.priority),
        enabled=_or(wish.enabled, source.enabled),
        fetching=_fetching(source.fetching, wish),
        signers=_signers(wish.signers) if wish.signers is not None else signers,
    )
    if found.signers and not found.is_signed:
        raise InputError("--signer narrows a keyring, and this source has none; give it one with --keyring")
    entry(found.url, signed=found.is_signed)
    return found


def _or(wanted: T | None, before: T) -> T:
    return before if wanted is None else wanted


def _fetching(before: Fetching, wish: Wish) -> Fetching:
    token = _or(wish.token, before.token)
    if len(token) > MOST_TOKEN or not token.isascii() or (token and not token.isprintable()):
        raise InputError("the token has signs that no token can have, or is too long; copy it again")
    mirrors = _or(wish.mirrors, before.mirrors)
    if len(mirrors) > MOST_MIRRORS:
        raise InputError(f"{len(mirrors)} mirrors; at most {MOST_MIRRORS} are asked in turn")
    bandwidth = before.bandwidth if wish.bandwidth is None else (wish.bandwidth or None)
    if bandwidth is not None and bandwidth < SLOWEST:
        raise InputError(f"a cap of {bandwidth} bytes per second: give at least {SLOWEST}, or 0 for none")
    opened = _or(wish.window, before.window)
    window(opened)
    leads = any(each is not None for each in (wish.url, wish.mirrors, wish.proxy))
    return Fetching(
        _proxy(_or(wish.proxy, before.proxy)),
        token,
        tuple(map(_base, mirrors)),
        bandwidth,
        opened,
        wish.is_guarded if leads else before.is_guarded,
    )


def _url(url: str) -> str:
    if url.startswith("/") or url.partition("://")[0].lower() == "file":
        path_of(url)
    else:
        address(url)
    return url


def _base(url: str) -> str:
    if _INDEX.search(url):
        raise InputError(f"{shown(url)}: give the base of a mirror, below which streams/v1/ lies")
    return _url(url if url.endswith("/") else f"{url}/")


def _proxy(text: str) -> str:
    if text in set(Proxying):
        return text
    if "://" not in text:
        raise InputError(f"--proxy {shown(text)}: give settings, none, or http://HOST:PORT")
    address(text)
    return text


def _signers(texts: tuple[str, ...]) -> tuple[str, ...]:
    """
    Fingerprints as the verifier writes them.
    """
    found = [text.replace(" ", "").replace(":", "").upper().removeprefix("0X") for text in texts]
    for text in found:
        if not _FINGERPRINT.fullmatch(text):
            raise InputError(
                f"{text[:80]!r} is no fingerprint; give all 40 digits, as `gpg --fingerprint` shows them"
            )
    return tuple(dict.fromkeys(found))


def needs_check(before: Source, after: Source) -> bool:
    """
    Whether a change could make a source unreadable, so that it is asked before it is saved.
    """
    return (before.url, before.keyring, before.signers, before.fetching) != (
        after.url,
        after.keyring,
        after.signers,
        after.fetching,
    )


def is_same_stream(before: Source, after: Source) -> bool:
    """
    Whether what was accepted of the one is the low mark for the other: whether their documents are the same.
    """
    return entry(before.url, signed=before.is_signed) == entry(after.url, signed=after.is_signed)


def offered(
    source: Source,
    desk: Desk,
    *,
    seen: Mapping[str, Seen],
    narrowed: Selection | None = None,
    kept: Mapping[str, Kept] = NONE_KEPT,
) -> Offer:
    """
    What a source offers right now, or the part of it that a selection matches. Writes nothing.

    Raises:
        TrustError, UpstreamError: as `reading.read`.
    """
    fetcher = desk.ways(threading.Event()).to(source)
    offer = read(source, fetcher=fetcher, verifier=desk.verifier, seen=seen, at=desk.gear.now(), kept=kept)
    return offer if narrowed is None else narrow(offer, narrowed)


def narrow(offer: Offer, wanted: Selection) -> Offer:
    """
    The part of an offer that a selection matches.
    """
    found = tuple(product for product in offer.products if matches(wanted, product, offer.source.name))
    return replace(offer, products=found)


def public(source: Source) -> dict[str, Json]:
    """
    A source for front-ends: fields are added, never changed, and secrets are left out.
    """
    fetching = source.fetching
    return {
        "name": source.name,
        "url": shown(source.url),
        "signed": source.is_signed,
        "priority": source.priority,
        "enabled": source.enabled,
        "proxy": shown(fetching.proxy),
        "token": bool(fetching.token),
        "mirrors": [shown(mirror) for mirror in fetching.mirrors],
        "bandwidth": fetching.bandwidth,
        "window": fetching.window,
        "signers": list(source.signers),
    }

"""
Sources before they are saved, and what they offer when asked.
"""

from collections.abc import Mapping
from dataclasses import replace

from tundish.core.errors import InputError
from tundish.core.names import source_name
from tundish.core.selection import Seen, Selection, Source
from tundish.stream.select import matches
from tundish.sync.offer import Offer
from tundish.sync.reading import entry, read
from tundish.sync.run import Desk
from tundish.trust.keyring import normalise


def drafted(name: str, url: str, *, keyring: bytes | None, unsigned: bool, priority: int = 0) -> Source:
    """
    A source from words: exactly one of a keyring (binary, armoured or base64) and the wish to go without.

    Raises:
        InputError: both or neither were given, the keyring is none, or the URL does not fit.
    """
    if (keyring is None) != unsigned:
        raise InputError("give the source's public keys with --keyring FILE (or, knowingly, --unsigned)")
    source = Source(source_name(name), url, normalise(keyring) if keyring is not None else b"", priority)
    entry(source.url, signed=source.is_signed)
    return source


def offered(
    source: Source, desk: Desk, *, seen: Mapping[str, Seen], narrowed: Selection | None = None
) -> Offer:
    """
    What a source offers right now, or the part of it that a selection matches. Writes nothing.

    Raises:
        TrustError, UpstreamError: as `reading.read`.
    """
    offer = read(source, fetcher=desk.fetcher, verifier=desk.verifier, seen=seen, at=desk.gear.now())
    if narrowed is None:
        return offer
    found = tuple(product for product in offer.products if matches(narrowed, product, source.name))
    return replace(offer, products=found)

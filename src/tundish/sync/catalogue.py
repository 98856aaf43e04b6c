"""
What each source is known to offer: its documents as they were verified, read again at need without it.

Sources are asked before they are saved, and what was asked is kept. What is read back is verified again.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tundish.catalog.nearest import nearest
from tundish.core.errors import InputError, NotFound, TrustError
from tundish.core.image import Product
from tundish.core.names import SourceName
from tundish.core.payload import Signature
from tundish.core.selection import ANY, Selection, Source
from tundish.stream.select import kernel_of, plain_kernel
from tundish.sync.offer import Offer
from tundish.sync.reading import entry, read
from tundish.sync.run import Desk
from tundish.sync.shelf import Offline
from tundish.sync.sources import Wish, changed, is_same_stream, needs_check, offered
from tundish.trust import clearsign
from tundish.trust.expiry import expiries


@dataclass(frozen=True, slots=True)
class Vouching:
    """
    Who vouches for a source's index, as kept, and until when; or why nobody does any more.
    """

    signature: Signature | None = None
    until: datetime | None = None  # the end of the signature or its key, whichever comes first; None: never
    trouble: str = ""


def admit(desk: Desk, source: Source, *, check: bool) -> Offer | None:
    """
    Save a new source, asked before unless `check` is false; the answer is what it offers.

    Raises:
        Conflict: there is one of this name.
        TrustError, UpstreamError: it could not be read; nothing is saved.
    """
    offer = offered(source, desk, seen={}) if check else None
    desk.catalog.sources.add(source, desk.gear.now())
    _record(desk, source, offer)
    return offer


def amend(desk: Desk, name: str, wish: Wish, *, check: bool) -> tuple[Source, Offer | None]:
    """
    Save a source with other settings, asked before if they could make it unreadable.

    Under another address nothing that was accepted before counts: it may be another stream.

    Raises:
        NotFound: there is none of this name.
        TrustError, UpstreamError: it could not be read; nothing is changed.
    """
    before = desk.catalog.sources.get(name)
    after = changed(before, wish)
    is_same, offer = is_same_stream(before, after), None
    if check and needs_check(before, after):
        offer = offered(after, desk, seen=desk.catalog.sources.seen(name) if is_same else {})
    desk.catalog.sources.replace(after)
    if not is_same:
        desk.catalog.documents.forget(after.name)
        desk.catalog.sources.forget_seen(after.name)
    _record(desk, after, offer)
    return after, offer


def refresh(desk: Desk, source: Source) -> Offer:
    """
    Ask a saved source, and keep what it says; one that offers nothing any more leaves the last known.

    Raises:
        TrustError, UpstreamError: it could not be read; what is kept stays.
    """
    kept = desk.catalog.documents.of(source.name)
    offer = offered(source, desk, seen=desk.catalog.sources.seen(source.name), kept=kept)
    _record(desk, source, offer if offer.products else None)
    return offer


def known(desk: Desk, source: Source) -> Offer:
    """
    What a source offered when it was last read; the source is not asked.

    Raises:
        NotFound: it was never read.
        TrustError: what is kept is not vouched for any more.
    """
    kept = desk.catalog.documents.of(source.name)
    if not kept:
        raise NotFound(
            f"nothing is known yet of source {source.name}; "
            f"ask it: tundish source browse {source.name} --refresh"
        )
    return read(source, fetcher=Offline(kept), verifier=desk.verifier, seen={}, at=desk.gear.now(), kept=kept)


def all_known(desk: Desk, only: SourceName | None = None) -> tuple[Offer, ...]:
    """
    What the enabled sources (or only one) are known to offer; what was never read, or that nobody vouches
    for any more, is left out.
    """
    found = []
    for source in desk.catalog.sources.list():
        if source.enabled if only is None else source.name == only:
            try:
                found.append(known(desk, source))
            except (NotFound, TrustError):
                continue
    return tuple(found)


def vouching(desk: Desk, source: Source) -> Vouching:
    """
    Who signed the index that is kept of a source, and until when that counts.
    """
    path = entry(source.url, signed=source.is_signed).path
    kept = desk.catalog.documents.of(source.name).get(path)
    if kept is None or not source.is_signed:
        return Vouching()
    try:
        signature = clearsign.verify(
            kept.body,
            keyring=source.keyring,
            verifier=desk.verifier,
            now=desk.gear.now(),
            origin=f"source {source.name}, {kept.url}",
            allowed=frozenset(source.signers),
        ).signature
    except TrustError as error:
        return Vouching(trouble=str(error))
    return Vouching(signature, _end(signature, source))


def _end(signature: Signature | None, source: Source) -> datetime | None:
    if signature is None:
        return None
    keys = expiries(source.keyring)
    ends = (signature.expires_at, keys.get(signature.fingerprint), keys.get(signature.primary))
    return min((end for end in ends if end is not None), default=None)


def _record(desk: Desk, source: Source, offer: Offer | None) -> None:
    if offer is not None:
        desk.catalog.sources.record_seen(source.name, offer.marks)
        desk.catalog.documents.keep(source.name, offer.documents, offer.listed)


def check_offered(selection: Selection, offers: Sequence[Offer]) -> None:
    """
    Whether a selection names only what is offered; without any known offer, everything may be.

    Raises:
        InputError: it names something that nobody offers; the message says what, and what is like it.
    """
    products = [each for offer in offers for each in offer.products]
    if not products:
        return
    products = _narrowed("OS", (selection.os,), products, lambda each: each.os)
    products = _narrowed("series", (selection.series,), products, lambda each: each.series)
    products = _narrowed("architecture", selection.arches, products, lambda each: each.arch)
    products = _narrowed("kernel", selection.kernels, products, kernel_of)
    _narrowed("label", selection.labels, products, lambda each: each.label)


def _narrowed(
    kind: str, wanted: Iterable[str], products: Collection[Product], word: Callable[[Product], str]
) -> list[Product]:
    """
    The products that have one of the wanted words, every one of which some product must have.
    """
    words = {plain_kernel(word(each)): word(each) for each in products}
    for value in wanted:
        if value != ANY and plain_kernel(value) not in words:
            others = nearest(value, set(filter(None, words.values())))
            raise InputError(
                f"no source offers {kind} {value!r} there; {others} (tundish source browse shows what "
                "there is, --force selects ahead of time)"
            )
    plain = {plain_kernel(value) for value in wanted}
    return [each for each in products if ANY in plain or plain_kernel(word(each)) in plain]

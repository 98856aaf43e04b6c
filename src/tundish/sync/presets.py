"""
The public images of MAAS: the source that a new catalog starts with, and its two streams.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from tundish.core.errors import InputError, NotFound
from tundish.core.image import Product
from tundish.core.names import SourceName
from tundish.core.selection import Selection, Source
from tundish.sync.catalogue import admit, amend
from tundish.sync.offer import Offer
from tundish.sync.run import Desk
from tundish.sync.sources import Wish, drafted

NAME = SourceName("maas")
URL = "https://images.maas.io/ephemeral-v3/stable/"
KEYRING = Path("/usr/share/keyrings/ubuntu-cloudimage-keyring.gpg")
LTS = "noble"  # the newest LTS that we know of; the source itself may know a newer one
STREAMS = ("stable", "candidate")
BEGUN = "first-start"  # noted once: a source that was removed on purpose does not come back

_STREAM = re.compile(r"(?<!/)/(?:stable|candidate|daily)(?=/|$)")
_VERSION = re.compile(r"(\d\d)\.04")


@dataclass(frozen=True, slots=True)
class Restored:
    """
    The default source as it is saved, and the series that was selected with it, if any.
    """

    source: Source
    series: str | None
    offer: Offer | None


def keyring(path: Path = KEYRING) -> bytes:
    """
    The public keys of the default source, as its vendor packages them.

    Raises:
        NotFound: they are not installed.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(
            f"the keyring {path} of the public images cannot be read ({error.strerror}); install it (on "
            "Ubuntu: apt install ubuntu-keyring; Debian 12 has no package of it: copy it from an Ubuntu "
            "machine), or name a copy with --keyring"
        ) from error


def restore(desk: Desk, keys: bytes, *, url: str = URL, check: bool) -> Restored:
    """
    Bring the default source back as it was at first, and select its newest LTS if nothing is selected.

    Raises:
        InputError: the keyring is none.
        TrustError, UpstreamError: it could not be read; nothing is changed.
    """
    names = {source.name for source in desk.catalog.sources.list()}
    if NAME in names:
        plain = Wish(
            url=url, keyring=keys, enabled=True, proxy="settings", token="", mirrors=(), bandwidth=0,
            window="", signers=(),
        )  # fmt: skip
        source, offer = amend(desk, NAME, plain, check=check)
    else:
        source = drafted(NAME, url, keyring=keys, unsigned=False)
        offer = admit(desk, source, check=check)
    series = None
    if not desk.catalog.selections.list():
        series = newest_lts(offer) if offer else LTS
        desk.catalog.selections.add(Selection("ubuntu", series, arches=("amd64",)), desk.gear.now())
    return Restored(source, series, offer)


def first_start(desk: Desk, path: Path = KEYRING) -> Restored | None:
    """
    Give a catalog that was never used the default source, unasked, and its selection; once only.

    Without the keyring there is an event instead, which says how to get it.
    """
    catalog = desk.catalog
    if catalog.choices.get(BEGUN) is not None:
        return None
    catalog.choices.set(BEGUN, desk.gear.now().isoformat())
    if catalog.sources.list() or catalog.selections.list() or catalog.images.totals().versions:
        return None
    try:
        return restore(desk, keyring(path), check=False)
    except NotFound as error:
        text = f"{error}; then: tundish source restore-default"
        catalog.events.add("no-default-source", NAME, text, desk.gear.now())
        return None


def switched(url: str, stream: str) -> str:
    """
    The address of another stream of the same place.

    Raises:
        InputError: the address does not say which stream it is.
    """
    if stream not in STREAMS:
        raise InputError(f"{stream!r} is no stream; give {' or '.join(STREAMS)}")
    found, count = _STREAM.subn(f"/{stream}", url)
    if count != 1:
        raise InputError(
            f"{url} does not say which stream it is (…/stable/, …/candidate/); "
            "give the new address in full, with tundish source set and --url"
        )
    return found


def newest_lts(offer: Offer) -> str:
    """
    The series of the newest Ubuntu LTS on offer; the one we know of if there is none.
    """
    found = [product for product in offer.products if product.os == "ubuntu" and _lts(product)]
    return max(found, key=_lts).series if found else LTS


def _lts(product: Product) -> int:
    """
    The year of an LTS, 0 for anything else.
    """
    version = _VERSION.fullmatch(str(product.extra.get("version", "")))
    year = int(version[1]) if version else 0
    return year if year % 2 == 0 and product.arch == "amd64" else 0

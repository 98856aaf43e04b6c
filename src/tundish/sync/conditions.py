"""
How it stands with each source since it was last asked, for who looks at it later: since when it fails and
why, when what it signed expires, what it offers and announces.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from tundish.catalog.choices import Choices
from tundish.core.errors import TundishError
from tundish.core.image import Product
from tundish.core.names import SourceName
from tundish.core.notice import Announcement
from tundish.sync.offer import Offer

MOST_SERIES = 1_000
_LTS = re.compile(r"([0-9]*[02468])\.04")  # every other April's Ubuntu is supported for long


@dataclass(frozen=True, slots=True)
class Condition:
    """
    One source. The first four are of its last good reading; `failing_since` and `error` of those after it.
    """

    read_at: datetime | None = None
    good_until: datetime | None = None  # when its signature or the key of it expires; None: never
    offered: tuple[str, ...] = ()  # os/series
    lts: str = ""  # the newest Ubuntu with long support among them
    announced: Announcement | None = None
    failing_since: datetime | None = None
    error: str = ""


def condition(choices: Choices, source: SourceName) -> Condition:
    """
    What is known of a source; nothing before it was first asked.
    """
    text = choices.get(_place(source))
    return _read(text) if text else Condition()


def note_good(choices: Choices, offer: Offer, at: datetime) -> None:
    """
    Note that a source could be read, and what of it matters later.
    """
    found = Condition(
        read_at=at,
        good_until=offer.good_until,
        offered=tuple(sorted({_series(product) for product in offer.products})[:MOST_SERIES]),
        lts=newest_lts(offer.products),
        announced=offer.announced[-1] if offer.announced else None,
    )
    _keep(choices, offer.source.name, found)


def note_bad(choices: Choices, source: SourceName, error: TundishError, at: datetime) -> None:
    """
    Note that a source could not be read, and why; what was known of it stays.
    """
    known = condition(choices, source)
    since = known.failing_since or at
    _keep(choices, source, replace(known, failing_since=since, error=str(error)))


def newest_lts(products: Iterable[Product]) -> str:
    """
    The newest Ubuntu with long support among the products, as os/series; empty if there is none.
    """
    found = {
        (int(year.group(1)), _series(product))
        for product in products
        if product.os == "ubuntu" and (year := _LTS.fullmatch(str(product.extra.get("version", ""))[:8]))
    }
    return max(found)[1] if found else ""


def _series(product: Product) -> str:
    return f"{product.os}/{product.series}"


def _place(source: SourceName) -> str:
    return f"condition/{source}"


def _keep(choices: Choices, source: SourceName, found: Condition) -> None:
    choices.set(_place(source), json.dumps(asdict(found), default=datetime.isoformat))


def _read(text: str) -> Condition:
    fields = json.loads(text)
    for name in ("read_at", "good_until", "failing_since"):
        if fields[name] is not None:
            fields[name] = datetime.fromisoformat(fields[name])
    said = fields.pop("announced")
    return Condition(
        **{**fields, "offered": tuple(fields["offered"])}, announced=Announcement(**said) if said else None
    )

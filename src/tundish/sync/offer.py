"""
What a source offers at one moment, as values.
"""

from dataclasses import dataclass
from datetime import datetime

from tundish.core.errors import TundishError
from tundish.core.image import Product, Remark
from tundish.core.names import ContentId
from tundish.core.notice import Announcement
from tundish.core.payload import Signature
from tundish.core.selection import Kept, Seen, Source


@dataclass(frozen=True, slots=True)
class Unread:
    """
    One products file that could not be read, and why; what we hold of it is left alone.
    """

    content_id: ContentId
    error: TundishError


@dataclass(frozen=True, slots=True)
class Offer:
    source: Source
    products: tuple[Product, ...]
    marks: tuple[Seen, ...]  # what was accepted, to be remembered against replay
    remarks: tuple[Remark, ...] = ()
    unread: tuple[Unread, ...] = ()
    signature: Signature | None = None  # of the index; None where the source is set to unsigned
    documents: tuple[Kept, ...] = ()  # all that were read, as they came
    listed: frozenset[str] = frozenset()  # paths of all documents there are, the unread ones included
    chained: frozenset[str] = frozenset()  # paths of those whose bytes the index names
    good_until: datetime | None = None  # when the first signature among them expires; None: never
    emptied: bool = False  # it offered something before and suddenly offers nothing: not to be believed
    announced: tuple[Announcement, ...] = ()

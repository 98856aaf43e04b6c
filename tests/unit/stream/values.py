"""
Hypothesis strategies: JSON of any shape, and the values of a stream as a reader may hand them out.
"""

import string
from datetime import UTC, datetime

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tundish.core.digest import Digest
from tundish.core.image import Extra, Item, Json, Product, Products, Version
from tundish.core.names import ContentId, ItemName, ItemPath, ProductName, VersionName
from tundish.core.payload import Payload, unverified
from tundish.stream.index import IndexEntry, StreamIndex

# No deadline, for machines under load; no folder of examples left behind.
quick = settings(max_examples=25, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
JSON: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=4,
)
WORD = st.text("aZ0._+-", max_size=4).map("x".__add__)
NAME = st.text("aZ0._:+~-", max_size=4).map("x".__add__)
PATH = st.lists(st.text(string.ascii_letters + "äß ", min_size=1, max_size=5), min_size=1, max_size=3).map(
    "/".join
)
MOMENT = st.datetimes(datetime(1971, 1, 1), datetime(2999, 1, 1)).map(  # noqa: DTZ001 - made aware below
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


def extra() -> st.SearchStrategy[Extra]:
    """
    Keys that no level interprets or hands down.
    """
    return st.dictionaries(TEXT.map("x-".__add__), JSON, max_size=2)


ITEM = st.builds(
    Item,
    name=NAME.map(ItemName),
    ftype=WORD,
    path=PATH.map(ItemPath),
    size=st.integers(0, 2**44),
    digest=st.binary(max_size=4).map(Digest.of),
    extra=extra(),
)
ITEMS = st.lists(ITEM, min_size=1, max_size=3, unique_by=lambda item: item.name)


@st.composite
def products(draw: st.DrawFn) -> Products:
    """
    A products file whose parts are in order and whose paths do not contradict each other.
    """
    content_id = ContentId(draw(NAME))
    number = iter(range(1_000_000))

    def version(name: str) -> Version:
        named = sorted(draw(ITEMS), key=lambda item: item.name)
        own = [
            Item(
                each.name,
                each.ftype,
                ItemPath(f"{next(number)}/{each.path}"),
                each.size,
                each.digest,
                each.extra,
            )
            for each in named
        ]
        return Version(VersionName(name), tuple(own), draw(extra()))

    def product(name: str) -> Product:
        return Product(
            name=ProductName(name),
            content_id=content_id,
            os=draw(WORD),
            series=draw(WORD | st.just("")),
            arch=draw(WORD),
            label=draw(WORD | st.just("")),
            kernel=draw(WORD | st.just("")),
            title=draw(st.sampled_from(["", "24.04 LTS", "Zürich"])),
            versions=tuple(version(each) for each in sorted(draw(st.sets(NAME, min_size=1, max_size=2)))),
            extra=draw(extra()),
        )

    listed = sorted(draw(st.sets(NAME, max_size=3)))
    return Products(
        content_id,
        draw(WORD),
        draw(MOMENT | st.none()),
        tuple(product(name) for name in listed),
        draw(extra()),
    )


ENTRY = st.builds(
    IndexEntry,
    content_id=NAME.map(ContentId),
    path=PATH.map(ItemPath),
    format=st.sampled_from(["index:1.0", "products:1.0"]),
    datatype=WORD,
    updated=MOMENT | st.none(),
    products=st.sets(NAME.map(ProductName), max_size=3).map(lambda names: tuple(sorted(names))),
    extra=extra(),
)
INDEX = st.builds(
    StreamIndex,
    updated=MOMENT | st.none(),
    entries=st.lists(ENTRY, max_size=3, unique_by=lambda entry: entry.content_id).map(
        lambda entries: tuple(sorted(entries, key=lambda entry: entry.content_id))
    ),
    extra=extra(),
)


def payload(text: bytes) -> Payload:
    return unverified(text, "acme's document")

"""
Small offers, holdings and selections, and hypothesis strategies for them.

There are six blobs in all, so that versions share them often.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tundish.core.digest import Digest
from tundish.core.errors import Gone
from tundish.core.holding import Holding, HoldingId
from tundish.core.image import Item, Product, Version
from tundish.core.lifecycle import State
from tundish.core.names import ContentId, ItemName, ItemPath, ProductName, SourceName, VersionName
from tundish.core.selection import Selection, Source
from tundish.sync.offer import Offer, Unread

# No deadline, for machines under load; no folder of examples left behind.
quick = settings(max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LAB, OTHER = SourceName("lab"), SourceName("other")
CONTENT = ContentId("stable")
SIZES = {"a": 1, "b": 20, "c": 300, "d": 4_000, "e": 50_000, "f": 600_000}
BLOBS = {name: Digest.of(name.encode()) for name in SIZES}
ANYTHING = Selection(os="*", series="*", keep=1)


def version(name: str, blobs: str) -> Version:
    """
    A version of one item per letter.
    """
    return Version(
        VersionName(name),
        tuple(
            Item(ItemName(each), each, ItemPath(f"{each}.img"), SIZES[each], BLOBS[each]) for each in blobs
        ),
    )


def product(series: str, versions: Sequence[Version] = ()) -> Product:
    return Product(
        name=ProductName(f"product:{series}"),
        content_id=CONTENT,
        os="ubuntu",
        series=series,
        arch="amd64",
        label="stable",
        kernel="ga",
        title="",
        versions=tuple(versions),
    )


def offer(source: SourceName = LAB, *, unread: bool = False, **series: dict[str, str]) -> Offer:
    """
    What a source offers: `offer(noble={"1": "ab"})` has one version, 1, of the blobs a and b.
    """
    return Offer(
        Source(source, f"http://{source}.test/", b""),
        tuple(
            product(name, [version(each, blobs) for each, blobs in sorted(versions.items())])
            for name, versions in series.items()
        ),
        (),
        unread=(Unread(CONTENT, Gone("not there")),) if unread else (),
    )


def holding(
    number: int,
    series: str,
    name: str,
    blobs: str,
    state: State = State.COMPLETE,
    *,
    source: SourceName = LAB,
) -> Holding:
    return Holding(HoldingId(number), source, product(series), version(name, blobs), state, NOW)


def digests(blobs: str) -> frozenset[Digest]:
    return frozenset(BLOBS[each] for each in blobs)


SERIES = st.sampled_from(["noble", "jammy"])
NAMES = st.sampled_from(["1", "2", "3"])
LETTERS = st.sets(st.sampled_from(sorted(SIZES)), min_size=1, max_size=3).map(
    lambda found: "".join(sorted(found))
)
SELECTIONS = st.lists(
    st.builds(
        Selection,
        os=st.just("ubuntu"),
        series=st.sampled_from(["*", "noble", "jammy"]),
        source=st.sampled_from([None, LAB, OTHER]),
        keep=st.integers(1, 3),
    ),
    max_size=2,
)
HELD = st.sets(st.sampled_from(sorted(SIZES))).map(lambda found: digests("".join(found)))
UNFINISHED = st.dictionaries(st.sampled_from(sorted(BLOBS.values())), st.integers(0, 700_000), max_size=3)


@st.composite
def offers(draw: st.DrawFn) -> tuple[Offer, ...]:
    """
    What none, one or both sources offer.
    """
    return tuple(
        offer(
            source,
            unread=draw(st.booleans()),
            **draw(st.dictionaries(SERIES, st.dictionaries(NAMES, LETTERS, min_size=1))),
        )
        for source in sorted(draw(st.sets(st.sampled_from([LAB, OTHER]))))
    )


@st.composite
def holdings(draw: st.DrawFn) -> tuple[Holding, ...]:
    """
    What the catalog holds: each version once, in any state.
    """
    keys = draw(st.lists(st.tuples(st.sampled_from([LAB, OTHER]), SERIES, NAMES), unique=True, max_size=6))
    return tuple(
        holding(number, series, name, draw(LETTERS), draw(st.sampled_from(State)), source=source)
        for number, (source, series, name) in enumerate(keys, 1)
    )

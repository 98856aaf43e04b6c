"""
What a catalog keeps of its sources' documents, and the small facts it notes.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.errors import Conflict
from tundish.core.names import SourceName
from tundish.core.selection import Kept, Source

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LAB, OTHER = SourceName("lab"), SourceName("other")
INDEX = Kept("streams/v1/index.sjson", "http://lab.test/index.sjson", '"1"', b"\x00index\xff", NOON)
PRODUCTS = Kept("streams/v1/all.sjson", "http://lab.test/all.sjson", None, b"products", NOON)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))
    for name in (LAB, OTHER):
        opened.sources.add(Source(name, f"http://{name}.test/", b""), NOON)
    yield opened
    opened.close()


def kept(catalog: Catalog, source: SourceName = LAB) -> dict[str, Kept]:
    return dict(catalog.documents.of(source))


def test_nothing_is_kept_of_a_new_source(catalog: Catalog) -> None:
    """
    Before a source was read, nothing is known of what it offers.
    """
    assert {} == kept(catalog)


def test_documents_come_back_byte_for_byte(catalog: Catalog) -> None:
    """
    What was kept is what comes back, whatever its bytes, with where and when it was read.
    """
    catalog.documents.keep(LAB, [INDEX, PRODUCTS], ())

    assert {INDEX.document: INDEX, PRODUCTS.document: PRODUCTS} == kept(catalog)


def test_sources_do_not_mix(catalog: Catalog) -> None:
    """
    A document of the same path belongs to its own source.
    """
    catalog.documents.keep(LAB, [INDEX], ())
    catalog.documents.keep(OTHER, [PRODUCTS], ())

    assert ({INDEX.document: INDEX}, {PRODUCTS.document: PRODUCTS}) == (kept(catalog), kept(catalog, OTHER))


def test_a_newer_document_takes_the_place_of_the_older(catalog: Catalog) -> None:
    """
    Of each path the last document is kept.
    """
    newer = replace(INDEX, body=b"newer", validator='"2"', read_at=NOON + timedelta(hours=1))
    catalog.documents.keep(LAB, [INDEX], ())

    catalog.documents.keep(LAB, [newer], ())

    assert {INDEX.document: newer} == kept(catalog)


def test_what_is_no_longer_listed_goes(catalog: Catalog) -> None:
    """
    A document that the stream no longer names is not kept any longer.
    """
    catalog.documents.keep(LAB, [INDEX, PRODUCTS], ())

    catalog.documents.keep(LAB, [INDEX], [INDEX.document])

    assert {INDEX.document: INDEX} == kept(catalog)


def test_what_could_not_be_read_stays(catalog: Catalog) -> None:
    """
    A document that is still named but did not come is kept as it was.
    """
    catalog.documents.keep(LAB, [INDEX, PRODUCTS], ())

    catalog.documents.keep(LAB, [INDEX], [INDEX.document, PRODUCTS.document])

    assert {INDEX.document: INDEX, PRODUCTS.document: PRODUCTS} == kept(catalog)


def test_documents_go_with_their_source(catalog: Catalog) -> None:
    """
    Of a source that is removed nothing is kept.
    """
    catalog.documents.keep(LAB, [INDEX], ())

    catalog.sources.remove(LAB)

    assert {} == kept(catalog)


def test_documents_can_be_forgotten(catalog: Catalog) -> None:
    """
    A source that becomes another stream begins with nothing.
    """
    catalog.documents.keep(LAB, [INDEX], ())

    catalog.documents.forget(LAB)

    assert {} == kept(catalog)


def test_an_unknown_source_keeps_nothing(catalog: Catalog) -> None:
    """
    Documents belong to a source that is there.
    """
    with pytest.raises(Conflict):
        catalog.documents.keep(SourceName("nobody"), [INDEX], ())


def test_a_fact_comes_back(catalog: Catalog) -> None:
    """
    The last value noted under a name is the one that is found.
    """
    catalog.choices.set("a", "1")
    catalog.choices.set("a", "2")

    assert ("2", None) == (catalog.choices.get("a"), catalog.choices.get("b"))


def test_a_fact_can_be_dropped(catalog: Catalog) -> None:
    """
    What was dropped is not noted; dropping it again changes nothing.
    """
    catalog.choices.set("a", "1")
    catalog.choices.drop("a")
    catalog.choices.drop("a")

    assert None is catalog.choices.get("a")

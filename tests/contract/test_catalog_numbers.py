"""
Numbers for names: given once, and for ever.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.errors import NotFound


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))
    yield opened
    opened.close()


def test_a_name_keeps_its_number(catalog: Catalog) -> None:
    """
    Whatever is asked for beside it.
    """
    first = catalog.numbers.of("kind", ["a"])["a"]

    assert first == catalog.numbers.of("kind", ["b", "a"])["a"]


def test_a_number_leads_back_to_its_name(catalog: Catalog) -> None:
    """
    That is what doors need it for.
    """
    number = catalog.numbers.of("kind", ["a", "b"])["b"]

    assert "b" == catalog.numbers.key("kind", number)


@pytest.mark.parametrize("number", [-1, 0, 99, 2**80])
def test_a_number_that_was_never_given_is_none(catalog: Catalog, number: int) -> None:
    """
    However large a client writes it.
    """
    with pytest.raises(NotFound, match="kind number"):
        catalog.numbers.key("kind", number)


def test_kinds_have_numbers_of_their_own(catalog: Catalog) -> None:
    """
    A source's number is no image's.
    """
    number = catalog.numbers.of("kind", ["a"])["a"]

    with pytest.raises(NotFound):
        catalog.numbers.key("other", number)


def test_a_renamed_thing_keeps_its_number(catalog: Catalog) -> None:
    """
    Clients that remember the number find it again.
    """
    number = catalog.numbers.of("kind", ["a"])["a"]
    catalog.numbers.rename("kind", "a", "b")

    assert "b" == catalog.numbers.key("kind", number)


def test_numbers_are_exchanged(catalog: Catalog) -> None:
    """
    Where the new name has a number too; or one number would mean two things.
    """
    given = catalog.numbers.of("kind", ["a", "b"])
    catalog.numbers.rename("kind", "a", "b")

    assert {"a": given["b"], "b": given["a"]} == catalog.numbers.of("kind", ["a", "b"])


def test_thousands_are_numbered_at_once(catalog: Catalog) -> None:
    """
    More names than one statement can have.
    """
    names = [f"n{count}" for count in range(3000)]

    assert 3000 == len(set(catalog.numbers.of("kind", names).values()))

"""
A condition is judged within the transaction of the change, so that nobody writes in between.
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.region import DAY
from tundish.catalog import conditions
from tundish.catalog.db import Database, sqlite_url
from tundish.catalog.records import Events
from tundish.core.errors import Overloaded, Stale


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.sqlite"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    found = Database.open(sqlite_url(path))
    yield found
    found.close()


def refuse() -> None:
    raise Stale("it was changed")


def write(database: Database) -> None:
    Events(database).add("noted", "x", "", DAY)


def test_while_a_condition_is_judged_nobody_else_writes(database: Database, path: Path) -> None:
    """
    Another process has to wait until the change is made.
    """
    said: list[str] = []

    def check() -> None:
        other = Database.open(sqlite_url(path), patience=0.01)
        thread = threading.Thread(target=attempt, args=(other,))
        thread.start()
        thread.join()
        other.close()

    def attempt(other: Database) -> None:
        try:
            write(other)
        except Overloaded:
            said.append("has to wait")

    with conditions.bound(check):
        conditions.arm()
        write(database)

    assert ["has to wait"] == said


def test_a_condition_that_fails_undoes_the_change(database: Database) -> None:
    """
    Nothing of it is there.
    """
    with conditions.bound(refuse):
        conditions.arm()
        with pytest.raises(Stale):
            write(database)

    assert () == Events(database).list()


def test_what_is_written_before_the_deed_is_not_the_change(database: Database) -> None:
    """
    As that a token was used.
    """
    with conditions.bound(refuse):
        write(database)

    assert 1 == len(Events(database).list())


def test_a_condition_is_judged_once(database: Database) -> None:
    """
    What a deed writes after its change is its own doing.
    """
    judged: list[str] = []
    with conditions.bound(lambda: judged.append("once")):
        for _ in range(2):
            conditions.arm()
            write(database)

    assert ["once"] == judged


def test_what_is_read_for_a_condition_is_of_the_transaction(database: Database) -> None:
    """
    And what is written for it, as that a token was used, waits for no lock of one's own.
    """
    with conditions.bound(lambda: write(database)):
        conditions.arm()
        write(database)

    assert 2 == len(Events(database).list())

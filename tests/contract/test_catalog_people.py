"""
What a catalog knows of users and of what they did, whatever engine keeps it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.errors import Conflict, NotFound, TundishError
from tundish.core.people import EVERYTHING, Actor, Grant, Kind, Role, User

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ANN = User("ann", "ann@lab", EVERYTHING, enabled=True, made_at=NOON, has_password=True)
NARROW = (Grant(Role.AUTHOR, Kind.IMAGE, "custom/*"), Grant(Role.VIEWER))


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))
    yield opened
    opened.close()


def test_a_user_comes_back_as_it_was_added(catalog: Catalog) -> None:
    """
    Every field is read as it was written.
    """
    bob = replace(ANN, name="bob", grants=NARROW, has_password=False)
    catalog.users.add(ANN, "a hash")
    catalog.users.add(bob, "")

    assert (ANN, bob) == catalog.users.list()


def test_names_are_used_once(catalog: Catalog) -> None:
    """
    A second user of the same name is refused.
    """
    catalog.users.add(ANN, "")

    with pytest.raises(Conflict, match="already"):
        catalog.users.add(ANN, "")


def test_the_nearest_name_is_named(catalog: Catalog) -> None:
    """
    Who mistypes is told whom there is.
    """
    catalog.users.add(ANN, "")

    with pytest.raises(NotFound, match="ann"):
        catalog.users.get("anm")


def test_an_admin_is_left(catalog: Catalog) -> None:
    """
    Only while another one is enabled may an admin go.
    """
    catalog.users.add(ANN, "")
    catalog.users.add(replace(ANN, name="bob"), "")
    catalog.users.remove("bob")

    with pytest.raises(Conflict):
        catalog.users.set_enabled("ann", enabled=False)


@pytest.mark.parametrize("change", ["UPDATE audit SET actor = 'eve'", "DELETE FROM audit"])
def test_lines_of_the_audit_stay(catalog: Catalog, change: str) -> None:
    """
    The engine itself refuses to change or delete one.
    """
    catalog.audit.add(
        Actor("ann", (), "api"), "image.pin", "noble", NOON, before="", after="", outcome="done"
    )

    with pytest.raises(TundishError), catalog.database.transaction() as connection:
        connection.execute(text(change))

    assert ["ann"] == [each.actor for each in catalog.audit.list()]


def test_the_audit_is_asked_by_what_is_wanted(catalog: Catalog) -> None:
    """
    By actor, deed and subject, and page by page.
    """
    for name in ("ann", "bob", "ann"):
        catalog.audit.add(
            Actor(name, (), "api"), "image.pin", name, NOON, before="", after="", outcome="done"
        )

    newest, *_ = catalog.audit.list(1)
    assert ([3, 1], [2], [1]) == (
        [each.id for each in catalog.audit.list(actor="ann")],
        [each.id for each in catalog.audit.list(subject="bob")],
        [each.id for each in catalog.audit.list(actor="ann", before=newest.id)],
    )

"""
What a source offers and what was accepted of it, for who may see it.
"""

import pytest

from tests.api.door import Door
from tests.support.region import DAY
from tundish.core.people import Grant, Kind, Role
from tundish.sync.sources import drafted

PARTS = ("offer", "documents")


@pytest.fixture
def named(door: Door) -> Door:
    """
    A door to a state that has a source of the name `lab`.
    """
    source = drafted("lab", "http://lab.example/", keyring=None, unsigned=True)
    door.app.catalog.sources.add(source, DAY)
    return door


@pytest.mark.parametrize("part", PARTS)
def test_of_a_hidden_source_nothing_is_told(named: Door, part: str) -> None:
    """
    It is answered as one that is not there.
    """
    token = named.as_("cy", Grant(Role.VIEWER, Kind.IMAGE, "debian/trixie/*"))

    assert 404 == named.get(f"sources/lab/{part}", token=token).status


def test_who_only_sees_a_source_does_not_have_it_asked(named: Door) -> None:
    """
    That is for who may sync it.
    """
    token = named.as_("vi", Grant(Role.VIEWER))

    assert 403 == named.call("POST", "/api/v1/sources/lab/refresh", token=token).status


def test_who_is_no_admin_takes_the_default_source_from_its_own_place(door: Door) -> None:
    """
    Another one would lead the server wherever they like.
    """
    token = door.as_("op", Grant(Role.OPERATOR))
    body = {"url": "http://127.0.0.1:9/"}

    assert 403 == door.call("POST", "/api/v1/sources/restore-default", body, token=token).status

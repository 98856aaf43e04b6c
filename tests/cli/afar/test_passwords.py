"""
A password is changed from afar as on the page: one's own by who knows the old one.
"""

import io

import pytest

from tests.cli.afar.conftest import Pair
from tests.support.seeding import PASSWORD

NEW = "staple of another kind"


@pytest.mark.parametrize(("old", "code"), [("a wild guess", 6), (PASSWORD, 0)])
def test_the_own_password_needs_the_old_one(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, old: str, code: int
) -> None:
    """
    It is the first line of standard input, and the new one the second.
    """
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{old}\n{NEW}\n"))

    assert code == pair.afar("user", "password", "ada", "--password-stdin").code


def test_an_admin_gives_another_a_password(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    There is no old one to say, and the one line is the new one.
    """
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{NEW}\n"))

    assert 0 == pair.afar("user", "password", "vic", "--password-stdin").code

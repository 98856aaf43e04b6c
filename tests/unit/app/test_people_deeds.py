"""
Deeds on people: what is one's own, and what a narrowed token may not reach by it.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tundish.app.deeds import people
from tundish.app.opened import App, open_app
from tundish.core import clock
from tundish.core.errors import Forbidden, InputError, Locked, NotFound
from tundish.core.people import EVERYTHING, Actor, Grant, Kind, Role
from tundish.settings import load

ROOT = Actor("root", EVERYTHING, "command")
CUSTOM = Grant(Role.AUTHOR, Kind.IMAGE, "custom/*")
ANN = Actor("ann", EVERYTHING, "api")
NARROW = replace(ANN, narrowed=(CUSTOM,))
BOB = Actor("bob", (Grant(Role.VIEWER),), "api")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with open_app(load({}, root=True, state=tmp_path / "state")) as found:
        people.create(found, ROOT, "ann", EVERYTHING)
        people.create(found, ROOT, "bob", BOB.grants)
        yield found


def _password(app: App) -> None:
    people.set_password(app, NARROW, "ann", "correct horse battery")


def _revoke(app: App) -> None:
    token, _ = people.make_token(app, ROOT, "ann", "laptop")
    people.revoke(app, NARROW, token.key)


def _wider(app: App) -> None:
    people.make_token(app, NARROW, "ann", "x", grants=(Grant(Role.ADMIN),))


@pytest.mark.parametrize("way", [_password, _revoke, _wider])
def test_a_narrowed_token_does_not_get_back_what_it_lacks(app: App, way: Callable[[App], None]) -> None:
    """
    Neither by a new password for its user, nor by the user's other tokens, nor by a wider one.
    """
    with pytest.raises(Forbidden):
        way(app)


@pytest.mark.parametrize("asked", [None, timedelta(days=90), timedelta(hours=1)])
def test_a_token_does_not_outlive_the_one_that_made_it(app: App, asked: timedelta | None) -> None:
    """
    Whatever end it asks for, so that who found a key has it no longer than it was to last.
    """
    now = clock.now()
    end = now + timedelta(days=1)
    token, _ = people.make_token(
        app, replace(ANN, until=end), "ann", "x", expires_at=now + asked if asked else None
    )

    assert token.expires_at == min(end, now + asked if asked else end)


def test_a_token_of_a_narrowed_one_is_as_narrow(app: App) -> None:
    """
    Also if it does not ask to be.
    """
    token, _ = people.make_token(app, NARROW, "ann", "x")

    assert (CUSTOM,) == token.grants


def test_everybody_keeps_own_tokens(app: App) -> None:
    """
    Who may only look makes and revokes own tokens.
    """
    token, _ = people.make_token(app, BOB, "bob", "laptop")
    people.revoke(app, BOB, token.key)

    assert () == people.tokens(app, BOB)


def test_the_token_of_another_is_as_if_it_were_not_there(app: App) -> None:
    """
    Nobody learns which keys there are.
    """
    token, _ = people.make_token(app, ANN, "ann", "laptop")

    with pytest.raises(NotFound):
        people.revoke(app, BOB, token.key)


def test_only_an_admin_lets_others_do_more(app: App) -> None:
    """
    And the attempt is in the audit.
    """
    with pytest.raises(Forbidden):
        people.grant(app, BOB, "bob", Grant(Role.ADMIN))

    last = app.catalog.audit.list(1)[0]
    assert ("bob", "user.grant", "refused") == (last.actor, last.deed, last.outcome)


def test_names_of_tokens_cannot_steer_a_terminal(app: App) -> None:
    """
    An admin reads them in a list.
    """
    token, _ = people.make_token(app, BOB, "bob", "\x1b[31mlaptop\a")

    assert "[31mlaptop" == people.rename_token(app, BOB, token.key, token.name + "\n").name


def test_a_pattern_without_letters_is_refused(app: App) -> None:
    """
    No name has control characters, so it would only be there to be printed.
    """
    with pytest.raises(InputError):
        people.grant(app, ROOT, "bob", Grant(Role.VIEWER, Kind.IMAGE, "a\x00b"))


OLD, NEW = "correct horse battery", "staple of another kind"


@pytest.fixture
def cat(app: App) -> Actor:
    """
    An admin who has a password.
    """
    people.create(app, ROOT, "cat", EVERYTHING, password=OLD)
    return Actor("cat", EVERYTHING, "page", "192.0.2.1")


@pytest.mark.parametrize("old", ["", "a wild guess"])
def test_ones_own_password_is_changed_by_who_knows_it(app: App, cat: Actor, old: str) -> None:
    """
    Who finds a session left open, be it that of an admin, takes no account by it.
    """
    with pytest.raises(Forbidden, match="until now"):
        people.set_password(app, cat, "cat", NEW, old=old)


def test_guesses_of_the_old_password_count_as_failed_logins(app: App, cat: Actor) -> None:
    """
    Else this would be the place to guess at.
    """
    for _ in range(5):
        with pytest.raises(Forbidden):
            people.set_password(app, cat, "cat", NEW, old="a wild guess")

    with pytest.raises(Locked):
        people.set_password(app, cat, "cat", NEW, old=OLD)


@pytest.mark.parametrize("who", [ANN, ROOT])
def test_an_admin_needs_no_old_password_of_another(app: App, cat: Actor, who: Actor) -> None:
    """
    Nor does a command on the server: so a forgotten password is mended.
    """
    people.set_password(app, who, cat.name, NEW)

    assert "cat" == app.admission().login("cat", NEW, cat.address).name


def test_a_first_password_is_given_by_an_admin(app: App) -> None:
    """
    A token that somebody found makes no login that outlives it.
    """
    with pytest.raises(Forbidden):
        people.set_password(app, BOB, "bob", NEW)

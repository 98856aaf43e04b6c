"""
People and tokens of a server, looked after from afar.
"""

import pytest

from tests.cli.afar.conftest import Pair


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("user", "grant", "bob", "author:image:custom/*"), "bob may now: author:image:custom/*"),
        (("user", "ungrant", "bob", "viewer"), "bob may no longer: viewer"),
        (("user", "disable", "bob"), "bob is disabled"),
        (("user", "remove", "bob"), "bob may not come in any more"),
    ],
    ids=lambda each: each[1] if isinstance(each, tuple) else "",
)
def test_a_user_is_let_in_and_changed(pair: Pair, words: tuple[str, ...], said: str) -> None:
    """
    A user made from afar is changed from afar, in the words of the command on the server.
    """
    pair.here("user", "remove", "bob")
    pair.afar("user", "create", "bob", "--no-password")
    pair.here("user", "grant", "bob", "operator")

    assert (0, said) == ((found := pair.afar(*words)).code, found.out.strip())


def test_a_token_is_made_and_revoked(pair: Pair) -> None:
    """
    Its text is shown once; revoked, it stands in no list.
    """
    made = pair.afar("token", "create", "ada", "--name", "far", "--expires", "90d", "--json").answer
    assert isinstance(made, dict)
    gone = pair.afar("token", "revoke", str(made["key"]))

    assert (True, 0, False) == (
        str(made["token"]).startswith("td_"),
        gone.code,
        str(made["key"]) in pair.here("token", "list").out,
    )


def test_a_token_that_is_not_there_cannot_be_revoked(pair: Pair) -> None:
    """
    The refusal is that of the server's own command.
    """
    words = ("token", "revoke", "0123456789abcdef")

    assert pair.here(*words).code == pair.afar(*words).code

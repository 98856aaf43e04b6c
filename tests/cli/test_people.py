"""
Letting people in from the command line, and what the audit keeps of every command.
"""

import json

import pytest

from tests.cli.terminal import Terminal, Upstream, commands
from tundish.cli.noted import CHANGING
from tundish.core.image import Json

ANN = ("user", "create", "ann", "--role", "admin", "--no-password", "--json")
DEEDS = {  # commands whose deeds note themselves
    *(
        "image accept",
        "image delete",
        "image restore",
        "image rollback",
        "image upload",
        "token create",
        "token revoke",
    ),
    *("job retry", "job stop"),
    *(f"user {verb}" for verb in ("create", "grant", "ungrant", "disable", "enable", "password", "remove")),
}
ASKING = {  # commands that change nothing of the state
    *(
        "audit list",
        "bundle list",
        "bundle show",
        "channel diff",
        "channel list",
        "channel show",
        "check",
        "completion",
    ),
    *("demo", "doctor", "event list", "image diff", "image download", "image hygiene", "image inspect"),
    *("image list", "image manifest", "image sbom", "image show", "image uploads", "job list", "job log"),
    "job show",
    *("machine list", "machine show", "mirror", "notice list", "pack", "select list", "serve"),
    *("remote add", "remote list", "remote remove", "remote use"),  # they change no state, but the own home
    *("source browse", "source check", "source list", "source show", "store usage", "sync status"),
    *("token list", "user list", "user show"),
}


def answers(terminal: Terminal, *words: str) -> dict[str, Json]:
    found = terminal(*words).answer
    assert isinstance(found, dict)
    return found


def deeds(terminal: Terminal) -> list[tuple[str, str, str]]:
    found = terminal("audit", "list", "--json").answer
    assert isinstance(found, list)
    return [
        (str(each["deed"]), str(each["subject"]), str(each["outcome"]))
        for each in found
        if isinstance(each, dict)
    ]


def test_every_command_is_said_to_change_something_or_not() -> None:
    """
    So that none which changes something stays out of the audit.
    """
    verbs = {
        " ".join(words) for words, each in commands() if not hasattr(each, "commands") or "sync" in words
    }

    assert verbs == CHANGING | DEEDS | ASKING


def test_a_user_is_made_shown_and_removed(terminal: Terminal) -> None:
    """
    What was granted is shown, and who is gone is not.
    """
    terminal(*ANN)
    terminal("user", "create", "ci", "--role", "author:image:custom/*", "--no-password")
    shown = answers(terminal, "user", "show", "ci", "--json")
    terminal("user", "remove", "ci")

    listed = terminal("user", "list", "--json").answer
    assert isinstance(listed, list)
    assert (["author:image:custom/*"], ["ann"]) == (
        shown["grants"],
        [each["name"] for each in listed if isinstance(each, dict)],
    )


def test_a_grant_is_given_and_taken(terminal: Terminal) -> None:
    """
    Each answer says what the user may then.
    """
    terminal(*ANN)
    given = answers(terminal, "user", "grant", "ann", "viewer", "--json")
    taken = answers(terminal, "user", "ungrant", "ann", "viewer", "--json")

    assert (["admin", "viewer"], ["admin"]) == (given["grants"], taken["grants"])


@pytest.mark.parametrize("words", [("remove", "ann"), ("disable", "ann"), ("ungrant", "ann", "admin")])
def test_the_last_admin_stays(terminal: Terminal, words: tuple[str, ...]) -> None:
    """
    Nobody can lock everybody out.
    """
    terminal(*ANN)

    said = terminal("user", *words)

    assert (5, True) == (said.code, "nobody would be left" in said.err)


@pytest.mark.parametrize(("maas", "mark"), [((), "_"), (("--maas",), ":")])
def test_a_token_is_shown_once(terminal: Terminal, maas: tuple[str, ...], mark: str) -> None:
    """
    Its text has three parts, and its secret is in no list and in no line of the audit.
    """
    terminal(*ANN)

    text = terminal("token", "create", "ann", "--name", "laptop", *maas).out.strip()

    secret = text.split(mark)[-1]
    told = terminal("token", "list", "--json").out + terminal("audit", "list", "--json").out
    assert (2, False, True) == (text.count(mark), secret in told, "laptop" in told)


def test_a_revoked_token_is_gone(terminal: Terminal) -> None:
    """
    It is named by its public half.
    """
    terminal(*ANN)
    made = answers(terminal, "token", "create", "ann", "--expires", "90d", "--json")
    terminal("token", "revoke", str(made["key"]))

    assert [] == terminal("token", "list", "--json").answer


def test_without_a_terminal_no_password_is_asked_for(terminal: Terminal) -> None:
    """
    Scripts are told what to give instead.
    """
    said = terminal("user", "create", "ann")

    assert (2, True) == (said.code, "--password-stdin" in said.err)


@pytest.mark.parametrize("word", ["king", "author:moon:x", ""])
def test_a_grant_that_is_none_is_explained(terminal: Terminal, word: str) -> None:
    """
    The roles and kinds there are stand in the message.
    """
    said = terminal("user", "create", "ann", "--no-password", "--role", word)

    assert (2, True) == (said.code, "operator" in said.err)


def test_changes_by_command_are_noted(terminal: Terminal, lab: Upstream) -> None:
    """
    Those that failed, too; questions are not.
    """
    terminal("source", "add", "lab", lab.root, "--keyring", lab.keyring)
    terminal("source", "remove", "moon")
    terminal("source", "list")

    assert [("source.remove", "moon", "failed"), ("source.add", "lab", "done")] == deeds(terminal)


def test_the_audit_keeps_no_secrets(terminal: Terminal, lab: Upstream) -> None:
    """
    The login in an address is not written down.
    """
    terminal("source", "add", "other", "http://me:hush@127.0.0.1:9/", "--keyring", lab.keyring)

    found = terminal("audit", "list", "--json").answer

    assert (True, False) == ("source.add" in json.dumps(found), "hush" in json.dumps(found))

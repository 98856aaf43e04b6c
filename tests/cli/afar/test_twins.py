"""
Commands over the API say what they say on the state itself.
"""

import pytest

from tests.cli.afar.conftest import Pair
from tests.cli.terminal import commands
from tundish.cli.afar.twins import HERE, TWINS

ASKED = [
    ("audit", "list"),
    ("event", "list"),
    ("image", "list"),
    ("image", "list", "--os", "ubuntu", "--state", "complete"),
    ("image", "show", "ubuntu/noble/amd64"),
    ("image", "delete", "ubuntu/noble/amd64@20260401"),
    ("image", "pin", "ubuntu/noble/amd64"),
    ("image", "show", "ubuntu/noble/amd64@20260501"),
    ("image", "unpin", "ubuntu/noble/amd64"),
    ("image", "hold", "ubuntu/noble/amd64"),
    ("image", "release", "ubuntu/noble/amd64"),
    ("job", "list"),
    ("job", "list", "--kind", "gc"),
    ("job", "show", "1"),
    ("job", "log", "1"),
    ("machine", "list"),
    ("notice", "list", "--all"),
    ("channel", "list"),
    ("select", "list"),
    ("sync", "status"),
    ("token", "list"),
    ("user", "list"),
    ("user", "show", "ada"),
    ("image", "uploads", "--all"),
]


@pytest.mark.parametrize("words", ASKED, ids=" ".join)
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_a_question_is_answered_alike(pair: Pair, words: tuple[str, ...], form: tuple[str, ...]) -> None:
    """
    The same words print the same on the state and from afar, as text and as JSON.
    """
    pair.afar(*words, *form)  # to ask is to use a token, and that shows in what is asked next
    here = pair.here(*words, *form)
    afar = pair.afar(*words, *form)

    assert (here.code, here.out) == (afar.code, afar.out)


@pytest.mark.parametrize(
    "words",
    [
        ("job", "show", "99"),
        ("job", "stop", "1"),
        ("image", "show", "no/such/image"),
        ("image", "restore", "ubuntu/noble/amd64@20260501"),
        ("image", "rollback", "no/such/image@1"),
        ("machine", "show", "52:54:00:00:00:99"),
    ],
)
def test_a_refusal_is_the_same(pair: Pair, words: tuple[str, ...]) -> None:
    """
    What is not possible ends with the same code and the same words.
    """
    here, afar = pair.here(*words), pair.afar(*words)

    assert (here.code, here.err) == (afar.code, afar.err)


def test_a_selection_is_made_and_taken_back(pair: Pair) -> None:
    """
    A change from afar is there, under the number that was said.
    """
    made = pair.afar("select", "add", "debian/bookworm", "--force", "--json").answer
    assert isinstance(made, dict)
    listed = pair.here("select", "list").out
    gone = pair.afar("select", "remove", str(made["id"]))

    assert (True, 0, False) == (
        "bookworm" in listed,
        gone.code,
        "bookworm" in pair.here("select", "list").out,
    )


def test_what_cannot_be_done_from_afar_says_so(pair: Pair) -> None:
    """
    A command without a twin touches neither the server nor this machine.
    """
    said = pair.afar("serve")

    assert (2, True) == (said.code, "run it on the server itself" in said.err)


def test_a_wrong_token_is_refused(pair: Pair) -> None:
    """
    The code is that of what is not allowed.
    """
    pair.token_file.write_text("td_0000000000000000_wrong")

    assert 6 == pair.afar("job", "list").code


def test_without_a_token_it_is_said_how_to_have_one(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Nothing is asked.
    """
    monkeypatch.delenv("TUNDISH_TOKEN_FILE")

    assert "tundish token create" in pair.afar("job", "list").err


def test_every_twin_is_one_of_a_command() -> None:
    """
    The table names commands that there are.
    """
    known = {" ".join(words) for words, _ in commands()}

    assert set() == (set(TWINS) | HERE) - known

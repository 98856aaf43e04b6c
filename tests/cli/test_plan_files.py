"""
Plans as files, as typed.
"""

import json

import pytest

from tests.cli.terminal import Terminal, Upstream


@pytest.fixture
def ready(terminal: Terminal, lab: Upstream) -> Terminal:
    """
    A source and a selection, and nothing synced yet.
    """
    terminal("source", "add", "lab", lab.root, "--keyring", lab.keyring)
    terminal("select", "add", "ubuntu/*")
    return terminal


def test_a_saved_plan_is_shown_and_applied(ready: Terminal) -> None:
    """
    What was looked at is what is done.
    """
    paper = ready.state.parent / "plan.json"
    shown = ready("sync", "--plan", "--save", paper)
    done = ready("sync", "--apply", paper)

    assert (0, 0, True) == (shown.code, done.code, "2 versions complete" in done.out)


def test_the_answer_of_a_plan_is_a_plan_file(ready: Terminal) -> None:
    """
    Programs need no second form.
    """
    paper = ready.state.parent / "plan.json"
    paper.write_text(ready("sync", "--plan", "--json").out)

    assert 0 == ready("sync", "--apply", paper).code


def test_a_plan_of_another_world_is_refused(ready: Terminal) -> None:
    """
    With exit code 5, and what moved.
    """
    paper = ready.state.parent / "plan.json"
    ready("sync", "--plan", "--save", paper)
    ready("sync")
    said = ready("sync", "--apply", paper, "--json")

    assert (5, True) == (said.code, "was absent, is complete" in json.loads(said.err)["message"])


def test_a_file_that_is_no_plan_is_refused(ready: Terminal) -> None:
    """
    With exit code 2.
    """
    paper = ready.state.parent / "plan.json"
    paper.write_text("{}")

    assert 2 == ready("sync", "--apply", paper).code


def test_a_plan_that_is_not_there_is_not_found(ready: Terminal) -> None:
    """
    With exit code 4.
    """
    assert 4 == ready("sync", "--apply", ready.state / "none.json").code


@pytest.mark.parametrize(
    "words", [["--save", "x.json"], ["--plan", "--apply", "/dev/null"], ["--apply", "/dev/null", "lab"]]
)
def test_words_that_do_not_go_together(ready: Terminal, words: list[str]) -> None:
    """
    Saving is of a plan that is shown; applying is of a plan that is made.
    """
    assert 2 == ready("sync", *words).code


def test_a_plan_that_cannot_be_saved_says_where(ready: Terminal) -> None:
    """
    A folder that is not there is named.
    """
    said = ready("sync", "--plan", "--save", ready.state / "none" / "plan.json")

    assert (11, True) == (said.code, "none/plan.json" in said.err)

"""
`tundish job`: jobs that a door asked for, looked at, stopped and retried from the command line.
"""

import pytest

from tests.cli.terminal import Terminal
from tundish.app.deeds import jobs
from tundish.app.opened import open_app
from tundish.core import clock
from tundish.core.image import Json
from tundish.core.people import EVERYTHING, Actor
from tundish.settings import load


@pytest.fixture
def number(terminal: Terminal) -> str:
    """
    A garbage collection that ada asked for, and that no server has taken yet.
    """
    with open_app(load({}, state=terminal.state)) as app:
        return str(jobs.begin(app, Actor("ada", EVERYTHING, "api"), "gc", {"grace_days": 5}).id)


def answer(terminal: Terminal, *words: str) -> dict[str, Json]:
    found = terminal(*words, "--json").answer
    assert isinstance(found, dict)
    return found


def test_a_job_that_waits_is_listed(terminal: Terminal, number: str) -> None:
    """
    As queued, with what it is asked to do and by whom.
    """
    shown = answer(terminal, "job", "show", number)

    assert ("queued", "ada", {"grace_days": 5}, None) == (
        shown["outcome"],
        shown["actor"],
        shown["arguments"],
        shown["ended_at"],
    )


def test_a_job_is_stopped(terminal: Terminal, number: str) -> None:
    """
    It ends at once, since nobody runs it; a second time there is nothing to stop.
    """
    stopped, again = terminal("job", "stop", number), terminal("job", "stop", number)

    assert (0, True, 5, True) == (
        stopped.code,
        "is stopped" in stopped.out,
        again.code,
        "ended already" in again.err,
    )


def test_a_job_is_retried(terminal: Terminal, number: str) -> None:
    """
    As a new one that waits for a server, with the same arguments.
    """
    terminal("job", "stop", number)
    again = answer(terminal, "job", "retry", number)

    assert (int(number) + 1, "queued", {"grace_days": 5}) == (
        again["id"],
        again["outcome"],
        again["arguments"],
    )


def test_what_has_not_ended_is_not_retried(terminal: Terminal, number: str) -> None:
    """
    The message says how it is.
    """
    said = terminal("job", "retry", number)

    assert (5, True) == (said.code, "is queued" in said.err)


def test_the_log_of_a_job_is_shown(terminal: Terminal, number: str) -> None:
    """
    Line by line; with --follow until it has ended.
    """
    terminal("job", "stop", number)
    said = terminal("job", "log", number, "--follow", "--after", "1")

    assert (1, True) == (said.out.count("\n"), "to be stopped" in said.out)


def test_a_log_is_read_by_programs(terminal: Terminal, number: str) -> None:
    """
    One document without --follow.
    """
    found = terminal("job", "log", number, "--json").answer
    assert isinstance(found, list)

    assert ["asked for by ada (api)"] == [each["text"] for each in found if isinstance(each, dict)]


def test_a_job_that_is_not_there_has_no_log(terminal: Terminal) -> None:
    """
    It is said, not shown as empty.
    """
    assert 4 == terminal("job", "log", "7", "--json").code


def test_what_a_server_runs_names_it(terminal: Terminal, number: str) -> None:
    """
    The server and the attempt.
    """
    with open_app(load({}, state=terminal.state)) as app:
        app.catalog.jobs.claim("a server", clock.now(), clock.now())

    assert "run by   a server, attempt 1" in terminal("job", "show", number).out

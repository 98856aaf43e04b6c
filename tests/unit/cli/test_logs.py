"""
Lines of the log: one each, whatever a client put into them.
"""

import json
import logging

import pytest

from tundish.cli.logs import JsonForm, TextForm
from tundish.core.answered import Answered

EVIL = "x\r\n2026-05-04T12:00:00.000Z error tundish: hacked\x1b[31m\x00\u2028y\x85"
ANSWERED = Answered("files", "GET", "/a\nb", 200, 7, 0.0125, "10.0.0.1", "r-1", "ann")


def record(message: str, *words: object, answered: Answered | None = None) -> logging.LogRecord:
    made = logging.LogRecord("tundish.x", logging.WARNING, "x.py", 1, message, words, None)
    made.created = 1777896000.25
    if answered is not None:
        made.answered = answered
    return made


@pytest.mark.parametrize("form", [TextForm(), JsonForm()])
def test_a_client_cannot_begin_a_line(form: logging.Formatter) -> None:
    """
    Whatever it sends, the line has no control character and is one line.
    """
    line = form.format(record("asked for %s", EVIL))

    assert (True, [line]) == (line.isprintable(), line.splitlines())


def test_text_begins_with_time_level_and_place() -> None:
    """
    The line is for people, and sorts by time.
    """
    assert "2026-05-04T12:00:00.250Z warning tundish.x: 5 of 6" == TextForm().format(record("%d of %d", 5, 6))


def test_json_has_the_facts_of_a_request() -> None:
    """
    Each fact of a request is a field of its own.
    """
    assert {
        "time": "2026-05-04T12:00:00.250Z",
        "level": "warning",
        "logger": "tundish.x",
        "message": "said",
        "door": "files",
        "method": "GET",
        "path": "/a\nb",
        "status": 200,
        "ms": 12.5,
        "bytes": 7,
        "actor": "ann",
        "address": "10.0.0.1",
        "request_id": "r-1",
    } == json.loads(JsonForm().format(record("said", answered=ANSWERED)))


@pytest.mark.parametrize("form", [TextForm(), JsonForm()])
def test_a_message_has_an_end(form: logging.Formatter) -> None:
    """
    A very long message is cut.
    """
    assert 5_000 > len(form.format(record("x" * 1_000_000)))


def test_a_traceback_is_indented_and_plain() -> None:
    """
    What an exception says cannot pretend to be a line of the log either.
    """
    made = record("bug")
    error = ValueError("a\n2026-05-04 error: hacked\x1b[31m")
    made.exc_info = (ValueError, error, None)
    lines = TextForm().format(made).splitlines()

    assert (True, True) == (
        all(line.startswith("    ") for line in lines[1:]),
        all(line.isprintable() for line in lines),
    )

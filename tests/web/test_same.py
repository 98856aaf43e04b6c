import html
import re
import shlex
from collections.abc import Iterator

import click
import pytest

from tests.support.seeding import Seeded
from tests.web.asked import Visitor
from tundish.api.routes import control_door
from tundish.cli.main import tundish
from tundish.web.rendering import curl
from tundish.web.visit import Same

PATHS = (
    "/",
    "/images?q=noble&os=ubuntu",
    "/image?ref=ubuntu/noble/amd64",
    "/select",
    "/sources",
    "/sources/+new",
    "/sources/vendor",
    "/jobs",
    "/jobs/1",
    "/channels",
    "/uploads",
    "/machines",
    "/bundles",
    "/audit",
    "/audit?actor=ada&deed=image.pin",
    "/people",
    "/people/ada",
    "/settings",
)


def lines(few: Seeded) -> Iterator[tuple[str, str]]:
    """
    All lines that can be copied, with the pages they are on, those that ask first included.
    """
    visitor = Visitor(few).log_in()
    pages = {path: visitor.get(path).text for path in PATHS}
    for verb in ("delete", "roll-back"):
        pages[verb] = visitor.post("/images", deed=verb, ref="ubuntu/noble/amd64").text
    pages["source"] = visitor.post("/sources/vendor", deed="remove").text
    pages["unselect"] = visitor.post("/select", deed="remove", number="1").text
    pages["plan"] = visitor.post("/select", want="centos/noble/amd64/*").text
    for path, text in pages.items():
        yield from ((path, html.unescape(line)) for line in re.findall(r'data-copy="([^"]*)"', text))


def is_known(words: list[str]) -> bool:
    command: click.Command = tundish
    for word in words:
        if not isinstance(command, click.Group) or word.startswith("-"):
            return True
        found = command.get_command(click.Context(command), word)
        if found is None:
            return bool(command.invoke_without_command)
        command = found
    return True


def test_every_command_that_is_shown_exists(few: Seeded) -> None:
    """
    What a page says that a command does, some command does.
    """
    said = [(path, line) for path, line in lines(few) if line.startswith("tundish ")]

    assert [] == [each for each in said if not is_known(shlex.split(each[1])[1:])]


def test_every_request_that_is_shown_is_one_of_the_api(few: Seeded) -> None:
    """
    Method and path of every line for curl stand in the description of the API.
    """
    known = documented(few)
    said = [(path, shlex.split(line)) for path, line in lines(few) if line.startswith("curl ")]

    assert [] == [
        (path, words)
        for path, words in said
        for method in [words[words.index("-X") + 1] if "-X" in words else "GET"]
        for asked in [words[-1].partition("/api/v1")[2].partition("?")[0]]
        if not any(method == one and re.fullmatch(pattern, asked) for one, pattern in known)
    ]


def documented(few: Seeded) -> list[tuple[str, str]]:
    """
    Methods with patterns of paths.
    """
    paths = control_door(few.app, few.admission).openapi()["paths"]
    return [
        (method.upper(), re.sub(r"{[^}]*}", "[^/]+", path.removeprefix("/api/v1")))
        for path, methods in paths.items()
        for method in methods
    ]


@pytest.mark.parametrize("body", ["", '{"a":"it\'s"}'])
def test_a_line_for_the_shell_says_what_it_means(body: str) -> None:
    """
    A shell takes the line apart into the words that were meant.
    """
    words = shlex.split(curl(Same("x", "/jobs", "POST", body), "http://host"))

    assert (["-X", "POST"], "http://host/api/v1/jobs", body in ("", *words)) == (words[3:5], words[-1], True)

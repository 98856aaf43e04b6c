"""
The command line as a person uses it: words in, an exit code and two texts out.
"""

import itertools
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from tests.support.keys import MADE_AT, key
from tests.support.region import DAY
from tests.support.stream_simulator import StreamSimulator
from tundish.cli import main
from tundish.cli.command import VerbalNoun
from tundish.core.image import Json

_SHELL = {"<", "|", ">", ">>", "&&", ";", "&", "2>"}  # where a command ends


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def answer(self) -> Json:
        """
        What stands on standard output, as JSON.
        """
        found: Json = json.loads(self.out)
        return found


@dataclass(frozen=True, slots=True)
class Terminal:
    """
    Runs commands in this process, on a state folder of its own.
    """

    state: Path
    capture: pytest.CaptureFixture[str]

    def __call__(self, *words: str | Path) -> Said:
        code = main.run(["--state", str(self.state), *map(str, words)])
        captured = self.capture.readouterr()
        return Said(code, captured.out, captured.err)


def program(*words: str | Path, **environment: str | Path) -> Said:
    """
    The real program, in a process with this environment and the search path.
    """
    done = subprocess.run(
        command(*words),
        env={"PATH": os.environ["PATH"]} | {name: str(value) for name, value in environment.items()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "tundish", *map(str, words)]


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """
    Every command there is, with the words that lead to it; groups included.
    """
    yield from _below((), main.tundish)


def _below(words: tuple[str, ...], at: click.Command) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, at
    if isinstance(at, click.Group):
        context = click.Context(at)
        for name in at.list_commands(context):
            inner = at.get_command(context, name)
            if inner is not None:
                yield from _below((*words, name), inner)


def left_over(line: str) -> list[str]:
    """
    The words of a line of shell that our command line does not read; it is read, and nothing is done.

    Raises:
        click.UsageError: it cannot be read at all.
    """
    words = shlex.split(line, comments=True)
    words = list(itertools.takewhile(lambda word: word not in _SHELL, words[words.index("tundish") + 1 :]))
    if words[:1] == ["--state"]:
        words = words[2:]
    at = click.Context(main.tundish, info_name="tundish")
    while _leads_on(at.command, words):
        assert isinstance(at.command, click.Group)
        _, inner, words = at.command.resolve_command(at, words)
        if inner is not None:  # otherwise resolve_command has raised
            at = click.Context(inner, info_name=inner.name, parent=at)
    if isinstance(at.command, click.Group) and not isinstance(at.command, VerbalNoun):
        return []
    return at.command.make_context(at.info_name, words).args


def _leads_on(command: click.Command, words: list[str]) -> bool:
    """
    Whether the next word names a command behind this one.
    """
    if isinstance(command, VerbalNoun):
        return words[:1] != [] and words[0] in command.commands
    return isinstance(command, click.Group) and words[:1] != [] and not words[0].startswith("-")


@dataclass(frozen=True, slots=True)
class Upstream:
    """
    A signed stream in a folder, and keyrings to believe it with, or not.
    """

    root: Path
    keyring: Path  # that of its signer
    foreign: Path  # somebody else's
    secret: Path  # its signer's secret key


def upstream(folder: Path) -> Upstream:
    stream = StreamSimulator(key("upstream").signer(at=MADE_AT))
    stream.add()
    stream.add(series="jammy", kernel="ga-22.04")
    stream.publish(DAY)
    stream.write_to(folder / "upstream")
    made = Upstream(
        folder / "upstream", folder / "upstream.gpg", folder / "foreign.gpg", folder / "secret.gpg"
    )
    made.keyring.write_bytes(stream.keyring)
    made.foreign.write_bytes(key("foreign").keyring)
    made.secret.write_bytes(key("upstream").secret.read_bytes())
    return made

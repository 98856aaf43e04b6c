"""
What commands share: the opened app, the `--json` flag, tables and sizes as people read them.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import click

from tundish.cli.noted import noted
from tundish.core.errors import TundishError, reaction
from tundish.core.image import Json

if TYPE_CHECKING:  # opened lazily: the catalog's library costs 0.2 s to import
    from tundish.app.opened import App

_Command = TypeVar("_Command", bound=Callable[..., object])


def json_option(command: _Command) -> _Command:
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON on standard output.")(command)


@contextmanager
def opened(context: click.Context) -> Iterator["App"]:
    """
    The app on the state folder that the command line names. What changes something is noted in the audit.
    """
    from tundish.app.opened import open_app
    from tundish.settings import load

    with open_app(load(state=context.find_root().obj)) as app, noted(app, context):
        yield app


def answer(value: Json) -> None:
    """
    JSON on standard output, for `--json`.
    """
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def error_json(error: TundishError) -> dict[str, Json]:
    """
    An error for programs.
    """
    return {"error": type(error).__name__, "message": str(error), "exit": reaction(error).exit}


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """
    A table on standard output, as wide as its words; `empty` says what to do when there is nothing.
    """
    lines = [tuple(row) for row in rows]
    if not lines:
        click.echo(empty, err=True)
        return
    widths = [max(len(line[place]) for line in [tuple(heads), *lines]) for place in range(len(heads))]
    click.echo(click.style(_line(heads, widths), bold=True))
    for line in lines:
        click.echo(_line(line, widths))


def _line(words: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(word.ljust(width) for word, width in zip(words, widths, strict=True)).rstrip()


def size_text(count: int) -> str:
    """
    Bytes as people read them: 1.2 GiB.
    """
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def time_text(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else "-"

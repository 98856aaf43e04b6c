"""
`tundish image diff`: what is different between two images.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tundish.cli.command import Verb
from tundish.cli.looked import shelved
from tundish.cli.reading import reading
from tundish.cli.session import json_option
from tundish.core import clock
from tundish.core.errors import InputError

if TYPE_CHECKING:  # loaded when there is something to compare
    from tundish.check.difference import Comparison

_COLOURS = {"good": "green", "bad": "red", "warn": "yellow"}


@click.command(
    cls=Verb,
    example="""
    tundish image diff rocky9-old.tar.gz rocky9.tar.gz
    tundish image diff debian/bookworm/amd64@20260101 debian/bookworm/amd64 --html -o diff.html
    """,
)
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="AFTER")
@json_option
@click.option("--html", "as_html", is_flag=True, help="Answer as one page that stands alone.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file."
)
@click.option("--all", "all_", is_flag=True, help="Cut no list.")
@click.pass_context
def diff(
    context: click.Context,
    *,
    before: str,
    after: str,
    as_json: bool,
    as_html: bool,
    output: Path | None,
    all_: bool,
) -> None:
    """
    Tell what is different in the second of two images: files, folders, or images of the catalog.

    Findings of the rules, system, kernels, packages, users, services, files by content and metadata, and
    where the space went. Times of files do not count. Nothing is unpacked, mounted or run.
    """
    from tundish.app.comparing import compare

    form = form_of(as_json=as_json, as_html=as_html)
    with shelved(context) as shelf, reading(f"{before} and {after}") as heard:
        found = compare(before, after, shelf, today=clock.now().date(), heard=heard)
    say(found, form, output, all_=all_)


def form_of(*, as_json: bool, as_html: bool) -> str:
    """
    Raises:
        UsageError: there cannot be two.
    """
    if as_json and as_html:
        raise click.UsageError("--json and --html exclude each other")
    return "json" if as_json else "html" if as_html else "text"


def say(found: "Comparison", form: str, output: Path | None, *, all_: bool) -> None:
    written = _written(found, form, all_=all_, plain=output is not None)
    if output is None:
        click.echo(written, nl=False)
        return
    try:
        output.write_text(written, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}") from error
    click.echo(f"wrote {output}", err=True)


def _written(found: "Comparison", form: str, *, all_: bool, plain: bool) -> str:
    from tundish.check import difference_html, difference_json, difference_text

    if form == "json":
        return json.dumps(difference_json.document(found), indent=2, ensure_ascii=False) + "\n"
    if form == "html":
        return difference_html.page(found, all_=all_)
    shown = difference_text.lines(found, all_=all_)
    return "".join((one.text if plain else _styled(one.text, one.tone)) + "\n" for one in shown)


def _styled(text: str, tone: str) -> str:
    return click.style(text, fg=_COLOURS.get(tone), bold=tone == "head", dim=tone == "dim") if text else ""

"""
`tundish demo`: the main job on real input, told as it happens.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import click

from tundish.cli.command import Verb
from tundish.cli.progress import Bars, Lines, shown
from tundish.cli.session import answer, json_option, size_text, table
from tundish.cli.sync import show_plan
from tundish.core.image import Json
from tundish.demo.story import Step, Story
from tundish.sync.run import Prepared


class _Teller:
    """
    Tells the story on the terminal; with `--json`, only on standard error.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def begins(self, name: str) -> None:
        click.echo(click.style(f"\n== {name}", bold=True), err=True)

    def says(self, line: str) -> None:
        click.echo(line, err=True)

    def plans(self, prepared: Prepared) -> None:
        if not self._quiet:
            show_plan(prepared, None, all_lines=True)

    @contextmanager
    def watches(self) -> Iterator[Lines | Bars]:
        with shown() as watch:
            yield watch


@click.command(
    cls=Verb,
    example="""
    tundish demo
    tundish demo --no-boot
    """,
)
@click.option("--no-boot", is_flag=True, help="End once the region has synced; no QEMU needed.")
@click.option("--keep", is_flag=True, help="Leave the region's server running at the end.")
@json_option
@click.pass_context
def demo(context: click.Context, *, no_boot: bool, keep: bool, as_json: bool) -> None:
    """
    Build a real image, publish it signed, sync it into a second state, and boot a machine from there.

    Everything happens below the folder `demo` of the state folder; a further run begins anew there.
    """
    from tundish.settings import load

    settings = load(state=context.find_root().obj)
    story = Story(
        replace(settings, state=settings.state / "demo", host="127.0.0.1"),
        _Teller(quiet=as_json),
        boot=not no_boot,
        keep=keep,
    )
    story.tell()
    if as_json:
        answer([_fields(step) for step in story.steps])
    else:
        _summary(story)


def _fields(step: Step) -> Json:
    return {
        "step": step.name,
        "seconds": round(step.seconds, 2),
        "bytes": step.moved,
        "result": step.result,
        "again": step.again,
    }


def _summary(story: Story) -> None:
    click.echo()
    table(
        ["STEP", "TIME", "BYTES", "RESULT"],
        [(step.name, f"{step.seconds:.1f} s", size_text(step.moved), step.result) for step in story.steps]
        + [("all", f"{sum(step.seconds for step in story.steps):.1f} s", "", "")],
        empty="",
    )
    click.echo("\nSee each result again:")
    for step in story.steps:
        click.echo(f"  {step.name:8} {step.again}")
    if story.kept:
        click.echo(f"\nThe region serves on: {story.kept.control} and {story.kept.files}")
        click.echo(f"End it with: kill {story.kept.running.pid}")

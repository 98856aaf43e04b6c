"""
`tundish sync`: fetch what is selected and offered.
"""

import json
import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from tundish.cli import steering
from tundish.cli.command import VerbalNoun
from tundish.cli.session import answer, error_json, json_option, opened, size_text, table
from tundish.core import clock
from tundish.core.errors import NotFound, StorageError, TundishError
from tundish.core.image import Json
from tundish.core.names import SourceName

if TYPE_CHECKING:  # a sync that finds nothing changed does without these, and so does who needs `stoppable`
    from tundish.sync.ledger import Outcome
    from tundish.sync.plan import Plan
    from tundish.sync.run import Prepared

STOPPING = b"stopping with the next bytes that come; Ctrl-C again ends at once\n"
NOTHING: Json = {  # what `outcome_json` says of a run without a change
    "fetched_files": 0,
    "fetched_bytes": 0,
    "completed": [],
    "retired": [],
    "incomplete": [],
    "failures": [],
    "unread": [],
}
TWICE = 1.0  # seconds in which a second SIGTERM is the first: `timeout` sends it to us and to our group
SHOWN = 40  # lines of a plan before the rest is counted


@click.group(
    cls=VerbalNoun,
    example="""
    tundish sync --plan
    tundish sync
    tundish sync lab --json
    tundish sync --plan --save monday.json
    tundish sync --apply monday.json
    tundish sync status
    """,
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--save", type=click.Path(dir_okay=False), help="Keep the plan in this file; with --plan.")
@click.option("--apply", "paper", type=click.Path(dir_okay=False), help="Do exactly what a saved plan says.")
@click.option("--all", "all_lines", is_flag=True, help="Show every line of the plan.")
@click.option("--parallel", type=click.IntRange(1, 64), help="Files fetched side by side.  [default: 8]")
@click.option("--allow-rollback", is_flag=True, help="Accept documents older than those accepted before.")
@click.option("--allow-mass-removal", is_flag=True, help="Retire more than half of all images if need be.")
@json_option
@click.pass_context
def sync(
    context: click.Context,
    *,
    sources: tuple[str, ...],
    only_plan: bool,
    save: str | None,
    paper: str | None,
    all_lines: bool,
    parallel: int | None,
    allow_rollback: bool,
    allow_mass_removal: bool,
    as_json: bool,
) -> None:
    """
    Fetch what is selected and offered, from all enabled sources or from those named.
    """
    is_plain = not (only_plan or save or paper or sources or allow_rollback)
    if is_plain and _is_resting(context, as_json=as_json):
        return
    from tundish.cli.progress import shown
    from tundish.cli.reminding import remind
    from tundish.sync import planfile, run
    from tundish.sync.applying import bound

    if (save and not only_plan) or (paper and (only_plan or sources)):
        raise click.UsageError("--save goes with --plan; --apply goes with neither --plan nor sources")
    saved = planfile.parse(_read(paper, planfile.LIMIT), paper) if paper else None
    names = saved.sources if saved else tuple(SourceName(name) for name in sources)
    with opened(context) as app:
        desk = app.desk(parallel)
        if only_plan:
            prepared = run.prepare(desk, names, allow_rollback=allow_rollback)
            _show_only(prepared, names, save, as_json=as_json, all_lines=all_lines)
            return
        with shown() as watch, stoppable() as stop:

            def planned(prepared: "Prepared") -> None:
                if not as_json:
                    show_plan(prepared, None, all_lines=all_lines)
                watch.expect(prepared.plan)

            def ended(outcome: "Outcome", error: TundishError) -> None:
                if as_json:  # for people, what failed says what there is to say
                    show_outcome(outcome, error, as_json=True)

            outcome = run.sync(
                desk,
                names,
                watch=watch,
                stop=stop,
                planned=bound(desk, saved, paper, planned) if saved and paper else planned,
                allow_rollback=allow_rollback,
                allow_mass_removal=allow_mass_removal,
                may_rest=saved is None,
                may_follow=saved is None,
                ended=ended,
            )
        if not as_json:
            remind(app)
    show_outcome(outcome, as_json=as_json)


for verb in (steering.status, steering.stop, steering.auto):
    sync.add_command(verb)


def _show_only(
    prepared: "Prepared", names: Sequence[SourceName], save: str | None, *, as_json: bool, all_lines: bool
) -> None:
    """
    Show a plan, and keep it if that is wished.

    Raises:
        TundishError: a source could not be read.
    """
    from tundish.sync import planfile

    document = planfile.document(prepared, names, clock.now())
    if save:
        _keep(Path(save), document)
    show_plan(prepared, document if as_json else None, all_lines=all_lines)
    if prepared.unreadable:
        raise prepared.unreadable[0].error


def _is_resting(context: click.Context, *, as_json: bool) -> bool:
    """
    Whether there is nothing to do, found out the short way, and said.
    """
    from tundish.app.quick import resting
    from tundish.cli.reminding import say
    from tundish.settings import load

    notices = resting(load(state=context.find_root().obj), clock.now())
    if notices is None:
        return False
    if as_json:
        answer(NOTHING)
    else:
        say(notices)
        click.echo("done: nothing to do, no source has changed")
    return True


def _read(paper: str, limit: int) -> bytes:
    """
    A plan file, and a byte more than allowed if it is longer.
    """
    try:
        with Path(paper).open("rb") as stream:
            return stream.read(limit + 1)
    except OSError as error:
        raise NotFound(f"cannot read the plan {paper}: {error.strerror}") from error


def _keep(path: Path, document: dict[str, Json]) -> None:
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_text(json.dumps(document, indent=2))
        draft.replace(path)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}; save the plan elsewhere") from error


def show_plan(prepared: "Prepared", document: dict[str, Json] | None, *, all_lines: bool) -> None:
    """
    A plan on standard output, as its document if one is given; what could not be read, on standard error.
    """
    from tundish.sync.verdict import of_source

    for unreadable in prepared.unreadable:
        click.echo(f"warning: {of_source(unreadable.source, unreadable.error)}", err=True)
    for offer in prepared.offers:
        for unread in offer.unread:
            click.echo(f"warning: {unread.content_id}: {unread.error}", err=True)
        for remark in offer.remarks[:SHOWN]:
            click.echo(f"note: {remark.subject}: {remark.text}", err=True)
    if document is not None:
        answer(document)
    else:
        _plan_text(prepared.plan, all_lines=all_lines)


def _plan_text(plan: "Plan", *, all_lines: bool) -> None:
    from tundish.sync.plan import Action

    lines = [each for action in Action for each in plan.of(action)]
    counts = {str(action): (len(plan.of(action)), plan.bytes_of(action)) for action in Action}
    say_plan(
        [(str(each.action), each.ref, each.source, size_text(each.size), each.reason) for each in lines],
        {**counts, "fetch": (counts["fetch"][0], plan.fetch_bytes)},
        len(plan.files),
        all_lines=all_lines,
    )


def say_plan(
    lines: Sequence[tuple[str, ...]],
    counts: Mapping[str, tuple[int, int]],
    files: int,
    *,
    all_lines: bool,
) -> None:
    """
    A plan in rows, and how many versions and bytes it fetches, keeps and retires.
    """
    shown = lines if all_lines else lines[:SHOWN]
    table(
        ["PLAN", "IMAGE", "SOURCE", "BYTES", "WHY"],
        shown,
        empty="the sources offer nothing that is selected; see: tundish source browse NAME",
    )
    if len(lines) > len(shown):
        click.echo(f"... and {len(lines) - len(shown)} more; see them all with --all")
    (fetched, coming), kept, retired = (counts[action] for action in ("fetch", "keep", "retire"))
    click.echo(
        f"to fetch: {fetched} versions, {files} files, {size_text(coming)}; "
        f"kept: {kept[0]}, {size_text(kept[1])}; retired: {retired[0]}, {size_text(retired[1])}"
    )


def show_outcome(outcome: "Outcome", error: TundishError | None = None, *, as_json: bool) -> None:
    if as_json:
        from tundish.sync.report import outcome_json

        answer(outcome_json(outcome) | ({} if error is None else {"error": error_json(error)}))
        return
    figures = outcome.fetched_files, outcome.fetched_bytes
    say_done(len(outcome.completed), *figures, retired=len(outcome.retired))


def say_done(completed: int, files: int, size: int, *, retired: int) -> None:
    click.echo(
        f"done: {completed} versions complete, {files} files fetched "
        f"({size_text(size)}), {retired} versions retired"
    )


@contextmanager
def stoppable() -> Iterator[threading.Event]:
    """
    An event that the first Ctrl-C or SIGTERM sets, for a clean stop; the second ends the process at once, but
    not a SIGTERM that is one with the first.
    """
    stop, asked = threading.Event(), clock.monotonic()

    def ask(number: int, _: FrameType | None) -> None:
        nonlocal asked
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's own handler would wait for the threads
        if not stop.is_set():
            stop.set()
            asked = clock.monotonic()
            os.write(2, STOPPING)  # past all buffers: a signal may come while one is being written
        elif clock.monotonic() - asked >= TWICE:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

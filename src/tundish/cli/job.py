"""
`tundish job`: what runs, what waits for a server, and how what was done has ended.
"""

import json
import time
from collections.abc import Sequence

import click

from tundish.cli.command import Noun
from tundish.cli.noted import me
from tundish.cli.session import answer, json_option, opened, table, time_text
from tundish.core.holding import Job, Line
from tundish.core.image import Json

REFRESH = 1.0  # seconds between two looks

_number = click.argument("number", metavar="ID", type=click.IntRange(1, 2**31))


@click.group(
    cls=Noun,
    example="""
    tundish job list --kind sync
    tundish job show 12
    tundish job log 12 --follow
    """,
)
def job() -> None:
    """
    Show, stop and retry what was asked for, and how it went.
    """


@job.command("list", example="tundish job list --kind sync --json")
@click.option("--kind", default="", help="Only jobs of this kind, as in sync.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many.")
@json_option
@click.pass_context
def list_(context: click.Context, *, kind: str, limit: int, as_json: bool) -> None:
    """
    List jobs, the newest first.
    """
    with opened(context) as app:
        found = app.catalog.jobs.list(limit, kind=kind)
    say_all(found, as_json=as_json)


def say_all(found: Sequence[Job], *, as_json: bool) -> None:
    if as_json:
        answer([_fields(each) for each in found])
        return
    table(
        ["ID", "KIND", "SUBJECT", "STARTED", "ENDED", "OUTCOME"],
        [
            (
                str(each.id),
                each.kind,
                each.subject,
                time_text(each.started_at),
                time_text(each.ended_at),
                each.outcome,
            )
            for each in found
        ],
        empty="no job yet",
    )


@job.command(example="tundish job show 12")
@_number
@json_option
@click.pass_context
def show(context: click.Context, *, number: int, as_json: bool) -> None:
    """
    Show a job and all that is known of how it went.
    """
    with opened(context) as app:
        found = app.catalog.jobs.get(number)
    say_one(found, as_json=as_json)


def say_one(found: Job, *, as_json: bool) -> None:
    if as_json:
        answer({**_fields(found), "detail": _detail(found)})
        return
    click.echo(f"job      {found.id}\nkind     {found.kind}\nsubject  {found.subject}")
    click.echo(f"asked by {found.actor or 'this machine'}")
    click.echo(f"started  {time_text(found.started_at)}\nended    {time_text(found.ended_at)}")
    if found.holder:
        click.echo(f"run by   {found.holder}, attempt {found.attempt}")
    if found.not_before:
        click.echo(f"waits    until {time_text(found.not_before)} at least, {found.attempt} attempts failed")
    click.echo(f"outcome  {found.outcome}\n\n{json.dumps(_detail(found), indent=2, ensure_ascii=False)}")


@job.command(example="tundish job log 12 --follow")
@_number
@click.option("--follow", is_flag=True, help="Wait for more, until the job has ended.")
@click.option(
    "--after", type=click.IntRange(0), default=0, metavar="LINE", help="Only lines behind this one."
)
@json_option
@click.pass_context
def log(context: click.Context, *, number: int, follow: bool, after: int, as_json: bool) -> None:
    """
    Show what a job said. With --json and --follow, each line is a document of its own.
    """
    with opened(context) as app:
        if as_json and not follow:
            app.catalog.jobs.get(number)
            say_log(app.catalog.job_lines.of(number, after=after))
            return
        while True:
            is_over = app.catalog.jobs.get(number).ended_at is not None
            for each in app.catalog.job_lines.of(number, after=after):
                say_line(each, as_json=as_json)
                after = each.number
            if is_over or not follow:
                return
            time.sleep(REFRESH)


def say_log(found: Sequence[Line]) -> None:
    answer([_line(each) for each in found])


def say_line(line: Line, *, as_json: bool) -> None:
    click.echo(json.dumps(_line(line), ensure_ascii=False) if as_json else _line_text(line))


@job.command(example="tundish job stop 12")
@_number
@json_option
@click.pass_context
def stop(context: click.Context, *, number: int, as_json: bool) -> None:
    """
    End a job that waits, or ask for the end of one that runs; it ends within seconds.
    """
    from tundish.app.deeds import jobs

    with opened(context) as app:
        found = jobs.stop(app, me(), number)
    tell(found, as_json=as_json)


@job.command(example="tundish job retry 12")
@_number
@json_option
@click.pass_context
def retry(context: click.Context, *, number: int, as_json: bool) -> None:
    """
    Let a server do once more what a job did that has ended, as a new job.
    """
    from tundish.app.deeds import jobs

    with opened(context) as app:
        found = jobs.retry(app, me(), number)
    tell(found, as_json=as_json)


def tell(found: Job, *, as_json: bool) -> None:
    if as_json:
        answer(_fields(found))
        return
    wishes = {"running": " and was asked to stop", "queued": "; it waits for a server: tundish serve"}
    click.echo(
        f"job {found.id} ({found.kind}, {found.subject}) is {found.outcome}{wishes.get(found.outcome, '')}"
    )


def _fields(job: Job) -> dict[str, Json]:
    return {
        "id": job.id,
        "kind": job.kind,
        "subject": job.subject,
        "started_at": job.started_at.isoformat(),
        "ended_at": job.ended_at.isoformat() if job.ended_at else None,
        "outcome": job.outcome,
        "actor": job.actor,
        "attempt": job.attempt,
        "arguments": dict(job.arguments),
        "not_before": job.not_before.isoformat() if job.not_before else None,
        "stop": job.stop,
    }


def _line(line: Line) -> dict[str, Json]:
    return {"line": line.number, "at": line.at.isoformat(), "text": line.text}


def _line_text(line: Line) -> str:
    return f"{time_text(line.at)}  {line.text}"


def _detail(job: Job) -> Json:
    """
    The detail as it was noted; a text where it is no JSON.
    """
    try:
        found: Json = json.loads(job.detail) if job.detail else None
    except ValueError:
        return job.detail
    return found

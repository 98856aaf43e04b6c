"""
`tundish job`: the runs of syncs, builds and publications.
"""

import json

import click

from tundish.cli.command import Noun
from tundish.cli.session import answer, json_option, opened, table, time_text
from tundish.core.holding import Job
from tundish.core.image import Json


@click.group(
    cls=Noun,
    example="""
    tundish job list --kind sync
    tundish job show 12
    """,
)
def job() -> None:
    """
    Show what was done, and how it ended.
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
@click.argument("number", metavar="ID", type=int)
@json_option
@click.pass_context
def show(context: click.Context, *, number: int, as_json: bool) -> None:
    """
    Show a job and all that is known of how it went.
    """
    with opened(context) as app:
        found = app.catalog.jobs.get(number)
    if as_json:
        answer({**_fields(found), "detail": _detail(found)})
        return
    click.echo(f"job      {found.id}\nkind     {found.kind}\nsubject  {found.subject}")
    click.echo(f"started  {time_text(found.started_at)}\nended    {time_text(found.ended_at)}")
    click.echo(f"outcome  {found.outcome}\n\n{json.dumps(_detail(found), indent=2, ensure_ascii=False)}")


def _fields(job: Job) -> dict[str, Json]:
    return {
        "id": job.id,
        "kind": job.kind,
        "subject": job.subject,
        "started_at": job.started_at.isoformat(),
        "ended_at": job.ended_at.isoformat() if job.ended_at else None,
        "outcome": job.outcome,
    }


def _detail(job: Job) -> Json:
    """
    The detail as it was noted; a text where it is no JSON.
    """
    try:
        found: Json = json.loads(job.detail) if job.detail else None
    except ValueError:
        return job.detail
    return found

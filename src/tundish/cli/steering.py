"""
`tundish sync status`, `stop` and `auto`: the running sync, and those that come by themselves.
"""

import sys
import time
from typing import TYPE_CHECKING

import click

from tundish.cli.amounts import span
from tundish.cli.command import Verb
from tundish.cli.moments import left_text, span_text
from tundish.cli.session import answer, json_option, opened, size_text, table, time_text
from tundish.core import clock
from tundish.core.holding import Job
from tundish.core.image import Json
from tundish.core.progress import Progress, Running

if TYPE_CHECKING:  # it brings the catalog's library
    from tundish.sync.schedule import Schedule

NEVER = "there was no sync yet; begin one: tundish sync"
SHOWN = 40  # files before the rest is counted
STOPPING = 120.0  # seconds that a stop is waited for
REFRESH = 1.0  # seconds between two looks


@click.command(cls=Verb, example="tundish sync status --watch")
@click.option("--watch", is_flag=True, help="Look again every second, until it has ended.")
@json_option
@click.pass_context
def status(context: click.Context, *, watch: bool, as_json: bool) -> None:
    """
    Show how far the running sync is with each file and in total, or how the last one ended.
    """
    from tundish.app.choosing import chosen_schedule
    from tundish.sync.status import status as ask

    with opened(context) as app:
        while True:
            found = ask(app.catalog)
            say_status(found, chosen_schedule(app.catalog.choices), watch=watch, as_json=as_json)
            if not (watch and found is not None and found.is_running):
                return
            time.sleep(REFRESH)


def say_status(found: Running | None, schedule: "Schedule", *, watch: bool, as_json: bool) -> None:
    if as_json:
        answer(status_json(found))
        return
    if watch and sys.stdout.isatty():
        click.clear()
    _show(found)
    _warn(schedule)


def status_json(found: Running | None) -> Json:
    """
    A sync as programs read it; null if there was none.
    """
    if found is None:
        return None
    job, progress = found.job, found.progress
    return {
        "job": job.id,
        "running": found.is_running,
        "outcome": job.outcome,
        "subject": job.subject,
        "started_at": job.started_at.isoformat(),
        "ended_at": job.ended_at.isoformat() if job.ended_at else None,
        "total": {
            "files": progress.files,
            "held": progress.held,
            "failed": progress.failed,
            "bytes": progress.size,
            "came": progress.came,
            "speed": progress.speed,
            "seconds_left": progress.seconds_left if found.is_running else None,
            "retries": progress.retries,
            "last_error": progress.error or None,
        },
        "files": [
            {
                "source": each.source,
                "path": each.path,
                "sha256": each.sha256,
                "bytes": each.size,
                "came": each.came,
                "speed": each.speed,
                "seconds_left": each.seconds_left if found.is_running and not each.ended else None,
                "retries": each.retries,
                "last_error": each.error or None,
                "ended": each.ended,
            }
            for each in found.transfers
        ],
    }


def _show(found: Running | None) -> None:
    if found is None:
        click.echo(NEVER, err=True)
        return
    job = found.job
    if found.is_running:
        click.echo(f"job {job.id} ({job.subject}) runs since {time_text(job.started_at)}")
    elif job.ended_at is None and job.outcome == "queued":
        click.echo(f"job {job.id} ({job.subject}) waits for a server since {time_text(job.started_at)}")
    else:
        click.echo(f"no sync runs; job {job.id} ({job.subject}) {job.outcome} {time_text(job.ended_at)}")
    click.echo(_total(found.progress, is_running=found.is_running))
    if found.progress.error:
        click.echo(f"last error: {found.progress.error}")
    shown = sorted(found.transfers, key=lambda each: (each.ended and not each.error, each.path))
    if shown:
        table(
            ["FILE", "SOURCE", "CAME", "OF", "SPEED", "LEFT", "RETRIES", "ERROR"],
            [
                (
                    each.path,
                    each.source,
                    size_text(each.came),
                    size_text(each.size),
                    "-" if each.ended else f"{size_text(each.speed)}/s",
                    "-" if each.ended else left_text(each.seconds_left),
                    str(each.retries),
                    each.error or "-",
                )
                for each in shown[:SHOWN]
            ],
            empty="",
        )
    if len(shown) > SHOWN:
        click.echo(f"... and {len(shown) - SHOWN} more; see them all with --json")


def _total(progress: Progress, *, is_running: bool) -> str:
    text = (
        f"{progress.held} of {progress.files} files, {size_text(progress.came)} of {size_text(progress.size)}"
    )
    if progress.failed:
        text += f", {progress.failed} failed"
    if is_running:
        text += f", {size_text(progress.speed)}/s, {left_text(progress.seconds_left)} left"
    return f"{text}, {progress.retries} retries"


@click.command(cls=Verb, example="tundish sync stop")
@click.option("--timeout", type=click.FloatRange(1, 3600), default=STOPPING, help="Seconds to wait.  [120]")
@json_option
@click.pass_context
def stop(context: click.Context, *, timeout: float, as_json: bool) -> None:
    """
    Ask the running sync, whoever runs it, to stop, and wait until it has; the next one goes on from there.
    """
    from tundish.sync.status import stop as ask

    with opened(context) as app:
        job = ask(app.catalog, sleep=time.sleep, patience=timeout)
    say_stopped(job, as_json=as_json)


def say_stopped(job: Job | None, *, as_json: bool) -> None:
    if as_json:
        answer({"job": job.id if job else None, "outcome": job.outcome if job else None})
    elif job is None:
        click.echo("no sync runs", err=True)
    else:
        click.echo(f"job {job.id}: {job.outcome}; what came is kept, go on with: tundish sync")


@click.command(
    cls=Verb,
    example="""
    tundish sync auto
    tundish sync auto --every 60m --window 22:00-06:00
    tundish sync auto --off
    """,
)
@click.option("--every", help="How often, as in 60m or 12h.")
@click.option("--window", help="When, in UTC, as in 22:00-06:00; 'none' for the whole day.")
@click.option("--on/--off", "is_on", default=None, help="Sync by itself, or only when told.")
@json_option
@click.pass_context
def auto(
    context: click.Context, *, every: str | None, window: str | None, is_on: bool | None, as_json: bool
) -> None:
    """
    Show or set when `tundish serve` syncs by itself; a running server follows at once.
    """
    from dataclasses import replace

    from tundish.app.choosing import choose_schedule, chosen_schedule
    from tundish.app.noticing import notice

    with opened(context) as app:
        schedule = chosen_schedule(app.catalog.choices)
        if every is not None:
            schedule = replace(schedule, every=span(every))
        if window is not None:
            schedule = replace(schedule, window="" if window == "none" else window)
        if is_on is not None:
            schedule = replace(schedule, on=is_on)
        if (every, window, is_on) != (None, None, None):
            choose_schedule(app.catalog.choices, schedule)
            notice(app.catalog, app.store, clock.now())  # whether it is on is told from now on
    say_auto(schedule, as_json=as_json)


def say_auto(schedule: "Schedule", *, as_json: bool) -> None:
    """
    When syncs come by themselves.
    """
    if as_json:
        seconds = int(schedule.every.total_seconds())
        answer({"on": schedule.on, "every_seconds": seconds, "window": schedule.window or None})
        return
    when = (
        f"between {schedule.window.replace('-', ' and ')} UTC"
        if schedule.window
        else "at any time of the day"
    )
    state = "while tundish serve runs" if schedule.on else "once it is on again"
    click.echo(f"every {span_text(schedule.every)}, {when}, {state}")
    _warn(schedule)


def _warn(schedule: "Schedule") -> None:
    if not schedule.on:
        click.echo("warning: automatic sync is off; turn it on: tundish sync auto --on", err=True)

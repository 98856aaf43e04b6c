"""
What `tundish mirror` answers: in words for people, in JSON for programs.
"""

import click

from tundish.cli.session import answer, error_json, size_text
from tundish.cli.trees import Report
from tundish.core.errors import IntegrityError, TundishError
from tundish.core.image import Json
from tundish.mirrors.checking import Checked
from tundish.mirrors.desk import Outcome, Prepared
from tundish.mirrors.plan import Change
from tundish.mirrors.report import mirrored_json

SHOWN = 40  # remarks, and findings of a kind


def notes(prepared: Prepared) -> None:
    for trouble in prepared.troubles:
        click.echo(f"warning: {trouble}", err=True)
    for remark in prepared.remarks[:SHOWN]:
        click.echo(f"note: {remark.subject}: {remark.text}", err=True)
    if len(prepared.remarks) > SHOWN:
        click.echo(f"note: and {len(prepared.remarks) - SHOWN} more", err=True)


def line(change: Change) -> str:
    item = change.item
    return f"{change.sign} {change.product} {change.version} {item.name} {item.path} {size_text(item.size)}"


def show_plan(prepared: Prepared, *, as_json: bool) -> None:
    notes(prepared)
    if as_json:
        changes: list[Json] = [
            {
                "sign": each.sign,
                "product": each.product,
                "version": each.version,
                "item": each.item.name,
                "path": each.item.path,
                "bytes": each.item.size,
            }
            for each in prepared.changes
        ]
        answer({"changes": changes, "growth": prepared.growth})
        return
    for change in prepared.changes:
        click.echo(line(change))
    click.echo(
        f"net change: {'-' if prepared.growth < 0 else '+'}{size_text(abs(prepared.growth))}, "
        f"{len(prepared.changes)} lines"
    )


def show_outcome(outcome: Outcome, error: TundishError | None = None, *, as_json: bool) -> None:
    say_outcome(
        {**mirrored_json(outcome), **({} if error is None else {"error": error_json(error)})}, as_json=as_json
    )


def say_outcome(done: Report, *, as_json: bool) -> None:
    """
    What a run reports, here or on another server.
    """
    if as_json:
        answer(done)
        return
    click.echo(
        f"{'done' if done['changed'] else 'nothing new'}: {done['fetched_files']} files fetched "
        f"({size_text(done['fetched_bytes'])}), {done['removed_files']} removed; "
        f"held: {done['held_files']} ({size_text(done['held_bytes'])})"
    )
    if done["lacking_files"]:
        click.echo(
            f"upstream's catalogue lists {done['listed_files']} files; {done['lacking_files']} of them "
            f"({size_text(done['lacking_bytes'])}) are not held here, so who asks for them gets 404"
        )


def show_check(checked: Checked, *, as_json: bool, quarantine: bool) -> None:
    """
    Raises:
        IntegrityError: something is missing or damaged.
    """
    if as_json:
        answer(
            {
                "files": checked.files,
                "bytes": checked.bytes,
                "missing": [*checked.missing],
                "damaged": [*checked.damaged],
                "foreign": [*checked.foreign],
            }
        )
    else:
        _show_findings(checked)
    if not checked.is_sound:
        raise IntegrityError(_mend(checked, quarantine=quarantine))


def _show_findings(checked: Checked) -> None:
    for kind, paths in (
        ("missing", checked.missing),
        ("damaged", checked.damaged),
        ("foreign", checked.foreign),
    ):
        for path in paths[:SHOWN]:
            click.echo(f"{kind} {path}")
        if len(paths) > SHOWN:
            click.echo(f"{kind}: and {len(paths) - SHOWN} more; see them all with --json")
    click.echo(f"checked: {checked.files} files ({size_text(checked.bytes)} hashed)")


def _mend(checked: Checked, *, quarantine: bool) -> str:
    found = f"{len(checked.missing)} files are missing and {len(checked.damaged)} are damaged"
    if checked.damaged and not quarantine:
        return (
            f"{found}; take the damaged ones out (tundish mirror verify --quarantine DIR), then mirror again"
        )
    return f"{found}; mirror again to fetch them"

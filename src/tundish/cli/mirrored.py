"""
What `tundish mirror` answers: in words for people, in JSON for programs.
"""

import click

from tundish.cli.session import answer, error_json, size_text
from tundish.core.errors import IntegrityError, TundishError
from tundish.core.image import Json
from tundish.mirrors.checking import Checked
from tundish.mirrors.desk import Outcome, Prepared
from tundish.mirrors.plan import Change

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
    totals = outcome.totals
    if as_json:
        failures: list[Json] = [
            {"subject": each.subject, "error": str(each.error)} for each in outcome.failures
        ]
        answer(
            {
                "changed": outcome.changed,
                "fetched_files": outcome.fetched_files,
                "fetched_bytes": outcome.fetched_bytes,
                "removed_files": outcome.removed,
                "held_files": totals.files,
                "held_bytes": totals.bytes,
                "listed_files": totals.listed,
                "lacking_files": totals.lacking,
                "lacking_bytes": totals.lacking_bytes,
                "signed_by": outcome.fingerprint or None,
                "failures": failures,
                **({} if error is None else {"error": error_json(error)}),
            }
        )
        return
    click.echo(
        f"{'done' if outcome.changed else 'nothing new'}: {outcome.fetched_files} files fetched "
        f"({size_text(outcome.fetched_bytes)}), {outcome.removed} removed; "
        f"held: {totals.files} ({size_text(totals.bytes)})"
    )
    if totals.lacking:
        click.echo(
            f"upstream's catalogue lists {totals.listed} files; {totals.lacking} of them "
            f"({size_text(totals.lacking_bytes)}) are not held here, so who asks for them gets 404"
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

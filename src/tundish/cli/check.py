"""
`tundish check`: what a deployment of an image would do, and why it would fail.
"""

import json
import re
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tundish.cli.command import Verb
from tundish.cli.looked import NAMED, shelved
from tundish.cli.reading import reading
from tundish.cli.session import json_option
from tundish.core import clock
from tundish.core.errors import InputError

if TYPE_CHECKING:  # loaded when there is something to check
    from tundish.app.checking import Asked
    from tundish.check.policy import Overrides
    from tundish.check.report_text import Line
    from tundish.check.run import Report

FILETYPES = (
    *("tgz", "txz", "tbz", "ddtgz", "ddtbz", "ddtxz", "ddtar", "ddgz", "ddbz2", "ddxz", "ddraw"),
    *("squashfs", "self-extracting"),
)
FIRMWARE = ("bios", "uefi", "both")
POLICIES = ("strict", "default", "lenient")
UNFIT = 1
_FILE = click.Path(path_type=Path, dir_okay=False)
_STYLES: dict[str, dict[str, Any]] = {
    "head": {"bold": True},
    "good": {"fg": "green"},
    "bad": {"fg": "red"},
    "warn": {"fg": "yellow"},
    "dim": {"dim": True},
}
_FORMS = ("as_json", "as_sarif", "as_html")


def _version(text: str) -> tuple[int, int]:
    """
    3.6 or 3.6.1 as two numbers.
    """
    found = re.fullmatch(r"(\d{1,2})\.(\d{1,2})(?:\.\d+)*", text)
    if not found:
        raise _unread(f"{text} is no version of MAAS, such as 3.6", "--maas")
    return int(found[1]), int(found[2])


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _unread(f"{text} is no day, such as 2025-06-01", "--curtin") from error


def _unread(what: str, option: str) -> click.BadParameter:
    return click.BadParameter(what, click.get_current_context(silent=True), param_hint=option)


@click.command(
    cls=Verb,
    example="""
    tundish check rocky9.tar.gz --name custom/rocky9 --base-image rhel/9
    tundish check windows.dd.gz --name windows/windows-server --firmware uefi --html -o report.html
    tundish check debian/bookworm/amd64 --policy strict --json
    tundish check --explain C01
    """,
)
@click.argument("what", metavar=NAMED, required=False)
@click.option("--filetype", type=click.Choice(FILETYPES), help="As it is uploaded.")
@click.option("--name", default="", help="As it is uploaded: custom/NAME, windows/NAME, ...")
@click.option("--base-image", default="", metavar="OS/SERIES", help="As it is uploaded.")
@click.option("--arch", default="", help="As it is uploaded: amd64, arm64, ...")
@click.option("--maas", default="3.6", show_default=True, metavar="VERSION", help="The MAAS it is for.")
@click.option(
    "--curtin", metavar="DAY", help="The day of the installer; if not said, about that of the MAAS."
)
@click.option("--ephemeral", default="", metavar="SERIES", help="The commissioning release, if not noble.")
@click.option("--firmware", type=click.Choice(FIRMWARE), help="By what it must boot; if not said, by any.")
@click.option("--secure-boot", is_flag=True, help="It must boot with Secure Boot on.")
@click.option("--offline", is_flag=True, help="It must be deployed without a network beyond MAAS.")
@click.option("--in-memory", is_flag=True, help="It is to run in memory, without a disk.")
@click.option("--policy", type=click.Choice(POLICIES), default="default", help="How to weigh what is found.")
@click.option("--overrides", type=_FILE, help="A file of exceptions (TOML).")
@json_option
@click.option("--sarif", "as_sarif", is_flag=True, help="Answer in SARIF 2.1.0.")
@click.option("--html", "as_html", is_flag=True, help="Answer as one page that stands alone.")
@click.option("-o", "--output", type=_FILE, help="Write the answer to this file.")
@click.option("--all", "all_", is_flag=True, help="Show rules that passed or were not meant, too.")
@click.option("--rules", is_flag=True, help="List all rules, and check nothing.")
@click.option("--explain", metavar="ID", help="Explain one rule, and check nothing.")
@click.pass_context
def check(
    context: click.Context, /, *, what: str | None, rules: bool, explain: str | None, **options: Any
) -> int:
    """
    Tell whether MAAS can deploy an image, what the deployment would do step by step, and where it would fail.

    Nothing is unpacked, mounted or run. What is not said of the upload is taken from the image, and told.
    Ends with 0 if the image is fit, with 1 if it is not.
    """
    if rules or explain:
        _tell_rules(explain)
        return 0
    if what is None:
        raise click.UsageError("name a file, a folder or an image of the catalog to check")
    must_be_one_form(options)
    return _check(context, what, options)


def must_be_one_form(options: dict[str, Any]) -> None:
    """
    Raises:
        UsageError: two are wanted.
    """
    if sum(bool(options[form]) for form in _FORMS) > 1:
        raise click.UsageError("--json, --sarif and --html exclude each other")


def _check(context: click.Context, what: str, options: dict[str, Any]) -> int:
    from tundish.app.checking import check_at

    answers: list[str] = []

    def finish(report: "Report") -> None:
        answers.append(written(report, options))

    asked = asked_of(options)
    today = clock.now().date()
    with shelved(context) as shelf, reading(what) as heard:
        report = check_at(what, shelf, asked, today=today, finish=finish, heard=heard)
    return say(report, answers[0], options)


def say(report: "Report", text: str, options: dict[str, Any]) -> int:
    """
    Give out what was written of a report; the code is that of its verdict.
    """
    output: Path | None = options["output"]
    if output is None:
        click.echo(text, nl=False)
    else:
        _write(output, text)
        click.echo(f"{report.verdict.word}: wrote {output}", err=True)
    return 0 if report.verdict.fit else UNFIT


def asked_of(options: dict[str, Any]) -> "Asked":
    """
    What the words of the command ask for.

    Raises:
        InputError, BadParameter: a word is not of its form.
    """
    from tundish.app.checking import Asked
    from tundish.check.assuming import Said
    from tundish.check.policy import Policy

    firmware: str | None = options["firmware"]
    said = Said(options["filetype"] or "", options["name"], options["base_image"], options["arch"])
    return Asked(
        said,
        _version(options["maas"]),
        _day(options["curtin"]) if options["curtin"] else None,
        options["ephemeral"],
        frozenset({firmware} if firmware in {"bios", "uefi"} else {"bios", "uefi"}),
        both=firmware == "both",
        secure_boot=options["secure_boot"],
        offline=options["offline"],
        in_memory=options["in_memory"],
        policy=Policy(options["policy"]),
        overrides=_overrides(options["overrides"]),
    )


def _overrides(path: Path | None) -> "Overrides | None":
    from tundish.app.checking import overrides_in
    from tundish.check.policy import MAX_FILE

    if path is None:
        return None
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_FILE + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    return overrides_in(text, str(path))


def written(report: "Report", options: dict[str, Any]) -> str:
    """
    The report in the form that was asked for.
    """
    from tundish.check import report_html, report_json, report_sarif
    from tundish.check.rulebook import rulebook

    if options["as_html"]:
        return report_html.page(report, all_=options["all_"])
    if options["as_sarif"]:
        document = report_sarif.document(report, rulebook(), all_=options["all_"])
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if options["as_json"]:
        return json.dumps(report_json.document(report), indent=2, ensure_ascii=False) + "\n"
    return _text(report, all_=options["all_"], plain=options["output"] is not None)


def _text(report: "Report", *, all_: bool, plain: bool) -> str:
    from tundish.check.report_text import WIDTH, lines

    width = min(shutil.get_terminal_size((WIDTH, 24)).columns, 120) if sys.stdout.isatty() else WIDTH
    found = lines(report, all_=all_, width=width)
    return "".join((one.text if plain else _coloured(one)) + "\n" for one in found)


def _coloured(line: "Line") -> str:
    return click.style(line.text, **_STYLES.get(line.tone.value, {})) if line.text else ""


def _tell_rules(name: str | None) -> None:
    from tundish.check.report_text import explained, listed
    from tundish.check.rulebook import rule, rulebook

    for line in explained(rule(name)) if name else listed(rulebook()):
        click.echo(_coloured(line))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error

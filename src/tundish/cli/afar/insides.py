"""
What is inside of the images of another server. A file or a folder of this machine is looked into here, and
never named to the server.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tundish.cli import check as checking
from tundish.cli import comparing, inspecting
from tundish.cli.facts import text_of
from tundish.cli.looked import is_here
from tundish.cli.session import answer
from tundish.core.errors import BadDocument, InputError
from tundish.remote.server import Document, Server, record
from tundish.settings import load

if TYPE_CHECKING:  # loaded when there is something to check
    from tundish.check.run import Report

_ASKED = ("filetype", "name", "base_image", "arch", "maas", "curtin", "ephemeral", "firmware")
_WISHED = ("secure_boot", "offline", "in_memory", "policy")


def inspect(server: Server, *, what: str, as_json: bool) -> None:
    from tundish.app.telling import inspected_of

    told = record(server.get(f"{_path(server, what)}/inside"))
    if as_json:
        answer(told)
    else:
        click.echo(text_of(inspected_of(told)))


def manifest(server: Server, *, what: str, as_json: bool) -> None:
    found = record(server.get(f"{_path(server, what)}/packages"))
    inspecting.say_manifest(str(found.get("manifest")).encode(), as_json=as_json)


def sbom(server: Server, *, what: str, form: str, output: Path | None, as_json: bool) -> None:
    document = server.document(f"{_path(server, what)}/sbom", form=form, moment=load().epoch)
    inspecting.say_bill(document, form, output, as_json=as_json)


def diff(
    server: Server,
    *,
    before: str,
    after: str,
    as_json: bool,
    as_html: bool,
    output: Path | None,
    all_: bool,
) -> None:
    from tundish.check.difference_read import comparison_of

    form = comparing.form_of(as_json=as_json, as_html=as_html)
    mine = [each for each in (before, after) if is_here(each)]
    if mine:
        raise InputError(
            f"{mine[0]} is of this machine, and the other image is on the server; have it here first: "
            "tundish image download"
        )
    old = _number(server, before)
    told = record(server.get(f"{_path(server, after)}/difference", before=old))
    comparing.say(comparison_of(told), form, output, all_=all_)


def check(server: Server, *, what: str, **options: Any) -> int:
    from tundish.check.report_read import report_of

    checking.must_be_one_form(options)
    if options["as_html"] or options["overrides"]:
        raise InputError(
            "--html and --overrides cannot be had from afar, since the page draws the files of the image, "
            "and exceptions are those of the server; run it there, or download the image and check the file"
        )
    checking.asked_of(options)
    said = {name: options[name] or None for name in (*_ASKED, *_WISHED)}
    told = record(server.get(f"{_path(server, what)}/report", **said))
    report = report_of(told)
    return checking.say(report, _written(told, report, options), options)


def _written(told: Document, report: "Report", options: dict[str, Any]) -> str:
    if options["as_json"]:
        return json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    return checking.written(report, options)


def _path(server: Server, ref: str) -> str:
    return f"/images/{_number(server, ref)}"


def _number(server: Server, ref: str) -> int:
    found = record(server.get("/find", ref=ref)).get("id")
    if not isinstance(found, int):
        raise BadDocument(f"{server.url}: an image without a number", url=server.url)
    return found

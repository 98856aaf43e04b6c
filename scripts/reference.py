#!/usr/bin/env python3
"""
Rewrite docs/reference from the code: .venv/bin/python scripts/reference.py

Commands, settings, exit codes and errors are said once, in the code; tests/test_docs.py fails when the
pages here say something else.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click
from fastapi.routing import APIRoute

from tundish import settings
from tundish.api.routes import NOUNS
from tundish.check.rule import Rule
from tundish.check.rulebook import rulebook
from tundish.cli import main
from tundish.cli.command import Noun, Verb
from tundish.compat import describe
from tundish.core import errors
from tundish.core.errors import REACTIONS, TundishError, reaction

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Written by scripts/reference.py from the code; change it there. -->"
_DRAWN = re.compile(r"^[│├└─ ]*(\w+) {2,}(.+)$", re.MULTILINE)


def pages() -> dict[str, str]:
    """
    Every generated page, by file name.
    """
    written = {
        "commands.md": _commands(),
        "settings.md": _settings(),
        "exit-codes.md": _exit_codes(),
        "errors.md": _errors(),
        "rules.md": _rules(),
        "maas-api.md": _maas(),
        "api.md": _api(),
    }
    return {name: "\n".join(lines).rstrip() + "\n" for name, lines in written.items()}


def _api() -> Iterator[str]:
    yield from _head(
        "API",
        "What can be asked and done at the control door, below `/api/v1`. "
        "Parameters, bodies and answers stand in the description that the server gives at "
        "`/api/v1/openapi.json`; "
        "[Use the API](../how-to/use-the-api.md) shows how to begin.",
    )
    listed: dict[str, list[str]] = {}
    for route in (each for noun in NOUNS for each in noun.ROUTER.routes if isinstance(each, APIRoute)):
        first = " ".join(route.description.split("\n\n")[0].split())
        for method in sorted(route.methods or ()):
            listed.setdefault(str(route.tags[-1]), []).append(f"| {method} | `{route.path}` | {first} |")
    for tag in sorted(listed):
        yield from (f"## {tag.capitalize()}", "", "| method | path | what it does |", "|---|---|---|")
        yield from (*listed[tag], "")


def drawn() -> dict[str, str]:
    """
    What the drawing in `core.errors` says of each error, by its name.
    """
    return dict(_DRAWN.findall(errors.__doc__ or ""))


def tree(kind: type[TundishError] = TundishError) -> Iterator[type[TundishError]]:
    """
    Every error class, a family before its members.
    """
    yield kind
    for each in kind.__subclasses__():
        if each.__module__ == errors.__name__:
            yield from tree(each)


def _commands() -> Iterator[str]:
    yield from _head(
        "Commands",
        "Every command, its options and an example; `--help` tells the same. "
        "How they end: [exit codes](exit-codes.md).",
    )
    root = click.Context(main.tundish, info_name="tundish")
    yield from _command(root)
    yield from _below(root)


def _below(above: click.Context) -> Iterator[str]:
    if not isinstance(above.command, click.Group):
        return
    for name in above.command.list_commands(above):
        command = above.command.get_command(above, name)
        if command is not None:
            context = click.Context(command, info_name=name, parent=above)
            yield from _command(context)
            yield from _below(context)


def _command(context: click.Context) -> Iterator[str]:
    command = context.command
    yield from (f"## {context.command_path}", "", f"    {_usage(context)}", "")
    yield from (*_paragraphs(command.help or ""), "")
    options = [each for each in command.params if isinstance(each, click.Option)]
    records = [each.get_help_record(context) for each in options]
    yield from _table(["option", "meaning"], [(f"`{left}`", right) for left, right in filter(None, records)])
    if isinstance(command, Verb | Noun) and command.example:
        yield from ("```sh", *command.example.splitlines(), "```", "")


def _usage(context: click.Context) -> str:
    return " ".join((context.command_path, *context.command.collect_usage_pieces(context)))


def _paragraphs(text: str) -> list[str]:
    """
    The help as written, each paragraph on lines of its own.
    """
    return [line.strip() for line in text.strip().splitlines()]


def _maas() -> Iterator[str]:
    yield from _head(
        "MAAS's API",
        f"What is answered below `{describe.PREFIX}`, as its `describe/` says; every other path is 404. "
        "How to use it: [clients of MAAS](../how-to/use-maas-clients.md).",
    )
    for resource in describe.RESOURCES:
        yield from (f"## `{resource.path}`", "", resource.doc, "")
        rows = [
            (
                f"`{each.method}{f' op={each.op}' if each.op else ''}`",
                f"{each.title}. {each.detail}".replace("?.", "?"),
                ", ".join(f"`{name}`" for name, _ in each.fields),
            )
            for each in resource.actions
        ]
        yield from _table(["call", "what", "fields"], rows)


def _settings() -> Iterator[str]:
    yield from _head(
        "Settings",
        "Each is an environment variable. Where a command has an option of the same meaning, that wins.",
    )
    rows = [(f"`{row.variable}`", row.help, _default(name, row)) for name, row in settings.TABLE.items()]
    yield from _table(["variable", "meaning", "default"], rows)


def _default(name: str, row: settings.Setting) -> str:
    place = settings.FOLDERS.get(name)
    if place is None:
        return f"`{row.default}`" if row.default else "-"
    return f"`{place.root}` for root; else `${place.variable}/tundish`, or `{place.home}/tundish`"


def _exit_codes() -> Iterator[str]:
    yield from _head(
        "Exit codes",
        "Every command ends with one of these. Errors go to standard error; with `--json`, as a line of it.",
    )
    rows = [("0", "", "it was done"), ("1", "", "`check`: the image is unfit; its report says why")]
    for code in sorted({row.exit for row in REACTIONS.values()}):
        kinds = [kind for kind, row in REACTIONS.items() if row.exit == code and not _is_below(kind, code)]
        rows += [(str(code), f"`{kind.__name__}`", _meaning(kind)) for kind in kinds]
    what = "what ends between two steps, as `sync`, `publish` and `store gc`, with 130, `serve` with 0"
    rows.append(("143", "", f"SIGTERM ended it, as Ctrl-C would; {what}"))
    yield from _table(["exit", "family", "meaning"], rows)
    yield "What belongs to each family: [errors](errors.md)."


def _is_below(kind: type[TundishError], code: int) -> bool:
    """
    Whether a parent in the table already has this code.
    """
    return any(other in REACTIONS and REACTIONS[other].exit == code for other in kind.__mro__[1:])


def _meaning(kind: type[TundishError]) -> str:
    return "a bug in tundish; please report it" if kind is TundishError else drawn()[kind.__name__]


def _errors() -> Iterator[str]:
    yield from _head(
        "Errors", "Every error there is, with the family it belongs to and what it means at the edges."
    )
    rows = [
        (
            f"`{kind.__name__}`",
            f"`{kind.__base__.__name__}`" if kind.__base__ else "",
            drawn()[kind.__name__],
            *(str(value) for value in (reaction_of(kind).exit, reaction_of(kind).status)),
            "yes" if reaction_of(kind).retry else "no",
        )
        for kind in tree()
        if kind is not TundishError
    ]
    yield from _table(["error", "family", "meaning", "exit", "HTTP", "tried again"], rows)


GROUPS = {
    "A": "The file",
    "B": "Identity and what the build left",
    "C": "Kernel and boot files",
    "D": "Boot loader and storage, without a network",
    "E": "Network and cloud-init",
    "F": "Hooks",
    "G": "Disk images",
    "M": "What MAAS accepts, offers, installs and boots",
}


def _rules() -> Iterator[str]:
    yield from _head(
        "Rules",
        "What `tundish check` asks of an image. An error fails or almost surely does not boot, a warning "
        "works on some machines or is a matter of safety or size, an info is for the record; what was found "
        "can weigh less or more than its rule, and then says so. Repairs are those of "
        "`tundish image hygiene`.",
    )
    group = ""
    for rule in rulebook():
        if rule.id[0] != group:
            group = rule.id[0]
            yield from (f"## {group}. {GROUPS[group]}", "")
        yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    yield from (f"### {rule.id}: {rule.title}", "")
    yield from (f"{rule.severity.value.capitalize()}; for {rule.scope_text}.", "")
    yield from (f"Why: {rule.why}.", "")
    if rule.fix:
        yield from (f"Mend: {rule.fix.rstrip('.')}.", "")
    if rule.repair:
        words = ", ".join(f"`{word}`" for word in rule.repair.split())
        yield from (f"Repair: {words}.", "")


def reaction_of(kind: type[TundishError]) -> errors.Reaction:
    return reaction(kind())


def _head(title: str, text: str) -> tuple[str, ...]:
    return f"# {title}", "", NOTE, "", text, ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    lines = list(rows)
    if lines:
        yield from (_row(heads), _row(["---"] * len(heads)), *map(_row, lines), "")


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text)

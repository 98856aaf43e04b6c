"""
`tundish select`: which images to sync.
"""

from collections.abc import Sequence

import click

from tundish.cli.command import Noun
from tundish.cli.session import answer, json_option, opened, table
from tundish.core import clock, names
from tundish.core.errors import InputError
from tundish.core.image import Json
from tundish.core.selection import ANY, Selection


@click.group(
    cls=Noun,
    example="""
    tundish select add ubuntu/noble --arch amd64 --keep 2
    tundish select list
    """,
)
def select() -> None:
    """
    Choose which images to sync.
    """


@select.command(example="tundish select add ubuntu/noble --arch amd64 --arch arm64 --keep 2")
@click.argument("image", metavar="OS/SERIES")
@click.option("--arch", "arches", multiple=True, help="Architecture; repeat for more.  [default: all]")
@click.option("--kernel", "kernels", multiple=True, help="Kernel, as in ga-24.04.  [default: all]")
@click.option("--label", "labels", multiple=True, help="Label of the stream.  [default: all]")
@click.option("--source", help="Only from this source.  [default: any]")
@click.option("--keep", type=click.IntRange(1, 1000), default=2, show_default=True, help="Newest versions.")
@click.option("--force", is_flag=True, help="Select what no source is known to offer yet.")
@json_option
@click.pass_context
def add(
    context: click.Context,
    *,
    image: str,
    arches: tuple[str, ...],
    kernels: tuple[str, ...],
    labels: tuple[str, ...],
    source: str | None,
    keep: int,
    force: bool,
    as_json: bool,
) -> None:
    """
    Select images by OS and series; `*` stands for any (quote it for your shell).

    What no source offers is refused, as far as it is known what they offer. Kernels go by the words of
    MAAS: ga-24.04, hwe-24.04-edge, ga-24.04-lowlatency, or hwe-t of old. Bootloaders always come along.
    """
    from tundish.sync.catalogue import all_known, check_offered

    wanted = wanted_of(image, arches, kernels, labels, source=source, keep=keep)
    with opened(context) as app:
        if wanted.source:
            app.catalog.sources.get(wanted.source)
        if not force:
            check_offered(wanted, all_known(app.desk(), wanted.source))
        number = app.catalog.selections.add(wanted, clock.now())
    say_added(number, wanted, as_json=as_json)


def wanted_of(
    image: str,
    arches: tuple[str, ...],
    kernels: tuple[str, ...],
    labels: tuple[str, ...],
    *,
    source: str | None,
    keep: int,
) -> Selection:
    """
    A selection as the words of the command say it.

    Raises:
        InputError: a word is not of its form.
    """
    os_, _, series = image.partition("/")
    return Selection(
        os=_word("OS", os_),
        series=_word("series", series or ANY),
        arches=_words("architecture", arches),
        kernels=_words("kernel", kernels),
        labels=_words("label", labels),
        source=names.source_name(source) if source else None,
        keep=keep,
    )


def say_added(number: int, wanted: Selection, *, as_json: bool) -> None:
    if as_json:
        answer({"id": number, **_fields(wanted)})
    else:
        click.echo(f"selection {number}: {_text(wanted)}; next: tundish sync --plan")


def _word(kind: str, value: str) -> str:
    if "/" in value:
        raise InputError(f"{value!r}: give OS/SERIES, as in ubuntu/noble or 'ubuntu/*'")
    return ANY if value == ANY else names.word(kind, value)


def _words(kind: str, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_word(kind, value) for value in values) or (ANY,)


def _text(selection: Selection) -> str:
    arches, kernels = ",".join(selection.arches), ",".join(selection.kernels)
    return f"{selection.os}/{selection.series} arch {arches} kernel {kernels} keep {selection.keep}"


def _fields(selection: Selection) -> dict[str, Json]:
    return {
        "os": selection.os,
        "series": selection.series,
        "arches": list(selection.arches),
        "kernels": list(selection.kernels),
        "labels": list(selection.labels),
        "source": selection.source,
        "keep": selection.keep,
    }


@select.command("list", example="tundish select list --json")
@json_option
@click.pass_context
def list_(context: click.Context, *, as_json: bool) -> None:
    """
    List the selections.
    """
    with opened(context) as app:
        found = app.catalog.selections.list()
    say_all(found, as_json=as_json)


def say_all(found: Sequence[tuple[int, Selection]], *, as_json: bool) -> None:
    if as_json:
        answer([{"id": number, **_fields(selection)} for number, selection in found])
        return
    table(
        ["ID", "OS", "SERIES", "ARCHES", "KERNELS", "LABELS", "SOURCE", "KEEP"],
        [
            (
                str(number),
                each.os,
                each.series,
                ",".join(each.arches),
                ",".join(each.kernels),
                ",".join(each.labels),
                each.source or "any",
                str(each.keep),
            )
            for number, each in found
        ],
        empty="nothing is selected yet; choose: tundish select add OS/SERIES",
    )


@select.command(example="tundish select remove 2")
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def remove(context: click.Context, *, number: int) -> None:
    """
    Remove a selection; the next sync retires what nothing selects any more.
    """
    with opened(context) as app:
        app.catalog.selections.remove(number)
    say_removed(number)


def say_removed(number: int) -> None:
    click.echo(f"removed selection {number}; see what it means: tundish sync --plan", err=True)

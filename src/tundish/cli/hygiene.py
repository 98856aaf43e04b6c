"""
`tundish image hygiene`: a new image without what the build left in the old one.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tundish.cli.command import Verb
from tundish.cli.looked import shelved
from tundish.cli.reading import reading
from tundish.cli.session import answer, json_option, size_text
from tundish.core import clock

if TYPE_CHECKING:  # loaded when there is something to mend
    from tundish.app.cleaning import Cleaned
    from tundish.check.hygiene import Change
    from tundish.check.rule import Finding
    from tundish.core.image import Json

_SIGNS = {"remove": "-", "empty": "0", "content": "~", "link": ">", "mode": "m"}
_SHOWN = 20  # paths of one word


@click.command(
    cls=Verb,
    example="""
    tundish image hygiene rocky9.tar.gz
    tundish image hygiene rocky9.tar.gz -o rocky9-clean.tar.gz --except logs
    tundish image hygiene debian12.qcow2 -o debian12-clean.qcow2
    tundish image hygiene ./root --only machine-id --only host-keys -o custom.tar.xz
    """,
)
@click.argument("what", metavar="FILE|DIR|IMAGE")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="The new file; never the old one."
)
@click.option("--only", multiple=True, metavar="WORD", help="Mend this alone, found or not; again for more.")
@click.option("--except", "without", multiple=True, metavar="WORD", help="Do not mend this; again for more.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--all", "all_", is_flag=True, help="Cut no list.")
@json_option
@click.pass_context
def hygiene(
    context: click.Context,
    *,
    what: str,
    output: Path | None,
    only: tuple[str, ...],
    without: tuple[str, ...],
    dry_run: bool,
    all_: bool,
    as_json: bool,
) -> None:
    """
    Show what of the build's own life is left in an image, and write a new image without it.

    What is mended are the repairs that `tundish check` names. Without -o nothing is written; with it the new
    image is a tgz, txz, tbz or a disk as the old one is, read back, and checked again. The root of a disk has
    to be ext2, ext3 or ext4.
    """
    from tundish.app.cleaning import Wish, clean
    from tundish.settings import load

    epoch = load(state=context.find_root().obj).epoch
    wish = Wish(only, without, None if dry_run else output)
    with shelved(context) as shelf, reading(what) as heard:
        done = clean(what, shelf, wish, today=clock.now().date(), epoch=epoch, heard=heard)
    if as_json:
        answer(_document(done))
    else:
        _tell(done, all_=all_)


def _document(done: "Cleaned") -> "dict[str, Json]":
    packed = done.packed
    return {
        "image": done.name,
        "words": list(done.words),
        "changes": [_row(change) for change in done.changes],
        "bytes": done.bytes,
        "file": None if packed is None else str(packed.path),
        "verified": packed is not None and packed.verified,
        "vanished": [_finding(one) for one in done.vanished],
        "left": [_finding(one) for one in done.left],
    }


def _row(change: "Change") -> "dict[str, Json]":
    return {
        "path": change.path,
        "act": change.act.value,
        "word": change.word,
        "reason": change.reason,
        "target": change.target or None,
    }


def _finding(one: "Finding") -> "dict[str, Json]":
    return {"rule": one.rule, "what": one.what, "repair": one.repair}


def _tell(done: "Cleaned", *, all_: bool) -> None:
    from tundish.check.report_text import shown

    if not done.changes:
        click.echo(f"nothing is to mend in {done.name}; nothing was written")
        return
    for word in done.words:
        _tell_word([one for one in done.changes if one.word == word], all_=all_)
    click.echo(f"{len(done.changes)} changes, {size_text(done.bytes)} of content less")
    if done.packed is None:
        click.echo("nothing was written; name a new file with -o")
        return
    click.echo(f"wrote {done.packed.path}: {size_text(done.packed.size)}, read back and the same")
    for one in done.vanished:
        click.echo(f"  gone  {one.rule}  {shown(one.what)}")
    for one in done.left:
        click.echo(f"  left  {one.rule}  {shown(one.what)}")


def _tell_word(changes: "list[Change]", *, all_: bool) -> None:
    from tundish.check.report_text import shown

    if not changes:
        return
    click.echo(f"{changes[0].word}: {changes[0].reason}")
    most = len(changes) if all_ else _SHOWN
    for one in changes[:most]:
        aim = f" -> {one.target}" if one.target else ""
        click.echo(f"  {_SIGNS[one.act.value]} {shown(one.path) or './'}{aim}")
    if len(changes) > most:
        click.echo(f"  ... and {len(changes) - most} more; --all shows them")

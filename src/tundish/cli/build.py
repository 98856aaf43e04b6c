"""
`tundish build`: an image from the machine's own package archive.
"""

import click

from tundish.cli.command import Verb
from tundish.cli.session import answer, json_option, opened, size_text, table
from tundish.core import names


@click.command(
    cls=Verb,
    example="""
    tundish build
    SOURCE_DATE_EPOCH=1764000000 tundish build --version 20251124
    """,
)
@click.option("--version", help="Version to hold it under.  [default: the day, then .01, .02 ...]")
@click.option("--label", default="stable", show_default=True, help="Label of the stream.")
@click.option("--package", "packages", multiple=True, help="A further package in the image; repeat for more.")
@json_option
@click.pass_context
def build(
    context: click.Context, *, version: str | None, label: str, packages: tuple[str, ...], as_json: bool
) -> None:
    """
    Build an image of what this machine runs (Debian or Ubuntu) from its own package archive: kernel,
    initrd, squashfs root, root tarball and manifest. Packing needs no root privileges.
    """
    from dataclasses import replace

    from tundish.build.host import suggested_recipe
    from tundish.build.run import make

    with opened(context) as app:
        recipe = suggested_recipe(epoch=app.epoch())
        made = make(
            replace(recipe, packages=(*recipe.packages, *packages)),
            app.bench(),
            progress=lambda line: click.echo(line, err=True),
            version=names.version_name(version) if version else None,
            label=names.word("label", label),
        )
    if as_json:
        answer(
            {
                "recipe": made.built.recipe,
                "new": made.is_new,
                "images": [holding.ref for holding in made.holdings],
                "steps": {step.name: round(step.seconds, 2) for step in made.built.steps},
                "files": {
                    item.ftype: {"bytes": item.size, "sha256": item.digest.hex}
                    for holding in made.holdings
                    for item in holding.version.items
                },
            }
        )
        return
    table(
        ["IMAGE", "FILE", "SIZE", "SHA256"],
        [
            (holding.ref, item.ftype, size_text(item.size), item.digest.hex[:16])
            for holding in made.holdings
            for item in holding.version.items
        ],
        empty="",
    )
    click.echo("built" if made.is_new else "the very same bytes were held already")
    click.echo("next: tundish publish")

"""
`tundish image inspect`, `sbom` and `manifest`: what is inside an image.
"""

from pathlib import Path

import click

from tundish.cli.command import Verb
from tundish.cli.looked import NAMED, shelved
from tundish.cli.session import answer, json_option
from tundish.core.errors import InputError

FORMS = ("cyclonedx", "spdx")


@click.command(
    cls=Verb,
    example="""
    tundish image inspect rocky9.tar.gz
    tundish image inspect debian/bookworm/amd64 --json
    """,
)
@click.argument("what", metavar=NAMED)
@json_option
@click.pass_context
def inspect(context: click.Context, *, what: str, as_json: bool) -> None:
    """
    Tell what is inside an image: a file, a folder, or one of the catalog.

    Nothing is unpacked, mounted or run. Passwords are told by whose they are, never by what they are.
    """
    from tundish.app.inspecting import inspected
    from tundish.app.looking import look
    from tundish.app.telling import document
    from tundish.cli.facts import text_of

    with shelved(context) as shelf, look(what, shelf) as image:
        found = inspected(image)
    if as_json:
        answer(document(found))
    else:
        click.echo(text_of(found))


@click.command(
    cls=Verb,
    example="""
    tundish image sbom rocky9.tar.gz > rocky9.cdx.json
    tundish image sbom debian/bookworm/amd64 --format spdx -o bookworm.spdx.json
    """,
)
@click.argument("what", metavar=NAMED)
@click.option(
    "--format", "form", type=click.Choice(FORMS), default=FORMS[0], show_default=True, help="Which."
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file."
)
@json_option
@click.pass_context
def sbom(context: click.Context, *, what: str, form: str, output: Path | None, as_json: bool) -> None:
    """
    Write the bill of materials of an image: every package with its version, licence and package URL.

    CycloneDX 1.6 or SPDX 2.3. The same image gives the same bytes: the document counts as made when the image
    was changed last, or at SOURCE_DATE_EPOCH.
    """
    from tundish.app.inspecting import Form, bill
    from tundish.app.looking import look
    from tundish.settings import load

    with shelved(context) as shelf, look(what, shelf) as image:
        document = bill(image, Form(form), moment=load(state=context.find_root().obj).epoch)
    say_bill(document, form, output, as_json=as_json)


def say_bill(document: bytes, form: str, output: Path | None, *, as_json: bool) -> None:
    if output is None:
        click.echo(document, nl=False)
        return
    _write(output, document)
    if as_json:
        answer({"file": str(output), "format": form, "bytes": len(document)})
    else:
        click.echo(f"wrote {output}: {form}, {len(document)} bytes")


@click.command(cls=Verb, example="tundish image manifest rocky9.tar.gz")
@click.argument("what", metavar=NAMED)
@json_option
@click.pass_context
def manifest(context: click.Context, *, what: str, as_json: bool) -> None:
    """
    List the packages of an image, each with its version behind a tab, as the manifests of streams do.
    """
    from tundish.app import inspecting
    from tundish.app.looking import look

    with shelved(context) as shelf, look(what, shelf) as image:
        document = inspecting.manifest(image)
    say_manifest(document, as_json=as_json)


def say_manifest(document: bytes, *, as_json: bool) -> None:
    if not as_json:
        click.echo(document, nl=False)
        return
    pairs = (line.split("\t", 1) for line in document.decode().splitlines())
    answer([{"package": package, "version": version} for package, version in pairs])


def _write(path: Path, document: bytes) -> None:
    try:
        path.write_bytes(document)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error

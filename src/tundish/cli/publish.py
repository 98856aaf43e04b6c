"""
`tundish publish`: offer images as a signed stream.
"""

import click

from tundish.cli.command import Verb
from tundish.cli.session import answer, json_option, opened, size_text
from tundish.core.names import channel_name


@click.command(
    cls=Verb,
    example="""
    tundish publish
    tundish publish debian/bookworm/amd64 --channel candidate
    """,
)
@click.argument("refs", nargs=-1, metavar="[IMAGE[@VERSION]]...")
@click.option("--channel", default="stable", show_default=True, help="Channel to publish into.")
@json_option
@click.pass_context
def publish(context: click.Context, *, refs: tuple[str, ...], channel: str, as_json: bool) -> None:
    """
    Make a channel offer the images named, or every complete one, as a signed stream of plain files.
    """
    from tundish.app.opened import holder
    from tundish.publish import run

    with opened(context) as app:
        done = run.publish(
            app.catalog,
            refs,
            channel_name(channel),
            channels=app.channels,
            press=app.press(),
            holder=holder(),
        )
        keyring, port = app.public_keyring, app.settings.file_port
    if as_json:
        answer(
            {
                "channel": channel,
                "folder": str(done.root),
                "updated": done.updated.isoformat(),
                "changed": done.changed,
                "images": list(done.images),
                "files": done.files,
                "bytes": done.size,
                "signed_by": done.fingerprint,
                "keyring": str(keyring),
            }
        )
        return
    verb = "published" if done.changed else "nothing changed:"
    click.echo(f"{verb} {len(done.images)} image versions, {done.files} files, {size_text(done.size)}")
    click.echo(f"folder    {done.root}\nsigned by {done.fingerprint}\nkeyring   {keyring}")
    click.echo(f"as a source, while `tundish serve` runs: http://HOST:{port}/stream/{channel}/")

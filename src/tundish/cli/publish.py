"""
`tundish publish`: offer images as a signed stream.
"""

import click

from tundish.cli.command import Verb
from tundish.cli.session import answer, json_option, opened, size_text, time_text
from tundish.core.names import channel_name


@click.command(
    cls=Verb,
    example="""
    tundish publish
    tundish publish debian/bookworm/amd64 --channel candidate
    tundish publish --channel containers --dialect incus
    tundish publish --expires 30
    """,
)
@click.argument("refs", nargs=-1, metavar="[IMAGE[@VERSION]]...")
@click.option("--channel", default="stable", show_default=True, help="Channel to publish into.")
@click.option(
    "--dialect",
    type=click.Choice(["incus", "maas"]),
    help="Who reads it: incus is for Incus and LXD.  [default: maas, or as the channel has it]",
)
@click.option(
    "--expires",
    type=click.IntRange(0, 3650),
    metavar="DAYS",
    help="End of the signature, after which clients refuse it; 0 is never.  [default: as before]",
)
@json_option
@click.pass_context
def publish(
    context: click.Context,
    *,
    refs: tuple[str, ...],
    channel: str,
    dialect: str | None,
    expires: int | None,
    as_json: bool,
) -> None:
    """
    Make a channel offer the images named, or every complete one, as a signed stream of plain files.
    """
    from tundish.app.opened import holder
    from tundish.cli.progress import stepping
    from tundish.publish import run

    with opened(context) as app, stepping() as steps:
        done = run.publish(
            app.catalog,
            refs,
            channel_name(channel),
            channels=app.channels,
            press=app.press(steps),
            holder=holder(),
            terms=run.Terms(dialect, expires),
        )
        keyring, port = app.public_keyring, app.settings.file_port
    for reason in done.left_out:
        click.echo(f"left out: {reason}", err=True)
    if as_json:
        answer(
            {
                "channel": channel,
                "release": done.release,
                "folder": str(done.root),
                "updated": done.updated.isoformat(),
                "expires": done.expires_at.isoformat() if done.expires_at else None,
                "changed": done.changed,
                "renewed": list(done.renewed),
                "images": list(done.images),
                "left_out": list(done.left_out),
                "files": done.files,
                "bytes": done.size,
                "signed_by": done.fingerprint,
                "keyring": str(keyring),
            }
        )
        return
    verb = "published" if done.changed else "nothing changed:"
    click.echo(f"{verb} {len(done.images)} image versions, {done.files} files, {size_text(done.size)}")
    if done.renewed:
        click.echo(f"put right {len(done.renewed)} files that were not the store's any more")
    click.echo(f"release   {done.release} in {channel}\nfolder    {done.root}")
    click.echo(f"signed by {done.fingerprint}\nkeyring   {keyring}")
    if done.expires_at:
        click.echo(f"until     {time_text(done.expires_at)}; before that: tundish channel resign {channel}")
    click.echo(f"as a source, while `tundish serve` runs: http://HOST:{port}/stream/{channel}/")

"""
`tundish serve`: both doors.
"""

import json
import logging

import click

from tundish.cli.command import Verb
from tundish.cli.session import json_option


@click.command(cls=Verb, example="tundish serve --host 10.0.0.2")
@click.option("--host", help="Address both doors listen on.  [default: 127.0.0.1]")
@click.option("--control-port", type=click.IntRange(0, 65535), help="0 takes any.  [default: 5240]")
@click.option("--file-port", type=click.IntRange(0, 65535), help="0 takes any.  [default: 5248]")
@click.option("--kernel-arguments", help="Words added to the kernel's command line of every boot.")
@json_option
@click.pass_context
def serve(
    context: click.Context,
    *,
    host: str | None,
    control_port: int | None,
    file_port: int | None,
    kernel_arguments: str | None,
    as_json: bool,
) -> None:
    """
    Serve the control door (API) and the file door (images, streams, boot) until stopped.

    The first time, a state that holds nothing gets the public images of MAAS as its source.
    """
    from tundish import serve as doors
    from tundish.app.opened import open_app
    from tundish.settings import load
    from tundish.sync.presets import first_start

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = load(
        state=context.find_root().obj,
        host=host,
        control_port=control_port,
        file_port=file_port,
        kernel_arguments=kernel_arguments,
    )

    def ready(control: int, files: int) -> None:
        at = settings.host
        if as_json:
            # One line, so that whoever started us can wait for it.
            click.echo(json.dumps({"control": f"http://{at}:{control}", "files": f"http://{at}:{files}"}))
        else:
            click.echo(f"control door  http://{at}:{control}\nfile door     http://{at}:{files}")
            click.echo("stop it with Ctrl-C", err=True)

    with open_app(settings) as app:
        begun = first_start(app.desk())
        if begun is not None:
            click.echo(f"first start: source {begun.source.name}, {begun.source.url}", err=True)
        code = app.admission().first.offer(app.catalog)
        if code is not None:
            click.echo(f"nobody may log in yet; the code for the first admin is in {code}", err=True)
        doors.run_app(app, ready)

"""
`tundish serve`: both doors.
"""

import json

import click

from tundish.cli.command import Verb
from tundish.cli.logs import begin_log
from tundish.cli.session import json_option


@click.command(cls=Verb, example="tundish serve --host 10.0.0.2")
@click.option("--host", help="Address both doors listen on.  [default: 127.0.0.1]")
@click.option("--control-port", type=click.IntRange(0, 65535), help="0 takes any.  [default: 5240]")
@click.option("--file-port", type=click.IntRange(0, 65535), help="0 takes any.  [default: 5248]")
@click.option("--kernel-arguments", help="Words added to the kernel's command line of every boot.")
@click.option(
    "--tls-certificate", type=click.Path(), help="File of the certificate for https at the control door."
)
@click.option("--tls-key", type=click.Path(), help="File of its key.")
@click.option(
    "--tls-files", is_flag=True, default=None, help="https at the file door, too; not every iPXE speaks it."
)
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    metavar="NETWORK",
    help="A proxy that is believed; repeatable.",
)
@click.option("--public-url", help="URL under which clients reach the control door.")
@click.option(
    "--metrics-open",
    multiple=True,
    metavar="NETWORK",
    help="Who may read /metrics without a token; repeatable.",
)
@click.option(
    "--log-format", type=click.Choice(["text", "json"]), help="What lines of the log are.  [default: text]"
)
@json_option
@click.pass_context
def serve(
    context: click.Context,
    *,
    host: str | None,
    control_port: int | None,
    file_port: int | None,
    kernel_arguments: str | None,
    tls_certificate: str | None,
    tls_key: str | None,
    tls_files: bool | None,
    trusted_proxies: tuple[str, ...],
    public_url: str | None,
    metrics_open: tuple[str, ...],
    log_format: str | None,
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

    settings = load(
        state=context.find_root().obj,
        host=host,
        control_port=control_port,
        file_port=file_port,
        kernel_arguments=kernel_arguments,
        tls_certificate=tls_certificate,
        tls_key=tls_key,
        tls_files="yes" if tls_files else None,
        trusted_proxies=trusted_proxies,
        public_url=public_url,
        metrics_open=metrics_open,
        log_format=log_format,
    )
    begin_log(settings.log_format)
    control_scheme = "https" if settings.tls_certificate else "http"
    files_scheme = "https" if settings.tls_files else "http"

    def ready(control: int, files: int) -> None:
        at = f"[{settings.host}]" if ":" in settings.host else settings.host
        places = {"control": f"{control_scheme}://{at}:{control}", "files": f"{files_scheme}://{at}:{files}"}
        if as_json:
            click.echo(json.dumps(places))  # one line, so that whoever started us can wait for it
        else:
            click.echo(f"control door  {places['control']}\nfile door     {places['files']}")
            click.echo("stop it with Ctrl-C", err=True)

    with open_app(settings) as app:
        begun = first_start(app.desk())
        if begun is not None:
            click.echo(f"first start: source {begun.source.name}, {begun.source.url}", err=True)
        code = app.admission().first.offer(app.catalog)
        if code is not None:
            click.echo(f"nobody may log in yet; the code for the first admin is in {code}", err=True)
        doors.run_app(app, ready)

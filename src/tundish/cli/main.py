"""
The command line: words in, one call, an answer out. Commands are loaded only when they are asked for,
so that `--version` and `--help` start at once.
"""

import gc
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Any

import click

from tundish import __version__
from tundish.cli.command import SERVER, Noun
from tundish.core.errors import REACTIONS, InputError, TundishError, reaction

COMMANDS = {  # word: its line of help; the word is the module of this package and the command in it
    "audit": "Show who changed what, when and from where.",
    "build": "Build an image from the machine's own package archive.",
    "channel": "Promote, roll back and compare what is offered.",
    "bundle": "Carry images across an air gap in one signed file.",
    "check": "Tell whether MAAS can deploy an image, and what the deployment would do.",
    "completion": "Print the shell completion script.",
    "demo": "Build, publish, sync and boot a real image, and show how.",
    "doctor": "Say what works on this machine, and how to mend what does not.",
    "event": "Show what happened.",
    "image": "List and show the images held.",
    "job": "Show what was done, and how it ended.",
    "machine": "List and show the machines that asked to boot.",
    "mirror": "Mirror a source into a folder of plain files, as sstream-mirror does.",
    "notice": "Show what an operator should know, and put it aside.",
    "pack": "Pack an image as a compressed tar, the same bytes every time.",
    "publish": "Publish images as a signed stream.",
    "push": "Bring images held here to another server.",
    "remote": "Save servers by name, with their tokens.",
    "select": "Choose which images to sync.",
    "serve": "Serve images, streams, boot scripts and the API.",
    "source": "Manage the places that images come from.",
    "store": "Look after the blobs on this machine.",
    "sync": "Fetch what is selected and offered.",
    "token": "Make, list and revoke the keys of programs.",
    "user": "Let people in by the doors, and say what each may do.",
}
# Objects made before the collector of cycles looks. Imports and plans make very many, and hardly a cycle: by
# default it takes a tenth of the time of a sync.
SELDOM = (50_000, 20, 50)
STOPPED = "stopped; what was done is kept, run it again to go on"


class ReaderGone(Exception):
    """
    Whoever read our output has closed it: nothing is wrong, and nobody is there to tell.
    """


class Terminated(KeyboardInterrupt):
    """
    SIGTERM: it ends a command as Ctrl-C does, with another exit code.
    """


class Lazy(Noun):
    """
    A group that knows its commands by name and imports one only to run or complete it.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(f"tundish.cli.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def invoke(self, ctx: click.Context) -> Any:
        """
        Run the command; click would end the process with 1 if the reader of its output went away.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGone from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    example="""
    tundish source add lab http://mirror.lab/stable/ --keyring lab.gpg
    tundish select add ubuntu/noble --arch amd64
    tundish sync --plan
    tundish sync
    tundish serve
    """,
)
@click.option(
    "--state",
    metavar="DIR",
    type=click.Path(file_okay=False),
    envvar="TUNDISH_STATE",
    show_envvar=True,
    help="Folder of catalog, blobs, channels and keys.",
)
@click.option(
    "--server",
    metavar="NAME|URL",
    envvar="TUNDISH_SERVER",
    show_envvar=True,
    help="Do it on this server, over its API: one of `remote list`, or a URL and TUNDISH_TOKEN_FILE.",
)
@click.version_option(__version__, prog_name="tundish")
@click.pass_context
def tundish(context: click.Context, state: str | None, server: str | None) -> None:
    """
    The image side of bare metal: sync, verify, publish, serve and boot OS images.
    """
    context.obj = state
    meant = server or (None if state else _in_use())
    if meant:
        context.meta[SERVER] = meant


def _in_use() -> str | None:
    """
    The server that `remote use` chose; most have none, and then nothing more is loaded.
    """
    from tundish.settings import remotes_folder

    try:
        folder = remotes_folder()
        folder.stat()
    except (InputError, OSError):  # no home, nothing saved, or the home of another, as behind sudo
        return None
    from tundish.remote.saved import Remotes

    return Remotes(folder).in_use()


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Run the command line and end the process with its exit code.
    """
    gc.set_threshold(*SELDOM)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminated)
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def _terminated(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # `timeout` sends it twice; what is left behind is being removed
    raise Terminated


def run(words: list[str]) -> int:
    """
    Run one command. Returns the exit code; see docs/reference/exit-codes.md.
    """
    try:
        result: Any = tundish.main(words, prog_name="tundish", standalone_mode=False)
    except click.ClickException as error:
        if "--json" in words:
            _say(InputError(error.format_message()), as_json=True)
        else:
            error.show()
        return error.exit_code
    except TundishError as error:
        _say(error, as_json="--json" in words)
        return reaction(error).exit
    except (click.exceptions.Abort, KeyboardInterrupt) as error:
        click.echo(STOPPED, err=True)
        cause = error.__cause__ or error  # click makes an Abort of it
        return 128 + (signal.SIGTERM if isinstance(cause, Terminated) else signal.SIGINT)
    except ReaderGone:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to be flushed
        return 0
    except Exception:  # noqa: BLE001 -- the edge of the process: a bug, shown whole
        traceback.print_exc()
        click.echo("this is a bug in tundish; please report the lines above", err=True)
        return REACTIONS[TundishError].exit
    return result if isinstance(result, int) else 0


def _say(error: TundishError, *, as_json: bool) -> None:
    """
    An error on standard error: a sentence for people, one line of JSON for programs.
    """
    if as_json:
        from tundish.cli.session import error_json

        click.echo(json.dumps(error_json(error)), err=True)
    else:
        click.echo(f"{click.style('error:', fg='red', bold=True)} {error}", err=True)

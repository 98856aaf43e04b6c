"""
Shell completion.
"""

import click
from click.shell_completion import get_completion_class

from tundish.cli.command import Verb


@click.command(
    cls=Verb, example="tundish completion bash > ~/.local/share/bash-completion/completions/tundish"
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """
    Print the completion script of a shell.
    """
    kind = get_completion_class(shell)
    if kind is None:  # the choices above are those that click knows
        raise click.UsageError(f"no completion for {shell}")
    click.echo(kind(context.find_root().command, {}, "tundish", "_TUNDISH_COMPLETE").source())

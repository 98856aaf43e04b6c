"""
Commands that show an example in their help; a test asks every one of them for it.
"""

import inspect
from collections.abc import Callable
from typing import Any

import click

SERVER = "tundish.server"  # in the context: the server that a command is for, if it is not this machine


class Verb(click.Command):
    """
    A command with an example, printed as it stands.
    """

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = inspect.cleandoc(example)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_example(self.example, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        return carried_out(ctx, super().invoke)


class Noun(click.Group):
    """
    A group of verbs, with an example of its own.
    """

    command_class = Verb

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = inspect.cleandoc(example)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_example(self.example, formatter)


def carried_out(context: click.Context, here: Callable[[click.Context], Any]) -> Any:
    """
    Carry a command out here, or ask the server to that it is for.
    """
    if context.meta.get(SERVER) is None:
        return here(context)
    from tundish.cli.afar.twins import carry_out

    return carry_out(context, here)


def write_example(example: str, formatter: click.HelpFormatter) -> None:
    if example:
        with formatter.section("Example"):
            for line in example.splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class VerbalNoun(Noun):
    """
    A verb with arguments of its own that further verbs may stand behind: `sync lab`, `sync status`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, invoke_without_command=True, **kwargs)
        self.allow_interspersed_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """
        Leave the words to the verb that the first one names, if it names any.
        """
        if args[:1] and args[0] in self.commands:
            ctx.args = list(args)
            return ctx.args
        return click.Command.parse_args(self, ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        if not ctx.args:
            return carried_out(ctx, lambda context: click.Command.invoke(self, context))
        name, command, rest = self.resolve_command(ctx, ctx.args)
        if command is None:  # resolve_command has raised, unless words are only being completed
            return None
        with command.make_context(name, rest, parent=ctx) as inner:
            return command.invoke(inner)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """
        Its own parameters; none where the path of a verb behind it is written.
        """
        return super().get_params(ctx) if ctx.command is self else []

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return click.Command.collect_usage_pieces(self, ctx)

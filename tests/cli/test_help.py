"""
Every command explains itself, and its examples are true.
"""

import click
import pytest

from tests.cli.terminal import Terminal, commands, left_over
from tundish.cli import main
from tundish.cli.command import Noun, Verb

ALL = dict(commands())
EACH = pytest.mark.parametrize("words", sorted(ALL), ids=" ".join)
EXAMPLES = [
    line for each in ALL.values() if isinstance(each, Verb | Noun) for line in each.example.splitlines()
]


@EACH
def test_every_command_has_help_with_an_example(terminal: Terminal, words: tuple[str, ...]) -> None:
    """
    --help succeeds, and shows an example of this very command.
    """
    said = terminal(*words, "--help")

    assert (0, True) == (said.code, " ".join(("tundish", *words)) in said.out.partition("Example:\n")[2])


@EACH
def test_every_option_has_a_sentence(words: tuple[str, ...]) -> None:
    """
    No option of a command stands without help.
    """
    options = [each for each in ALL[words].params if isinstance(each, click.Option)]

    assert [] == [each.name for each in options if not each.help]


@pytest.mark.parametrize("example", sorted(set(EXAMPLES)))
def test_every_example_is_a_real_command(example: str) -> None:
    """
    The command line accepts the words of each example as they stand.
    """
    assert [] == left_over(example)


def test_the_list_of_commands_says_what_each_says_of_itself() -> None:
    """
    The line of help in the list is that of a command which exists.
    """
    assert sorted(main.COMMANDS) == sorted(words[0] for words in ALL if len(words) == 1)


@pytest.mark.parametrize("noun", ["channel", "image", "machine", "select", "source", "store"])
def test_a_noun_alone_shows_its_help(terminal: Terminal, noun: str) -> None:
    """
    Who gives no verb is shown those that there are.
    """
    said = terminal(noun)

    assert (2, True) == (said.code, "Commands:" in said.err)

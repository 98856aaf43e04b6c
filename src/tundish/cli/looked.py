"""
Where a command finds an image of the catalog that its word may name, opened only if it does.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tundish.cli.session import opened

if TYPE_CHECKING:  # loaded by the commands that need it
    from tundish.app.looking import Shelf

NAMED = "FILE|IMAGE"


@contextmanager
def shelved(context: click.Context) -> Iterator[Callable[[], "Shelf"]]:
    """
    What opens the catalog on the state that the command line names, and closes it with the context.
    """
    from tundish.app.looking import Shelf

    with ExitStack() as kept:

        def shelf() -> Shelf:
            app = kept.enter_context(opened(context))
            return Shelf(app.catalog.images, app.store)

        yield shelf


def is_here(what: str) -> bool:
    """
    Whether a word names something of this machine: a file or folder that is there, or what can be no image.
    """
    if "\0" in what or what.startswith(("/", "./", "../", "~")) or "/" not in what:
        return True
    try:
        return Path(what).exists()
    except OSError:
        return True


def only_here(words: Mapping[str, Any]) -> bool:
    """
    Whether the words of a command name no image that only a server could have.
    """
    if words.get("rules") or words.get("explain"):
        return True
    named = (words.get(each) for each in ("what", "before", "after"))
    return all(is_here(each) for each in named if isinstance(each, str))

"""
Where a command finds an image of the catalog that its word may name, opened only if it does.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

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

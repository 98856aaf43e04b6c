"""
How far an image has been read or written, on a terminal only, and gone when it is done.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from tundish.cli.session import size_text
from tundish.core import clock

EVERY = 0.2  # seconds between two lines
_CLEAR = "\r\033[K"


@contextmanager
def reading(what: str, doing: str = "reading") -> Iterator[Callable[[int, int], None]]:
    """
    Told how many bytes of how many are done, it shows them on standard error.
    """
    if not sys.stderr.isatty():
        yield _silent
        return
    shown = _Shown(what, doing)
    try:
        yield shown
    finally:
        click.echo(_CLEAR, err=True, nl=False)


class _Shown:
    def __init__(self, what: str, doing: str) -> None:
        self._doing = doing
        self._what, self._next = what if len(what) <= 48 else "..." + what[-45:], clock.monotonic() + EVERY

    def __call__(self, read: int, total: int) -> None:
        if clock.monotonic() < self._next:
            return
        self._next = clock.monotonic() + EVERY
        share = f"{read / total:4.0%}" if total else ""
        line = f"{self._doing} {self._what}: {size_text(read)} of {size_text(total)} {share}"
        click.echo(f"{_CLEAR}{line}", err=True, nl=False)


def _silent(_read: int, _total: int) -> None:
    pass

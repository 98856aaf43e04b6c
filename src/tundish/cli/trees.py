"""
What the upkeep of the store did to the trees of the channels, as people read it: from what it reports, here
or on another server.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import click

from tundish.cli.session import size_text
from tundish.core.errors import Partial

SHOWN = 20  # files of one channel; --json has all

Report = dict[str, Any]  # as `app.reporting` makes it; one from afar is read within `remote.values.read`


def tidied_text(channels: Sequence[Report], *, dry_run: bool) -> None:
    verb = "would remove" if dry_run else "removed"
    for each in channels:
        if each["error"] is None:
            words, count = f"{verb} from channel {each['channel']}", number_of(each, "removed")
            _paths(each["removed"], count, words)
            click.echo(
                f"{words}: {count} files that left it, {size_text(each['freed_bytes'])}; within the grace "
                f"period: {each['waiting']}"
            )
    _troubles(channels)


def mended_text(channels: Sequence[Report]) -> None:
    for each in channels:
        right, count = f"put right in channel {each['channel']}", number_of(each, "renewed")
        _paths(each["renewed"], count, right)
        _paths(each["lacking"], number_of(each, "lacking"), f"still wrong in channel {each['channel']}")
        if count > SHOWN:
            click.echo(f"{right}: {count} files")
    _troubles(channels)


def verified_text(channels: Sequence[Report]) -> None:
    for each in channels:
        for spoilt in each["spoilt"]:
            click.echo(f"damaged in channel {each['channel']}: {spoilt['path']}: {spoilt['detail']}")
        left = number_of(each, "spoilt") - len(each["spoilt"])
        if left:
            click.echo(f"damaged in channel {each['channel']}: and {left} more")
    _troubles(channels)


def number_of(row: Report, name: str) -> int:
    """
    How long a list is, with what was left out of it on its way here.
    """
    return len(row[name]) + int(row.get("left_out", {}).get(name, 0))


def check(channels: Sequence[Report]) -> None:
    """
    Raise if a channel was left out; why was said before.

    Raises:
        Partial: one was.
    """
    left = [each["channel"] for each in channels if each["error"] is not None]
    if left:
        raise Partial(f"channels left out: {', '.join(left)}; mend what is said of them and run it again")


def _paths(paths: Sequence[str], count: int, words: str) -> None:
    for path in islice(paths, SHOWN):
        click.echo(f"{words}: {path}")
    if count > SHOWN:
        click.echo(f"{words}: and {count - SHOWN} more; --json has all")


def _troubles(channels: Sequence[Report]) -> None:
    for each in channels:
        if each["error"] is not None:
            click.echo(f"warning: channel {each['channel']} was left out: {each['error']}", err=True)

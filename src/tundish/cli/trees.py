"""
What the upkeep of the store did to the trees of the channels, as people and programs read it.
"""

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import click

from tundish.cli.session import size_text
from tundish.core.errors import Partial
from tundish.core.image import Json

if TYPE_CHECKING:  # loaded by the commands that need them
    from tundish.app.channels import Told
    from tundish.publish.linking import Mended
    from tundish.publish.tidying import Tidied
    from tundish.publish.verifying import Verified

SHOWN = 20  # files of one channel; --json has all

_T = TypeVar("_T")


def tidied_text(told: Sequence["Told[Tidied]"], *, dry_run: bool) -> None:
    verb = "would remove" if dry_run else "removed"
    for each in told:
        if each.done is not None:
            _paths(each.done.removed, f"{verb} from channel {each.channel}")
            click.echo(
                f"{verb} from channel {each.channel}: {len(each.done.removed)} files that left it, "
                f"{size_text(each.done.freed)}; within the grace period: {each.done.waiting}"
            )
    _troubles(told)


def tidied_json(told: Sequence["Told[Tidied]"]) -> Json:
    return [
        {
            "channel": each.channel,
            "removed": list(each.done.removed) if each.done else [],
            "freed_bytes": each.done.freed if each.done else 0,
            "waiting": each.done.waiting if each.done else 0,
            "error": _error(each),
        }
        for each in told
    ]


def mended_text(told: Sequence["Told[Mended]"]) -> None:
    for each in told:
        if each.done is not None:
            _paths(each.done.renewed, f"put right in channel {each.channel}")
            _paths(each.done.lacking, f"still wrong in channel {each.channel}")
            if len(each.done.renewed) > SHOWN:
                click.echo(f"put right in channel {each.channel}: {len(each.done.renewed)} files")
    _troubles(told)


def mended_json(told: Sequence["Told[Mended]"]) -> Json:
    return [
        {
            "channel": each.channel,
            "renewed": list(each.done.renewed) if each.done else [],
            "lacking": list(each.done.lacking) if each.done else [],
            "error": _error(each),
        }
        for each in told
    ]


def verified_text(told: Sequence["Told[Verified]"]) -> None:
    for each in told:
        for spoilt in each.done.spoilt if each.done else ():
            click.echo(f"damaged in channel {each.channel}: {spoilt.path}: {spoilt.detail}")
    _troubles(told)


def verified_json(told: Sequence["Told[Verified]"]) -> Json:
    return [
        {
            "channel": each.channel,
            "files": each.done.files if each.done else 0,
            "bytes": each.done.bytes if each.done else 0,
            "spoilt": [
                {"path": spoilt.path, "sha256": spoilt.digest.hex, "detail": spoilt.detail}
                for spoilt in (each.done.spoilt if each.done else ())
            ],
            "error": _error(each),
        }
        for each in told
    ]


def check(told: Sequence["Told[_T]"]) -> None:
    """
    Raise if a channel was left out; why was said before.

    Raises:
        Partial: one was.
    """
    left = [each.channel for each in told if each.error is not None]
    if left:
        raise Partial(f"channels left out: {', '.join(left)}; mend what is said of them and run it again")


def _paths(paths: Sequence[str], words: str) -> None:
    for path in islice(paths, SHOWN):
        click.echo(f"{words}: {path}")
    if len(paths) > SHOWN:
        click.echo(f"{words}: and {len(paths) - SHOWN} more; --json has all")


def _troubles(told: Sequence["Told[_T]"]) -> None:
    for each in told:
        if each.error is not None:
            click.echo(f"warning: channel {each.channel} was left out: {each.error}", err=True)


def _error(told: "Told[_T]") -> Json:
    return None if told.error is None else str(told.error)

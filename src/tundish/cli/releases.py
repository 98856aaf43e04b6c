"""
Releases, what distinguishes them, and what was done to channels, as people and programs read them.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

import click

from tundish.cli.session import time_text
from tundish.core.holding import Holding
from tundish.core.image import Json
from tundish.core.release import Move, Release

if TYPE_CHECKING:  # loaded by the commands that need them
    from tundish.publish.difference import Change, Difference
    from tundish.publish.publisher import Publication
    from tundish.publish.standing import Standing

PACKAGES_SHOWN = 20  # of each image; --json has all


def tell(difference: "Difference") -> None:
    for word, refs in (("appears", difference.appears), ("goes", difference.goes)):
        for ref in refs:
            click.echo(f"{word:9} {ref}")
    for change in difference.changes:
        click.echo(f"\n{change.image}: {change.before} -> {change.after}: {_counted(change)}")
        lines = list(_package_lines(change))
        for line in islice(lines, PACKAGES_SHOWN):
            click.echo(f"  {line}")
        if len(lines) > PACKAGES_SHOWN:
            click.echo(f"  and {len(lines) - PACKAGES_SHOWN} more; --json has all")
    if difference.is_empty:
        click.echo("no difference")


def _counted(change: "Change") -> str:
    if not change.known:
        return "its packages are not known: a version has no manifest, or the store lacks it"
    counts = len(change.added), len(change.removed), len(change.changed)
    return "packages: {} added, {} removed, {} changed".format(*counts)


def _package_lines(change: "Change") -> Iterator[str]:
    yield from (f"+ {name} {version}" for name, version in change.added.items())
    yield from (f"- {name} {version}" for name, version in change.removed.items())
    yield from (f"~ {name} {old} -> {new}" for name, (old, new) in change.changed.items())


def say(done: "Publication", name: str) -> None:
    say_offered(name, done.release, len(done.images), done.expires_at, changed=done.changed)


def say_offered(name: str, release: int, images: int, expires: datetime | None, *, changed: bool) -> None:
    verb = "now offers" if changed else "offers already"
    click.echo(f"{name} {verb} release {release}: {images} image versions")
    if expires:
        click.echo(f"signed until {time_text(expires)}")


def until(standing: "Standing") -> str:
    return until_text(standing.expires_at, signed=standing.signature is not None)


def until_text(expires: datetime | None, *, signed: bool) -> str:
    if not signed:
        return "no signature holds; sign anew: tundish channel resign"
    return time_text(expires) if expires else "never ends"


def release_json(release: Release) -> dict[str, Json]:
    return {"release": release.id, "made": release.made_at.isoformat(), "versions": release.versions}


def signature_json(standing: "Standing") -> dict[str, Json]:
    return {
        "updated": standing.updated.isoformat() if standing.updated else None,
        "signed": standing.signature is not None,
        "expires": standing.expires_at.isoformat() if standing.expires_at else None,
    }


def image_json(holding: Holding) -> Json:
    return {
        "image": holding.product.ref,
        "version": holding.version.name,
        "bytes": holding.version.size,
        "source": holding.source,
    }


def move_json(move: Move) -> Json:
    return {"at": move.at.isoformat(), "by": str(move.verb), "release": move.release}


def publication_json(done: "Publication") -> dict[str, Json]:
    return {
        "release": done.release,
        "changed": done.changed,
        "updated": done.updated.isoformat(),
        "expires": done.expires_at.isoformat() if done.expires_at else None,
        "images": list(done.images),
    }


def difference_json(difference: "Difference") -> dict[str, Json]:
    return {
        "appears": _listed(difference.appears),
        "goes": _listed(difference.goes),
        "changes": [_change_json(each) for each in difference.changes],
    }


def _change_json(change: "Change") -> Json:
    return {
        "image": change.image,
        "before": change.before,
        "after": change.after,
        "packages_known": change.known,
        "added": dict(change.added),
        "removed": dict(change.removed),
        "changed": {name: _listed(pair) for name, pair in change.changed.items()},
    }


def _listed(words: Iterable[str]) -> list[Json]:
    return list(words)

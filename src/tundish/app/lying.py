"""
The bundles that lie in the folder `bundles` of the state: what a job writes there or takes in.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime

from tundish.app.opened import App
from tundish.core.errors import StorageError

MOST = 10_000  # files that are looked at


@dataclass(frozen=True, slots=True)
class Lying:
    """
    A file in the folder of bundles.
    """

    name: str
    size: int
    at: datetime


def bundles(app: App) -> list[Lying]:
    """
    By name.

    Raises:
        StorageError: the folder cannot be read.
    """
    found: list[Lying] = []
    try:
        with os.scandir(app.settings.state / "bundles") as entries:
            for _, each in zip(range(MOST), entries, strict=False):
                if each.is_file(follow_symlinks=False) and not each.name.startswith("."):
                    facts = each.stat(follow_symlinks=False)
                    found.append(Lying(each.name, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC)))
    except FileNotFoundError:
        return found
    except OSError as error:
        raise StorageError(f"the folder of bundles cannot be read: {error.strerror}") from error
    return sorted(found, key=lambda each: each.name)

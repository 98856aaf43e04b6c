"""
What a new version of an image of one's own is called. Pure.

`20261125`, then `.01` to `.99`, then `.99.01` and so on: string order is time order, however many there are
on a day, and no name is taken twice, not even one whose version is gone while a newer one is held.
"""

from collections.abc import Iterable
from datetime import datetime

from tundish.core.errors import Conflict
from tundish.core.names import VersionName, version_name

_LAST = 99
MOST_LEVELS = 60  # as many as the longest name of a version has room for


def next_version(held: Iterable[str], at: datetime) -> VersionName:
    """
    The name of the version that comes at a moment, behind all that are held.

    Raises:
        Conflict: no name is left, or a newer day's version is held already.
    """
    day = f"{at:%Y%m%d}"
    newest = max(held, default="")
    if newest < day:
        return version_name(day)
    if newest == day:
        return version_name(f"{day}.01")
    base, _, last = newest.rpartition(".")
    if newest[: len(day)] != day or not last.isascii() or not last.isdigit() or len(last) != len("00"):
        raise Conflict(
            f"version {newest} is held, behind which none of {day} would stand; set this clock right"
        )
    if int(last) < _LAST:
        return version_name(f"{base}.{int(last) + 1:02}")
    if newest.count(".") >= MOST_LEVELS:
        raise Conflict(f"no name for a version is left on {day}; go on tomorrow")
    return version_name(f"{newest}.01")

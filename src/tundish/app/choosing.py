"""
What an operator chose for this state, read anew whenever it matters: a running server follows at once.
"""

import json

from tundish.catalog.choices import Choices
from tundish.core import names
from tundish.core.errors import InputError
from tundish.core.notice import OPTIONAL, Kind
from tundish.sync.schedule import Schedule, checked, decoded, encoded

SCHEDULE, COMMISSIONING, OFF = "sync-auto", "commissioning", "notices-off"


def chosen_schedule(choices: Choices) -> Schedule:
    return decoded(choices.get(SCHEDULE))


def choose_schedule(choices: Choices, schedule: Schedule) -> None:
    """
    Sync by itself like this from now on.

    Raises:
        InputError: it makes no sense.
    """
    choices.set(SCHEDULE, encoded(checked(schedule)))


def chosen_commissioning(choices: Choices) -> str:
    """
    The image that new machines are to be examined with, as os/series; empty if nobody chose one.
    """
    return choices.get(COMMISSIONING) or ""


def choose_commissioning(choices: Choices, image: str) -> None:
    """
    Examine new machines with this os/series; an empty text leaves the choice to us.

    Raises:
        InputError: it is no os/series.
    """
    if not image:
        choices.drop(COMMISSIONING)
        return
    os_, _, series = image.partition("/")
    if "/" in series:
        raise InputError(f"{image[:80]!r}: give OS/SERIES, as in ubuntu/noble")
    choices.set(COMMISSIONING, f"{names.word('OS', os_)}/{names.word('series', series)}")


def unwanted_notices(choices: Choices) -> frozenset[Kind]:
    """
    The kinds of notices that an operator turned off.
    """
    return frozenset(Kind(word) for word in json.loads(choices.get(OFF) or "[]"))


def want_notices(choices: Choices, kind: str, *, on: bool) -> None:
    """
    Turn a kind of notices on or off.

    Raises:
        InputError: there is no such kind, or nobody may do without it.
    """
    if kind not in OPTIONAL:
        raise InputError(f"{kind!r} cannot be turned off; these can: {', '.join(OPTIONAL)}")
    off = unwanted_notices(choices) - {Kind(kind)} if on else unwanted_notices(choices) | {Kind(kind)}
    choices.set(OFF, json.dumps(sorted(off)))

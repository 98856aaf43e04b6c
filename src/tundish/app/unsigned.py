"""
Which channels could not be signed anew, since when and why: written by who signs them, read for the notices.

Apart from the signing, so that who only reads need not load all that publishing takes.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from tundish.catalog.choices import Choices
from tundish.catalog.opened import Catalog
from tundish.core.errors import TundishError
from tundish.core.names import ChannelName


@dataclass(frozen=True, slots=True)
class Failing:
    """
    A channel that could not be signed anew, since when and why.
    """

    channel: ChannelName
    since: datetime
    error: str


def failing(catalog: Catalog) -> tuple[Failing, ...]:
    """
    The channels that could not be signed anew when they were last looked at.
    """
    found = ((each.name, catalog.choices.get(_place(each.name))) for each in catalog.channels.list())
    return tuple(_parsed(name, text) for name, text in found if text)


def _parsed(name: ChannelName, text: str) -> Failing:
    since, error = json.loads(text)
    return Failing(name, datetime.fromisoformat(since), error)


def note(choices: Choices, name: ChannelName, error: TundishError | None, at: datetime) -> None:
    """
    Remember what came of signing a channel anew: the first failure counts until it could.
    """
    before = choices.get(_place(name))
    if error is not None:
        since = _parsed(name, before).since if before else at
        choices.set(_place(name), json.dumps([since.isoformat(), str(error)]))
    elif before:
        choices.drop(_place(name))


def _place(name: ChannelName) -> str:
    return f"resign/{name}"

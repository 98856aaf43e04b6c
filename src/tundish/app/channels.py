"""
What upkeep does for every channel: one that is damaged or busy is reported, and does not stop the rest.
Who wants it to end is heard.

Where there is no channel, nobody is asked for a signing key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from tundish.catalog.opened import Catalog
from tundish.core.errors import Stopped, TundishError
from tundish.core.names import ChannelName
from tundish.publish.run import Office

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """
    What came of one channel, or why nothing did.
    """

    channel: ChannelName
    done: T | None
    error: TundishError | None = None


def every(
    catalog: Catalog, office: Callable[[], Office], work: Callable[[Office, ChannelName], T]
) -> tuple[Told[T], ...]:
    """
    Do `work` for every channel, by name; `office` is opened only if there is one.

    Raises:
        Stopped: `work` was to end.
    """
    names = [channel.name for channel in catalog.channels.list()]
    if not names:
        return ()
    try:
        opened = office()
    except TundishError as error:
        return tuple(Told(name, None, error) for name in names)
    return tuple(_told(opened, name, work) for name in names)


def _told(office: Office, name: ChannelName, work: Callable[[Office, ChannelName], T]) -> Told[T]:
    try:
        return Told(name, work(office, name))
    except Stopped:
        raise
    except TundishError as error:
        return Told(name, None, error)

"""
Sign channels anew before their signatures end: at the start of a server, and then every hour.

Each channel that is due leaves a job. Why one could not be signed is noted until it could, for the notices.
Where there is no channel, nobody is asked for a key, and none is ever made here.
"""

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from tundish.app import unsigned
from tundish.app.channels import every
from tundish.catalog.opened import Catalog
from tundish.core.errors import Busy, TundishError, reaction
from tundish.core.names import ChannelName
from tundish.publish import moving
from tundish.publish.run import Office

KIND = "resign"
EVERY = timedelta(hours=1)  # between two looks
AGAIN = timedelta(minutes=5)  # after one that failed

LOG = logging.getLogger(__name__)


class Stoppable(Protocol):
    def is_set(self) -> bool: ...


class Resigner:
    """
    `office` is asked for at each look that finds a channel.
    """

    def __init__(self, office: Callable[[], Office], *, now: Callable[[], datetime]) -> None:
        self._office, self._now = office, now
        self._next: datetime | None = None

    def look(self, catalog: Catalog, stop: Stoppable) -> bool:
        """
        Sign what is due, if it is time to look; whether it was.
        """
        now = self._now()
        if self._next is not None and now < self._next:
            return False
        self._next = now + EVERY
        told = every(catalog, self._office, lambda office, name: self._resign(office, name, stop))
        for each in told:
            if each.error is not None:
                self._next = now + AGAIN
                _log(each.error, each.channel)
            if not isinstance(each.error, Busy):
                unsigned.note(catalog.choices, each.channel, each.error, now)
        return True

    def _resign(self, office: Office, name: ChannelName, stop: Stoppable) -> None:
        if stop.is_set() or not moving.is_due(office, name):
            return
        who = office.catalog.database.holder(f"publish-{name}")
        if who:
            raise Busy(f"{name} is being written by {who}")
        jobs = office.catalog.jobs
        with office.catalog.database.exclusive(KIND, office.holder):
            jobs.lose(KIND, self._now())
            job = jobs.start(KIND, name, self._now())
            try:
                done = moving.resign(office, name)
            except BaseException as error:
                text = str(error) or type(error).__name__
                jobs.end(job, "failed", json.dumps({"error": text}), self._now())
                raise
            until = done.expires_at.isoformat() if done.expires_at else None
            jobs.end(job, "done", json.dumps({"release": done.release, "expires": until}), self._now())
        LOG.info("channel %s is signed anew, until %s", name, until)


def _log(error: TundishError, name: ChannelName) -> None:
    level = logging.getLevelNamesMapping()[reaction(error).log.upper()]
    LOG.log(level, "channel %s is not signed anew: %s: %s", name, type(error).__name__, error)

"""
The short way through a sync that has nothing to do: without the catalog's library, a plan or a lock.

It only says yes where the long way would do nothing either; whatever is unusual is left to that.
"""

from contextlib import closing
from datetime import datetime, timedelta

from tundish.catalog.glance import Glance, NoAnswer, glance
from tundish.core.errors import StorageError
from tundish.core.notice import Notice
from tundish.fetch.lines import Lines
from tundish.settings import Settings
from tundish.store.local import LocalStore
from tundish.sync import rest

SOON = timedelta(days=14)  # before a signature or key ends, somebody wants to hear of it
_JOB = "sync"


def resting(settings: Settings, at: datetime) -> tuple[Notice, ...] | None:
    """
    The notices that stand, if a sync of all sources has nothing to do, which is noted like any other sync;
    None if that cannot be said so quickly.
    """
    try:
        with glance(settings.state / "catalog.sqlite") as catalog:
            return catalog.notices() if _is_resting(catalog, settings, at) else None
    except (NoAnswer, StorageError):
        return None


def _is_resting(catalog: Glance, settings: Settings, at: datetime) -> bool:
    note = rest.parse(catalog.choice(rest.NOTE))
    if note is None or catalog.is_running(_JOB):
        return False
    stamp = LocalStore(settings.state / "store").stamp()
    if not note.lasts(rest.world((), catalog.pulse(), stamp), at + SOON):
        return False
    sources = catalog.sources()
    lines = Lines(connections=1, http_proxy=settings.http_proxy, no_proxy=settings.no_proxy)
    with closing(lines):
        if not note.is_confirmed(sources, lambda source: lines.of(source.fetching)):
            return False
    catalog.note(_JOB, "all sources", rest.NOTHING_DONE, sources, at)
    return True

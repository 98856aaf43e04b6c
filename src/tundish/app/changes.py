"""
What changed between two looks at the catalog, as values that can be told to anybody who may see them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tundish.app.happening import scope_of
from tundish.app.orders import right_of
from tundish.catalog.changes import MOST, Moved
from tundish.catalog.opened import Catalog
from tundish.catalog.records import QUEUED, RUNNING
from tundish.core.holding import Job
from tundish.core.image import Json
from tundish.core.people import Actor, Kind, Power

KINDS = ("job", "transfer", "event", "notice", "image", "upload")
RESET = "reset"  # more has changed than is told: look at everything again
AGAIN = "again"  # whoever listened was too slow: come again from this number
BEAT = "beat"  # nothing has changed, and we are still there
OVERLAP = timedelta(seconds=30)  # a row may be written so much later than it says
MOST_TRANSFERS = 100  # told of one look; the job tells how far all of them are
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Change:
    """
    `subject` is what changed, by the name or number that the API has for it. Who may see `name` of a `scope`
    may be told.
    """

    kind: str
    subject: str
    data: Mapping[str, Json]
    scope: Kind = Kind.ALL
    name: str = ""
    id: str = ""  # where a listener goes on

    def is_for(self, actor: Actor) -> bool:
        return self.kind not in KINDS or actor.may(Power.SEE, self.scope, self.name)


@dataclass(slots=True)
class _Newer:
    """
    What is newer than what was seen, by moments: some rows are written later than they say.
    """

    floor: datetime = _EVER
    seen: dict[tuple[str, str, int], datetime] = field(default_factory=dict)

    def since(self, now: datetime) -> datetime:
        return max(self.floor, now - OVERLAP)

    def pick(self, rows: Sequence[Moved], now: datetime) -> tuple[Moved, ...]:
        """
        Those of the rows that were not picked before.
        """
        found = tuple(row for row in rows if _key(row) not in self.seen)
        self.seen.update((_key(row), row.at) for row in found)
        self.seen = {key: at for key, at in self.seen.items() if at >= now - OVERLAP}
        if len(rows) >= MOST:
            self.floor, self.seen = now, {}
        return found


@dataclass(slots=True)
class Eye:
    """
    Looks at a catalog; what the first look finds is no change.
    """

    catalog: Catalog
    _job: int = 0
    _event: int = 0
    _jobs: dict[int, Job] = field(default_factory=dict)
    _notices: dict[str, str] = field(default_factory=dict)
    _ties: tuple[int, int] = (0, 0)
    _images: _Newer = field(default_factory=_Newer)
    _uploads: _Newer = field(default_factory=_Newer)
    _transfers: _Newer = field(default_factory=_Newer)
    _has_looked: bool = False
    _is_torn: bool = False  # a look ended early, and some of what it saw was not told

    def look(self, now: datetime) -> tuple[Change, ...]:
        """
        What has changed since the last look.
        """
        was_torn, self._is_torn = self._is_torn, True
        if not self._has_looked:
            self._job, self._event = self.catalog.changes.newest()
        found = (
            *self._seen_jobs(),
            *self._seen_events(),
            *self._seen_notices(),
            *self._seen_images(now),
            *self._seen_uploads(now),
        )
        transfers = tuple(self._seen_transfers(now))
        self._is_torn = False
        if not self._has_looked:
            self._has_looked = True
            return ()
        if was_torn or len(found) >= MOST:
            return (Change(RESET, "", {}),)
        return (*found, *transfers[-MOST_TRANSFERS:])

    def _seen_jobs(self) -> Iterator[Change]:
        known = [number for number, job in self._jobs.items() if job.ended_at is None]
        for job in self.catalog.changes.jobs(self._job, known):
            before = self._jobs.get(job.id)
            self._job = max(self._job, job.id)
            self._jobs[job.id] = job
            if before is None or _told(before) != _told(job):
                _, scope, name = right_of(job)
                yield Change("job", str(job.id), _told(job), scope, name)
        self._jobs = {number: job for number, job in self._jobs.items() if job.outcome in {QUEUED, RUNNING}}

    def _seen_transfers(self, now: datetime) -> Iterator[Change]:
        for row in self._transfers.pick(self.catalog.changes.transfers(self._transfers.since(now)), now):
            data: dict[str, Json] = {
                "source": row.name,
                "path": row.path,
                "came": row.came,
                "bytes": row.size,
                "ended": row.state == "ended",
            }
            yield Change("transfer", row.id, data, Kind.SOURCE, row.name)

    def _seen_events(self) -> Iterator[Change]:
        for event in self.catalog.changes.events(self._event):
            self._event = event.id
            data: dict[str, Json] = {
                "at": event.at.isoformat(),
                "kind": event.kind,
                "subject": event.subject,
                "text": event.text,
            }
            yield Change("event", str(event.id), data, *scope_of(event))

    def _seen_notices(self) -> Iterator[Change]:
        standing = {
            str(each.id): json.dumps([each.text, each.severity, each.dismissed_at is not None])
            for each in self.catalog.notices.list()
        }
        changed = {each for each in standing if self._notices.get(each) != standing[each]}
        gone = self._notices.keys() - standing.keys()
        self._notices = standing
        for number in sorted(changed | gone, key=int):
            yield Change("notice", number, {"stands": number in standing})

    def _seen_images(self, now: datetime) -> Iterator[Change]:
        ties, is_told = self.catalog.changes.ties(), False
        for row in self._images.pick(self.catalog.changes.images(self._images.since(now)), now):
            is_told = True
            yield Change("image", row.id, {"ref": row.name, "state": row.state}, Kind.IMAGE, row.name)
        if ties != self._ties and not is_told:
            yield Change(
                "image", "", {"ref": "", "state": ""}, Kind.IMAGE, ""
            )  # one was pinned, held or deleted
        self._ties = ties

    def _seen_uploads(self, now: datetime) -> Iterator[Change]:
        for row in self._uploads.pick(self.catalog.changes.uploads(self._uploads.since(now)), now):
            data: dict[str, Json] = {
                "image": row.name,
                "state": row.state,
                "came": row.came,
                "bytes": None if row.size < 0 else row.size,
            }
            yield Change("upload", row.id, data, Kind.IMAGE, row.name)


def _key(row: Moved) -> tuple[str, str, int]:
    return row.id, row.state, row.came


def _told(job: Job) -> dict[str, Json]:
    """
    What listeners hear of a job: its progress, not all of its detail.
    """
    return {
        "kind": job.kind,
        "subject": job.subject,
        "outcome": job.outcome,
        "attempt": job.attempt,
        "progress": _progress(job.detail),
    }


def _progress(detail: str) -> Json:
    try:
        found = json.loads(detail or "{}")
    except ValueError:
        return None
    progress: Json = found.get("progress") if isinstance(found, dict) else None
    if isinstance(progress, dict):
        return {name: value for name, value in progress.items() if name != "speeds"}
    return None


def message(change: Change) -> bytes:
    """
    One message of a stream of server-sent events.
    """
    if change.kind == BEAT:
        return b": here\n\n"
    data: dict[str, Json] = {"id": change.subject, **change.data}
    line = f"id: {change.id}\n" if change.id else ""
    return f"{line}event: {change.kind}\ndata: {json.dumps(data)}\n\n".encode()

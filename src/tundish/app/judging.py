"""
Decide which notices should stand, from facts alone.

A notice says what is so, what it means, and what to do next. Nothing is noticed of what is not known:
a source that was never read is neither stale nor empty.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tundish.core.holding import Job
from tundish.core.names import ChannelName, SourceName
from tundish.core.notice import Kind, Severity, Wanted
from tundish.core.selection import ANY, Selection
from tundish.sync.conditions import Condition
from tundish.sync.schedule import Schedule

GIB = 1024**3
ENOUGH = 5 * GIB  # bytes that should be free
AHEAD = timedelta(days=14)  # how long before the end of a signature it is told
STALE = timedelta(days=30)
_ENDED_BADLY = {"failed", "lost"}


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """
    An enabled source: what came of asking it, and of when its newest document is.
    """

    name: SourceName
    is_signed: bool
    condition: Condition
    updated: datetime | None


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """
    A channel that was due to be signed anew and could not be.
    """

    name: ChannelName
    since: datetime
    error: str


@dataclass(frozen=True, slots=True)
class Facts:
    sources: tuple[SourceFacts, ...] = ()  # the highest priority first
    selections: tuple[Selection, ...] = ()
    free: int | None = None  # bytes; None: the store cannot know
    schedule: Schedule = field(default_factory=Schedule)
    commissioning: str = ""  # os/series; empty: the newest Ubuntu with long support
    off: frozenset[Kind] = frozenset()
    failing: tuple[ChannelFacts, ...] = ()
    last: Job | None = None  # the last sync
    error: str = ""  # of the last sync


def judge(facts: Facts, now: datetime) -> frozenset[Wanted]:
    """
    The notices that these facts call for.
    """
    every = (
        *_of_sources(facts, now),
        *_of_sync(facts),
        *_of_channels(facts),
        *_of_disk(facts),
        *_of_commissioning(facts),
    )
    return frozenset(each for each in every if each.kind not in facts.off)


def _of_sources(facts: Facts, now: datetime) -> Iterator[Wanted]:
    for source in facts.sources:
        found = source.condition
        if found.failing_since is not None:
            text = f"source {source.name} cannot be read: {found.error}"
            yield Wanted(Kind.SOURCE_FAILED, source.name, text, Severity.ERROR, found.failing_since)
        if source.updated is not None and now - source.updated > STALE:
            days = (now - source.updated).days
            text = (
                f"source {source.name} has brought nothing new for {days} days; ask its owner whether it is "
                "still kept, or do without this notice: tundish notice off stale"
            )
            yield Wanted(Kind.STALE, source.name, text, Severity.WARNING, source.updated)
        if found.good_until is not None and found.good_until - now <= AHEAD:
            yield _expiry(source.name, found.good_until, now)
        if not source.is_signed:
            text = (
                f"source {source.name} is not signed: whatever it sends is believed; give it its keys: "
                f"tundish source set {source.name} --keyring FILE"
            )
            yield Wanted(Kind.UNSIGNED, source.name, text, Severity.WARNING)
        if found.announced is not None:
            text = f"MAAS {found.announced.version}: {found.announced.text}"
            yield Wanted(Kind.RELEASE, found.announced.version, text, Severity.INFO)


def _expiry(name: SourceName, end: datetime, now: datetime) -> Wanted:
    if end <= now:
        text = (
            f"what signs source {name} expired on {end:%Y-%m-%d}; it must be signed anew, or its keys renewed"
        )
        return Wanted(Kind.EXPIRY, name, text, Severity.ERROR)
    text = (
        f"what signs source {name} expires on {end:%Y-%m-%d}, in {(end - now).days} days; from then on it is "
        "refused unless its owner signs it anew or renews the key"
    )
    return Wanted(Kind.EXPIRY, name, text, Severity.WARNING)


def _of_sync(facts: Facts) -> Iterator[Wanted]:
    if not facts.schedule.on:
        text = (
            "automatic sync is off: images grow old unless somebody syncs; turn it on: tundish sync auto --on"
        )
        yield Wanted(Kind.AUTO_OFF, "sync", text, Severity.WARNING)
    last = facts.last
    is_explained = any(source.condition.failing_since is not None for source in facts.sources)
    if last is not None and last.outcome in _ENDED_BADLY and not is_explained:
        why = facts.error or "its process ended before it did"
        text = f"the last sync (job {last.id}) failed: {why}"
        yield Wanted(Kind.SYNC_FAILED, "sync", text, Severity.ERROR, last.ended_at)


def _of_channels(facts: Facts) -> Iterator[Wanted]:
    for each in facts.failing:
        text = (
            f"channel {each.name} cannot be signed anew, and its readers refuse it once its signature has "
            f"ended: {each.error}; when that is mended: tundish channel resign {each.name}"
        )
        yield Wanted(Kind.RESIGN_FAILED, each.name, text, Severity.ERROR, each.since)


def _of_disk(facts: Facts) -> Iterator[Wanted]:
    if facts.free is not None and facts.free < ENOUGH:
        text = (
            f"{facts.free / GIB:.1f} GiB are free where the store is, under {ENOUGH // GIB} GiB; free some, "
            "or see what can go: tundish store usage"
        )
        yield Wanted(Kind.DISK_LOW, "store", text, Severity.WARNING)


def _of_commissioning(facts: Facts) -> Iterator[Wanted]:
    offered = {series for source in facts.sources for series in source.condition.offered}
    newest = next((source.condition.lts for source in facts.sources if source.condition.lts), "")
    image = facts.commissioning or newest
    if not image or not offered:
        return
    if image not in offered:
        text = (
            f"{image}, which new machines are to be examined with, is offered by no source; add one that "
            "does, or choose another: tundish notice commissioning OS/SERIES"
        )
        yield Wanted(Kind.COMMISSIONING, "image", text, Severity.WARNING)
    elif not any(_selects(selection, image) for selection in facts.selections):
        text = (
            f"{image}, which new machines are to be examined with, is not selected; "
            f"select it: tundish select add {image}"
        )
        yield Wanted(Kind.COMMISSIONING, "image", text, Severity.WARNING)


def _selects(selection: Selection, image: str) -> bool:
    os_, _, series = image.partition("/")
    return selection.os in {ANY, os_} and selection.series in {ANY, series}

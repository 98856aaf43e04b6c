from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tundish.app.judging import AHEAD, ENOUGH, STALE, ChannelFacts, Facts, SourceFacts, judge
from tundish.core.holding import Job
from tundish.core.names import SourceName, channel_name
from tundish.core.notice import OPTIONAL, Announcement, Kind, Severity, Wanted
from tundish.core.selection import Selection
from tundish.sync.conditions import Condition
from tundish.sync.schedule import Schedule

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
READ = Condition(read_at=NOON, offered=("ubuntu/jammy", "ubuntu/noble"), lts="ubuntu/noble")
LAB = SourceFacts(SourceName("lab"), True, READ, NOON)
FINE = Facts((LAB,), (Selection("ubuntu", "noble"),), free=ENOUGH)
BROKEN = ChannelFacts(channel_name("stable"), NOON, "the signing key is not there")
FAILED = Job(7, "sync", "all sources", NOON, NOON + HOUR, "failed", "{}")


def with_source(**changes: Any) -> Facts:
    """
    All is well but for the condition of the one source.
    """
    return replace(FINE, sources=(replace(LAB, condition=replace(READ, **changes)),))


def only(facts: Facts) -> Wanted:
    (found,) = judge(facts, NOON)
    return found


def kinds(facts: Facts) -> set[str]:
    return {str(each.kind) for each in judge(facts, NOON)}


def test_where_all_is_well_nothing_is_said() -> None:
    """
    A source that is read, signed and fresh, room, and a schedule call for no notice.
    """
    assert frozenset() == judge(FINE, NOON)


def test_a_new_state_calls_for_nothing() -> None:
    """
    Where nothing is known yet, nothing is wrong.
    """
    assert frozenset() == judge(Facts(), NOON)


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        (with_source(failing_since=NOON, error="down"), "source-failed"),
        (with_source(good_until=NOON + AHEAD), "expiry"),
        (with_source(good_until=NOON - HOUR), "expiry"),
        (with_source(announced=Announcement("4.0", "out")), "release"),
        (replace(FINE, sources=(replace(LAB, is_signed=False),)), "unsigned"),
        (replace(FINE, sources=(replace(LAB, updated=NOON - STALE - HOUR),)), "stale"),
        (replace(FINE, free=ENOUGH - 1), "disk-low"),
        (replace(FINE, schedule=Schedule(on=False)), "auto-off"),
        (replace(FINE, last=FAILED, error="full"), "sync-failed"),
        (replace(FINE, last=replace(FAILED, outcome="lost")), "sync-failed"),
        (replace(FINE, failing=(BROKEN,)), "resign-failed"),
        (replace(FINE, selections=()), "commissioning"),
        (replace(FINE, selections=(Selection("ubuntu", "jammy"),)), "commissioning"),
        (replace(FINE, commissioning="ubuntu/focal"), "commissioning"),
    ],
)
def test_each_trouble_has_its_notice(facts: Facts, kind: str) -> None:
    """
    One thing is wrong, and one notice of its kind says so.
    """
    assert {kind} == kinds(facts)


@pytest.mark.parametrize(
    "facts",
    [
        with_source(good_until=NOON + AHEAD + HOUR),
        replace(FINE, sources=(replace(LAB, updated=NOON - STALE),)),
        replace(FINE, sources=(replace(LAB, updated=None),)),
        replace(FINE, free=None),
        replace(FINE, last=replace(FAILED, outcome="done")),
        replace(FINE, last=replace(FAILED, outcome="partial")),
        replace(FINE, last=replace(FAILED, outcome="stopped")),
        replace(FINE, selections=(Selection("*", "*"),)),
        replace(FINE, selections=(Selection("ubuntu", "*"),)),
        replace(FINE, commissioning="ubuntu/jammy", selections=(Selection("ubuntu", "jammy"),)),
        replace(with_source(lts="", offered=("debian/bookworm",)), selections=()),
        replace(with_source(lts="", offered=()), commissioning="ubuntu/noble"),
    ],
)
def test_what_is_still_well_has_none(facts: Facts) -> None:
    """
    On this side of each limit, and where nobody can know, nothing is said.
    """
    assert set() == kinds(facts)


def test_a_failing_source_explains_a_failed_sync() -> None:
    """
    Where a source says why the sync failed, the sync does not say it again.
    """
    facts = replace(with_source(failing_since=NOON, error="down"), last=FAILED, error="down")

    assert {"source-failed"} == kinds(facts)


def test_a_failing_source_says_why_and_since_when() -> None:
    """
    The notice carries the reason and the first failure.
    """
    found = only(with_source(failing_since=NOON - HOUR, error="no route"))

    assert (True, NOON - HOUR, Severity.ERROR) == ("no route" in found.text, found.since, found.severity)


@pytest.mark.parametrize(
    ("end", "words", "severity"),
    [
        (NOON + timedelta(days=3, hours=1), "in 3 days", Severity.WARNING),
        (NOON - HOUR, "expired on 2026-05-04", Severity.ERROR),
    ],
)
def test_an_expiry_is_told_days_ahead(end: datetime, words: str, severity: Severity) -> None:
    """
    Before the end it is a warning that counts the days, from then on an error.
    """
    found = only(with_source(good_until=end))

    assert (True, severity) == (words in found.text, found.severity)


def test_another_release_is_another_notice() -> None:
    """
    The announced version is a part of a notice's identity.
    """
    subjects = {only(with_source(announced=Announcement(name, "out"))).subject for name in ("4.0", "4.1")}

    assert {"4.0", "4.1"} == subjects


def test_the_same_release_from_two_sources_is_one_notice() -> None:
    """
    Two sources that announce the same say it once.
    """
    told = replace(LAB, condition=replace(READ, announced=Announcement("4.0", "out")))
    facts = replace(FINE, sources=(told, replace(told, name=SourceName("other"))))

    assert 1 == len(judge(facts, NOON))


def test_the_first_source_says_which_lts_counts() -> None:
    """
    Without a choice, new machines need the newest LTS of the source of highest priority.
    """
    other = replace(LAB, name=SourceName("other"), condition=replace(READ, lts="ubuntu/jammy"))
    facts = replace(FINE, sources=(LAB, other), selections=())

    assert "ubuntu/noble" in only(facts).text


def test_what_is_turned_off_is_not_said() -> None:
    """
    Where everything is wrong, the kinds that were turned off are left out, and no other.
    """
    everything = Facts(
        sources=(
            replace(
                LAB,
                is_signed=False,
                updated=NOON - 2 * STALE,
                condition=replace(READ, good_until=NOON, announced=Announcement("4.0", "out")),
            ),
        ),
        free=0,
        schedule=Schedule(on=False),
        failing=(BROKEN,),
        last=FAILED,
        off=frozenset(OPTIONAL),
    )

    assert set(Kind) - set(OPTIONAL) - {Kind.SOURCE_FAILED} == kinds(everything)


CONDITIONS = st.builds(
    Condition,
    read_at=st.none() | st.just(NOON),
    good_until=st.none() | st.just(NOON),
    offered=st.sampled_from([(), ("ubuntu/noble",)]),
    lts=st.sampled_from(["", "ubuntu/noble"]),
    announced=st.none() | st.just(Announcement("4.0", "out")),
    failing_since=st.none() | st.just(NOON),
    error=st.text(max_size=5),
)
SOURCES = st.builds(
    SourceFacts, st.sampled_from(["a", "b"]).map(SourceName), st.booleans(), CONDITIONS, st.none()
)


@given(
    st.lists(SOURCES, max_size=2, unique_by=lambda each: each.name), st.booleans(), st.none() | st.integers(0)
)
def test_no_two_notices_have_the_same_identity(
    sources: list[SourceFacts], is_on: bool, free: int | None
) -> None:
    """
    Whatever the facts, kind and subject name one notice.
    """
    found = judge(Facts(tuple(sources), free=free, schedule=Schedule(on=is_on)), NOON)

    assert len(found) == len({(each.kind, each.subject) for each in found})

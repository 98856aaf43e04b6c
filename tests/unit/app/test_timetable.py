from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tundish.app.timetable import Timetable, closing
from tundish.core.names import SourceName
from tundish.core.selection import Fetching, Source
from tundish.sync.schedule import Schedule

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LAB = Source(SourceName("lab"), "http://lab.test/", b"")
NIGHT = Source(SourceName("night"), "http://night.test/", b"", fetching=Fetching(window="22:00-06:00"))
HOURLY = Schedule()


def due(timetable: Timetable, now: datetime, schedule: Schedule = HOURLY) -> list[str]:
    return [source.name for source in timetable.due(schedule, [LAB, NIGHT], now)]


def begun(share: float = 0.0, *, failed: bool = False) -> Timetable:
    """
    A timetable after a first run of both sources at noon.
    """
    timetable = Timetable(lambda: share)
    timetable.ran([LAB, NIGHT], NOON, failed=failed)
    return timetable


def test_the_first_run_is_at_once_for_those_that_may() -> None:
    """
    At the start everything is due whose window is open.
    """
    assert ["lab"] == due(Timetable(lambda: 0.0), NOON)


@pytest.mark.parametrize(
    ("share", "minutes", "wanted"), [(0.0, 53, []), (0.0, 54, ["lab"]), (0.9, 59, []), (0.9, 60, ["lab"])]
)
def test_a_run_comes_within_the_interval(share: float, minutes: int, wanted: list[str]) -> None:
    """
    The next run is due up to a tenth early, by lot, and never late.
    """
    assert wanted == due(begun(share), NOON + minutes * MINUTE)


def test_a_source_waits_for_its_own_window() -> None:
    """
    A source whose window opens at ten is due then, whatever became of the others.
    """
    evening = NOON + timedelta(hours=10)
    timetable = begun()
    timetable.ran([LAB], evening - MINUTE, failed=False)

    assert ([], ["night"]) == (due(timetable, evening - MINUTE), due(timetable, evening))


def test_the_window_of_all_holds_for_each() -> None:
    """
    A source is due only where the common window is open too.
    """
    schedule = replace(HOURLY, window="23:00-23:30")
    times = [NOON + timedelta(hours=10, minutes=30), NOON + timedelta(hours=11)]

    assert [[], ["lab", "night"]] == [due(begun(), at, schedule) for at in times]


def test_what_is_off_is_never_due() -> None:
    """
    With automatic sync off nothing is due, however long ago the last run was.
    """
    assert [] == due(Timetable(lambda: 0.0), NOON, replace(HOURLY, on=False))


def test_a_disabled_source_is_never_due() -> None:
    """
    Only enabled sources are synced.
    """
    assert () == Timetable(lambda: 0.0).due(HOURLY, [replace(LAB, enabled=False)], NOON)


def test_a_failure_is_tried_again_soon_and_then_less_and_less() -> None:
    """
    Five minutes after the first failure, ten after the second; a success sets it back.
    """
    timetable = begun(failed=True)
    first = due(timetable, NOON + 5 * MINUTE)
    timetable.ran([LAB], NOON, failed=True)
    second = due(timetable, NOON + 5 * MINUTE), due(timetable, NOON + 10 * MINUTE)
    timetable.ran([LAB], NOON, failed=False)

    assert (["lab"], ([], ["lab"]), []) == (first, second, due(timetable, NOON + 10 * MINUTE))


def test_a_source_added_later_comes_with_the_next_run() -> None:
    """
    A source that nobody synced yet is due with the others, not before.
    """
    timetable = Timetable(lambda: 0.0)
    timetable.ran([NIGHT], NOON, failed=False)

    assert ([], ["lab"]) == (due(timetable, NOON + MINUTE), due(timetable, NOON + 60 * MINUTE))


@pytest.mark.parametrize(
    ("window", "sources", "wanted"),
    [
        ("", [LAB], None),
        ("", [LAB, NIGHT], NOON + timedelta(hours=18)),
        ("11:00-13:00", [LAB, NIGHT], NOON + timedelta(hours=1)),
    ],
)
def test_a_run_ends_with_the_first_window_that_closes(
    window: str, sources: list[Source], wanted: datetime | None
) -> None:
    """
    The end is that of the window that closes first; without any there is none.
    """
    assert wanted == closing(replace(HOURLY, window=window), sources, NOON)

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tundish.core.errors import InputError
from tundish.sync.schedule import (
    HOUR,
    Schedule,
    Window,
    checked,
    decoded,
    encoded,
    next_run,
    retry_after,
    window,
)

MINUTE = timedelta(minutes=1)
NIGHT, LUNCH = "22:00-06:00", "12:00-13:00"


def day(clock: str, date: int = 4) -> datetime:
    hours, minutes = clock.split(":")
    return datetime(2026, 5, date, int(hours), int(minutes), tzinfo=UTC)


MOMENTS = st.integers(0, 365 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
MINUTES = st.integers(0, 1439).map(lambda minutes: minutes * MINUTE)
WINDOWS = st.tuples(MINUTES, MINUTES).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: Window(*pair))
SPANS = st.integers(1, 10_000).map(lambda minutes: minutes * MINUTE)
JITTERS = st.integers(0, 600).map(lambda seconds: timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("last", "now", "windows", "jitter", "wanted"),
    [
        pytest.param(None, day("12:30"), "", 0, day("12:30"), id="the first run is at once"),
        pytest.param(day("12:00"), day("12:30"), "", 0, day("13:00"), id="then once an interval"),
        pytest.param(day("12:00"), day("12:30"), "", 3, day("13:03"), id="a little later by the jitter"),
        pytest.param(day("12:00", 1), day("12:30"), "", 3, day("12:30"), id="what was missed comes at once"),
        pytest.param(None, day("12:30"), NIGHT, 0, day("22:00"), id="a closed window is waited for"),
        pytest.param(None, day("23:00"), NIGHT, 0, day("23:00"), id="an open window is open"),
        pytest.param(None, day("05:59"), NIGHT, 0, day("05:59"), id="also behind midnight"),
        pytest.param(None, day("06:00"), NIGHT, 0, day("22:00"), id="its end is outside"),
        pytest.param(day("05:30"), day("05:40"), NIGHT, 0, day("22:00"), id="the next one is too late"),
        pytest.param(day("05:30"), day("05:40"), NIGHT, 7, day("22:07"), id="an opening has jitter too"),
        pytest.param(day("05:30"), day("22:01"), NIGHT, 7, day("22:07"), id="and keeps it once it is open"),
        pytest.param(day("05:30"), day("23:00"), NIGHT, 7, day("23:00"), id="a missed opening"),
        pytest.param(day("12:30", 3), day("12:30"), NIGHT, 0, day("22:00"), id="missed, and closed now"),
        pytest.param(day("13:00"), day("12:30"), "", 0, day("13:30"), id="a clock that was set back"),
    ],
)
def test_the_next_run(
    last: datetime | None, now: datetime, windows: str, jitter: int, wanted: datetime
) -> None:
    """
    The table of cases: hourly, with and without a window.
    """
    assert wanted == next_run(last, now, HOUR, window(windows), jitter * MINUTE)


def test_two_windows_must_both_be_open() -> None:
    """
    With two windows the next run is where they overlap.
    """
    both = (*window("20:00-23:00"), *window(NIGHT))

    assert day("22:00") == next_run(None, day("12:30"), HOUR, both)


def test_windows_that_never_meet_never_run() -> None:
    """
    Without any overlap there is no next run, and that is said.
    """
    assert next_run(None, day("12:30"), HOUR, (*window(LUNCH), *window(NIGHT))) is None


@given(st.none() | MOMENTS, MOMENTS, SPANS, st.lists(WINDOWS, max_size=3), JITTERS)
def test_a_run_is_never_in_the_past_nor_outside(
    last: datetime | None, now: datetime, interval: timedelta, windows: list[Window], jitter: timedelta
) -> None:
    """
    Whatever the past, the next run is now or later, and every window is open then.
    """
    found = next_run(last, now, interval, windows, jitter)

    assert found is None or (found >= now and all(each.holds(found) for each in windows))


@given(MOMENTS, SPANS, WINDOWS, JITTERS)
def test_a_run_is_no_later_than_a_window_asks(
    now: datetime, interval: timedelta, given_window: Window, jitter: timedelta
) -> None:
    """
    One window opens once a day: nothing waits longer than interval, jitter twice, and a day.
    """
    found = next_run(now, now, interval, [given_window], jitter)

    assert found is not None
    assert found <= now + interval + 2 * jitter + timedelta(days=1)


@given(MOMENTS, MOMENTS, SPANS, JITTERS)
def test_runs_keep_their_distance(
    last: datetime, now: datetime, interval: timedelta, jitter: timedelta
) -> None:
    """
    Two runs are never closer than the interval, however many were missed between.
    """
    found = next_run(min(last, now), now, interval, (), jitter)

    assert found is not None
    assert found - min(last, now) >= interval


@given(MOMENTS, WINDOWS)
def test_a_window_closes_after_it_was_open(moment: datetime, given_window: Window) -> None:
    """
    From an open moment to its closing the window is open, and at the closing it is not.
    """
    opened = moment if given_window.holds(moment) else given_window.opening(moment)
    closing = given_window.closing(opened)

    assert (True, False) == (
        given_window.holds(closing - timedelta.resolution),
        given_window.holds(closing),
    )


@pytest.mark.parametrize(
    "text", ["22-06", "24:00-06:00", "22:00-22:00", "22:60-23:00", "22:00", " 22:00-06:00"]
)
def test_what_is_no_window_is_refused(text: str) -> None:
    """
    A window that cannot be read, or never opens, is an input error.
    """
    with pytest.raises(InputError, match="window"):
        window(text)


@pytest.mark.parametrize(("failures", "minutes"), [(0, 60), (1, 5), (2, 10), (4, 40), (5, 60), (5_000, 60)])
def test_failures_wait_ever_longer(failures: int, minutes: int) -> None:
    """
    After a failure the next run comes sooner than usual, then ever later, and never later than usual.
    """
    assert minutes * MINUTE == retry_after(failures, HOUR)


@pytest.mark.parametrize(
    "schedule", [Schedule(), Schedule(on=False), Schedule(every=5 * MINUTE, window=NIGHT)]
)
def test_a_schedule_survives_being_written_down(schedule: Schedule) -> None:
    """
    What was chosen is read back as it was.
    """
    assert schedule == decoded(encoded(schedule))


def test_the_usual_is_hourly() -> None:
    """
    Without a choice there is a sync every hour, at any time of the day.
    """
    assert Schedule(on=True, every=HOUR, window="") == decoded(None)


@pytest.mark.parametrize(
    "schedule",
    [Schedule(every=timedelta(seconds=59)), Schedule(every=timedelta(days=31)), Schedule(window="x")],
)
def test_a_schedule_that_makes_no_sense_is_refused(schedule: Schedule) -> None:
    """
    Too often, too seldom and windows that are none are input errors.
    """
    with pytest.raises(InputError):
        checked(schedule)

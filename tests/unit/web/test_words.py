from datetime import UTC, datetime, timedelta

import pytest

from tundish.app.sampling import Sample
from tundish.core.urls import without_password
from tundish.web.chart import chart
from tundish.web.rendering import curl
from tundish.web.visit import Same
from tundish.web.words import ago, many, percent, size, span

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 KiB"), (123_456_789, "118 MiB"), (None, "not known")],
)
def test_sizes_are_said_in_their_unit(count: int | None, text: str) -> None:
    """
    At most three digits before the point, one behind it where there is room.
    """
    assert text == size(count)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7300, "2 h"), (90_000, "1 d")]
)
def test_spans_are_said_in_their_unit(seconds: float, text: str) -> None:
    """
    In the largest unit that fits.
    """
    assert text == span(seconds)


@pytest.mark.parametrize(("hours", "text"), [(-2, "2 h ago"), (3, "in 3 h"), (0, "now")])
def test_moments_are_said_from_now(hours: int, text: str) -> None:
    """
    What was is ago, and what will be is in a while.
    """
    assert text == ago(NOON + timedelta(hours=hours), NOON)


def test_a_hundred_percent_means_all() -> None:
    """
    Shares are rounded down.
    """
    assert (99, 100, 0) == (percent(999, 1000), percent(3, 3), percent(1, 0))


def test_one_is_not_many() -> None:
    """
    A number agrees with its noun.
    """
    assert ("1 image", "1,000 images") == (many(1, "image"), many(1000, "image"))


def test_who_logs_in_is_masked() -> None:
    """
    An address never shows its password.
    """
    assert "https://***@host/a@b" == without_password("https://me:secret@host/a@b")


def test_a_line_for_the_shell_is_quoted() -> None:
    """
    What a name could do to a shell, it cannot do in the line that is offered for it.
    """
    line = curl(Same("x", "/images/$(reboot)"), "http://host")

    assert line.endswith(" 'http://host/api/v1/images/$(reboot)'")


def test_one_sample_draws_no_line() -> None:
    """
    A chart begins with the second sample.
    """
    assert None is chart([Sample(NOON, 5, None)])


def test_a_chart_ends_below_its_top() -> None:
    """
    The top is a round amount above the most that there was.
    """
    drawn = chart([Sample(NOON, 1024, None), Sample(NOON + timedelta(hours=1), 5 * 1024, None)])

    assert ["0 bytes", "2.0 KiB", "4.0 KiB", "6.0 KiB", "8.0 KiB"] == [
        rule.label for rule in (drawn.rules if drawn else ())
    ]

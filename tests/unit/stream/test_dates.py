"""
Dates as sources write them.
"""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.stream.values import JSON, MOMENT, quick
from tundish.core.image import Json
from tundish.stream import dates
from tundish.stream.remarks import Remarks

DAY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Fri, 02 Jan 2026 03:04:05 +0000",
        "Fri, 02 Jan 2026 05:04:05 +0200",
        "Fri, 02 Jan 2026 03:04:05 GMT",
        "Fri, 02 Jan 2026 03:04:05 UTC",
        "Thu, 01 Jan 2026 22:04:05 EST",
        "Fri, 02 Jan 2026 03:04:05 -0000",
        "2026-01-02T03:04:05+00:00",
        "2026-01-02T03:04:05Z",
        "2026-01-02T05:04:05.678+02:00",
        "2026-01-02 03:04:05",
        "20260102T030405Z",
    ],
)
def test_each_form_in_use_is_read(text: str) -> None:
    """
    RFC 2822 with offset or zone name, and ISO 8601; without a zone it is UTC.
    """
    assert DAY == dates.parse(text, "index", Remarks())


@pytest.mark.parametrize(
    "value",
    [
        *(
            None,
            "",
            "soon",
            1767323045,
            True,
            ["x"],
            "Fri, 99 Jan 2026",
            "0001-01-01T00:00:00+14:00",
            "9" * 999,
        ),
        "0026-01-02T03:04:05Z",  # written as a date of mail it would be read as 2026
    ],
)
def test_what_is_no_date_is_a_remark(value: Json) -> None:
    """
    A missing or odd date is no failure.
    """
    remarks = Remarks()

    assert (None, 1) == (dates.parse(value, "index", remarks), len(remarks.collected()))


@quick
@given(JSON | st.text())
def test_no_value_breaks_the_reader(value: Json) -> None:
    """
    Anything is a moment in UTC or nothing.
    """
    moment = dates.parse(value, "index", Remarks())

    assert moment is None or timedelta(0) == moment.utcoffset()


@quick
@given(MOMENT)
def test_what_is_written_is_read_back(moment: datetime) -> None:
    """
    Writing loses nothing above a second.
    """
    assert moment == dates.parse(dates.render(moment), "index", Remarks())


def test_dates_are_written_with_an_offset() -> None:
    """
    `GMT` would make MAAS refuse the whole index.
    """
    assert "Fri, 02 Jan 2026 03:04:05 +0000" == dates.render(DAY.astimezone(timezone(timedelta(hours=5))))

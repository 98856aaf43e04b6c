"""
Dates on the wire: RFC 2822 is the rule, ISO 8601 is met; a missing or odd one is a remark, no failure.
"""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from tundish.core.image import Json
from tundish.stream.remarks import Remarks, shown

_MAX_DATE = 64  # characters
_FIRST_YEAR = 1970  # nothing was signed before, and years of two digits are read as others than they are


def parse(value: Json, subject: str, remarks: Remarks) -> datetime | None:
    """
    The moment a text names, in UTC and whole seconds; None, with a remark, if it names none.
    """
    if value is None:
        remarks.add(subject, "carries no date")
        return None
    moment = _moment(value) if isinstance(value, str) and len(value) <= _MAX_DATE else None
    if moment is None:
        remarks.add(subject, f"{shown(value)} is not a date that we can read")
    return moment


def render(moment: datetime) -> str:
    """
    RFC 2822 with `+0000`; MAAS refuses `GMT`.
    """
    return format_datetime(moment.astimezone(UTC))


def _moment(text: str) -> datetime | None:
    for reader in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = reader(text)
            aware = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        return aware.replace(microsecond=0) if aware.year >= _FIRST_YEAR else None
    return None

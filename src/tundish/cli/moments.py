"""
Words for moments on the command line, and spans as people read them.
"""

from datetime import UTC, datetime, timedelta

import click

from tundish.cli.amounts import span


def since(text: str, now: datetime) -> datetime:
    """
    The moment a span ago, or a date (in UTC unless it says otherwise): 2h, 2026-05-04, 2026-05-04T12:30.

    Raises:
        click.BadParameter: it is neither.
    """
    if text.endswith(("s", "m", "h", "d", "w")):
        return now - span(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text[:40]!r}: give a span of time, as in 2h or 3d, or a date, as in 2026-05-04"
        ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def span_text(length: timedelta) -> str:
    """
    A span in the largest unit that says it exactly: 90s, 60m is 1h.
    """
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def left_text(seconds: float | None) -> str:
    """
    How long something still takes: 45s, 3m10s, 2h05m; unknown while nothing moves.
    """
    if seconds is None:
        return "unknown"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3_600:
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3_600}h{whole % 3_600 // 60:02}m"

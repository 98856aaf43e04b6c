"""
How figures, sizes and times are said on a page. Pure.
"""

from datetime import UTC, datetime

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
_SPANS = ((86_400 * 365, "y"), (86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def plain(text: str) -> str:
    """
    Without control characters, which have no place in a name.
    """
    return "".join(sign for sign in text if sign.isprintable())


def size(count: int | None) -> str:
    """
    Bytes in the largest unit that leaves a whole number before the point.
    """
    if count is None:
        return "not known"
    value, unit = float(count), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    digits = 0 if unit == 0 or value >= 100 else 1
    return f"{value:.{digits}f} {_UNITS[unit]}"


def span(seconds: float | None) -> str:
    """
    A length of time in its largest unit.
    """
    if seconds is None:
        return "not known"
    whole = max(round(seconds), 0)
    for length, unit in _SPANS:
        if whole >= length:
            return f"{whole // length} {unit}"
    return "0 s"


def ago(moment: datetime | None, now: datetime) -> str:
    """
    How long since, or until, a moment.
    """
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 1:
        return "now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(-seconds)}"


def stamp(moment: datetime) -> str:
    """
    A moment in full, in UTC.
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def number(count: int) -> str:
    return f"{count:,}"


def many(count: int, one: str, several: str = "") -> str:
    """
    A number with its noun: 1 image, 2 images.
    """
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def percent(part: int, whole: int) -> int:
    """
    A share, rounded down, so that 100 means all.
    """
    return min(part * 100 // whole, 100) if whole > 0 else 0

"""
The only clock. Everybody else takes the time as an argument.
"""

import time
from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def monotonic() -> float:
    """
    Seconds since some fixed moment; never goes back.
    """
    return time.monotonic()

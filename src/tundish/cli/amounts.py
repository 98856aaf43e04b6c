"""
Words for amounts on the command line: 3d, 12h, 50M. Bounded, so that no sum of them overflows.
"""

import re
from datetime import timedelta

import click

MOST_DAYS = 36_500
MOST_BYTES = 2**60
_SPAN = re.compile(r"(\d{1,7})\s*([smhdw])")
_SIZE = re.compile(r"(\d{1,15})\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_BYTES = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def span(text: str) -> timedelta:
    """
    A span of time: a number and s, m, h, d or w; 0 stands alone.

    Raises:
        click.BadParameter: it is none, or over a hundred years.
    """
    found = _SPAN.fullmatch("0s" if text == "0" else text)
    if found:
        seconds = int(found[1]) * _SECONDS[found[2]]
        if seconds <= MOST_DAYS * 86_400:
            return timedelta(seconds=seconds)
    raise click.BadParameter(f"{text[:40]!r}: give a span of time as in 90m, 12h, 3d or 2w")


def size(text: str) -> int:
    """
    A number of bytes, with K, M, G or T for powers of 1024.

    Raises:
        click.BadParameter: it is none, 0 or too many.
    """
    found = _SIZE.fullmatch(text)
    count = int(found[1]) * _BYTES[found[2].lower()] if found else 0
    if not 0 < count <= MOST_BYTES:
        raise click.BadParameter(f"{text[:40]!r}: give a number of bytes as in 800K, 50M or 2G")
    return count

"""
How full the store was, hour by hour: what a chart of space over time is drawn from.

One bounded note in the catalog's choices, so that there is no table for it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tundish.catalog.choices import Choices

NOTE = "space"
EVERY = timedelta(hours=1)
KEPT = 24 * 30  # samples


@dataclass(frozen=True, slots=True)
class Sample:
    """
    Bytes of all images, and those that are free; None where the store cannot know.
    """

    at: datetime
    size: int
    free: int | None


def samples(choices: Choices) -> tuple[Sample, ...]:
    """
    All that are kept, the oldest first.
    """
    noted = json.loads(choices.get(NOTE) or "[]")
    return tuple(Sample(datetime.fromisoformat(at), size, free) for at, size, free in noted)


def is_due(choices: Choices, now: datetime) -> bool:
    found = samples(choices)
    return not found or now - found[-1].at >= EVERY


def add(choices: Choices, sample: Sample) -> None:
    """
    Keep one more; the oldest go.
    """
    kept: Sequence[Sample] = (*samples(choices), sample)[-KEPT:]
    choices.set(NOTE, json.dumps([[each.at.isoformat(), each.size, each.free] for each in kept]))

"""
How full the store was, hour by hour: what a chart of space over time is drawn from.

One bounded note in the catalog's choices, so that there is no table for it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tundish.catalog.choices import Choices
from tundish.catalog.opened import Catalog
from tundish.store.blobs import BlobSink

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


def sample(catalog: Catalog, store: BlobSink, now: datetime) -> None:
    """
    Note how full the store is, if the last note is an hour old.
    """
    found = samples(catalog.choices)
    if not found or now - found[-1].at >= EVERY:
        add(catalog.choices, Sample(now, catalog.images.totals().size, store.free()))


def add(choices: Choices, sample: Sample, most: int = KEPT) -> None:
    """
    Keep one more; the oldest go.
    """
    kept: Sequence[Sample] = (*samples(choices), sample)[-most:]
    choices.set(NOTE, json.dumps([[each.at.isoformat(), each.size, each.free] for each in kept]))

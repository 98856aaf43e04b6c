from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tundish.app.sampling import Sample, add, sample, samples
from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.store.memory import MemoryStore

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))
    yield opened
    opened.close()


def test_space_is_noted_once_an_hour(catalog: Catalog) -> None:
    """
    However often it is asked for, there is one note an hour.
    """
    for minutes in (0, 1, 59, 60, 61):
        sample(catalog, MemoryStore(), NOON + timedelta(minutes=minutes))

    assert [NOON, NOON + timedelta(hours=1)] == [each.at for each in samples(catalog.choices)]


def test_old_notes_go(catalog: Catalog) -> None:
    """
    The notes are bounded; the oldest go first.
    """
    for hour in range(5):
        add(catalog.choices, Sample(NOON + timedelta(hours=hour), hour, None), most=3)

    assert [2, 3, 4] == [each.size for each in samples(catalog.choices)]

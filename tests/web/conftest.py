"""
States that several tests only read.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.seeding import Seeded, seeded
from tests.web.asked import Visitor


@pytest.fixture(scope="package")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    with seeded(tmp_path_factory.mktemp("few") / "state", 9) as held:
        yield held


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Seeded]:
    with seeded(tmp_path / "state", 3) as held:
        yield held


@pytest.fixture
def ada(fresh: Seeded) -> Visitor:
    return Visitor(fresh).log_in()

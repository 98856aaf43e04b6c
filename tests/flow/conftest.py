"""
What several flows need.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.full_disk import Disk, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """
    A disk that can be filled.
    """
    with small_disk(tmp_path / "disk") as made:
        if made is None:
            pytest.skip("no tmpfs can be mounted here")
        yield made

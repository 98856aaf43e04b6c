"""
Foundries: two to look at, made once, and one for each test that publishes again.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.foundry import Foundry, foundry


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foundry]:
    """
    Has published two releases. Not to be changed.
    """
    with foundry(tmp_path_factory.mktemp("published")) as made:
        made.sync("20260102")
        made.build("20260102")
        made.publish()
        yield made


@pytest.fixture(scope="session")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foundry]:
    """
    Offers an image in the other dialect, beside its channel for MAAS. Not to be changed.
    """
    with foundry(tmp_path_factory.mktemp("containers")) as made:
        made.publish_containers()
        yield made


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Foundry]:
    """
    Has published one release, and may go on.
    """
    with foundry(tmp_path / "works") as made:
        yield made

"""
One door for a whole module of questions, and a new one for each test that changes something.
"""

from collections.abc import Iterator

import pytest

from tests.api.door import Door, opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(tmp_path_factory.mktemp("shared") / "state") as door:
        yield door


@pytest.fixture
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(tmp_path_factory.mktemp("own") / "state") as door:
        yield door

"""
Mirrors that a server makes, of what passes patterns.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.test_job_crashes import ADA, opened, served, text
from tests.support.hostile_server import HostileServer
from tests.support.keys import MADE_AT, key
from tests.support.region import DAY
from tests.support.stream_simulator import StreamSimulator
from tundish.app.deeds import jobs
from tundish.core.image import Json


@pytest.fixture
def stream() -> Iterator[StreamSimulator]:
    made = StreamSimulator(key().signer(at=MADE_AT))
    made.add()
    made.add(series="jammy", kernel="ga-22.04")
    made.publish(DAY)
    with HostileServer(made.files) as server:
        made.url = server.url
        yield made


@pytest.mark.parametrize("filters", [["release~^no"], ["(release~^no||arch=none)"], ["release!~mmy$"]])
def test_a_job_mirrors_what_passes_a_pattern(
    stream: StreamSimulator, filters: list[str], tmp_path: Path
) -> None:
    """
    As the command does: of two releases, the one that fits.
    """
    with opened(tmp_path) as app:
        asked: dict[str, Json] = {"name": "lab", "url": stream.url, "keyring": text(stream.keyring)}
        asked["filters"] = [*filters]
        number = jobs.begin(app, ADA, "mirror", asked).id
        served(app)
        outcome = app.catalog.jobs.get(number).outcome
    names = {path.name for path in (tmp_path / "mirrors/lab").rglob("*") if path.is_dir()}

    assert ("done", True, False) == (outcome, "noble" in names, "jammy" in names)

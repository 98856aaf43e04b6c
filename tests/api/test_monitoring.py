"""
What monitors get: figures for who may see, health for everybody.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.api.door import Door
from tests.api.door import opened as opened_door
from tundish.api.front import Front
from tundish.api.health import health_routes, looked
from tundish.api.metrics import metrics_route
from tundish.api.tally import Tally
from tundish.core.answered import Answered, RequestIds
from tundish.core.errors import NoSpace, Overloaded
from tundish.core.people import Grant, Kind, Role
from tundish.core.proxies import DIRECT, Proxies
from tundish.serve import doors

HEARD = [
    Answered("files", "GET", "/x", 206, 1000, 0.02, "10.0.0.1", "r-1"),
    Answered("files", "GET", "/y", 200, 500, 700.0, "10.0.0.1", "r-2"),
    Answered("control", "BREW", "/z", 405, 0, 0.001, "10.0.0.1", "r-3"),
]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened_door(tmp_path_factory.mktemp("monitored")) as opened:
        tally = Tally()
        for each in HEARD:
            tally.hear(each)
        figures = metrics_route(opened.app, tally, Proxies.read(["10.9.0.0/16"]))
        routes = opened.door.router.routes
        routes.extend((*health_routes(opened.app), figures))
        yield opened


def samples(door: Door) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = door.call("GET", "/metrics").body.decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("tundish_requests_total", {"door": "files", "method": "GET", "status": "206"}, 1),
        ("tundish_requests_total", {"door": "control", "method": "other", "status": "405"}, 1),
        ("tundish_served_bytes_total", {"door": "files"}, 1500),
        ("tundish_request_seconds_bucket", {"door": "files", "le": "0.025"}, 1),
        ("tundish_request_seconds_bucket", {"door": "files", "le": "+Inf"}, 2),
        ("maas_custom_static_images_deployed", {}, 0),
    ],
)
def test_figures_are_told(door: Door, name: str, labels: dict[str, str], value: float) -> None:
    """
    Requests by door, method and status, their bytes and times; and what the catalog holds.
    """
    assert value == samples(door)[name, tuple(sorted(labels.items()))]


def test_images_are_counted_by_state(door: Door) -> None:
    """
    All versions that are held, each in the state that it has.
    """
    counted = [value for (name, _), value in samples(door).items() if name == "tundish_image_versions"]

    assert door.app.catalog.images.totals().versions == sum(counted)


def test_strangers_are_not_told_where_the_catalog_is(tmp_path: Path) -> None:
    """
    Neither by an answer to a token, for which it is read, nor by whether it is ready.
    """
    with opened_door(tmp_path / "state") as broken:
        doors(broken.app)
        with broken.app.catalog.database.transaction() as connection:
            connection.exec_driver_sql("DROP TABLE tokens")
            connection.exec_driver_sql("DROP TABLE alembic_version")
        said = [broken.call("GET", path) for path in ("/api/v1/me", "/readyz")]

    assert [(507, False), (503, False)] == [(one.status, str(tmp_path).encode() in one.body) for one in said]


@pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, 200), (None, 401)])
def test_figures_are_for_who_may_see(door: Door, role: Role | None, status: int) -> None:
    """
    A viewer's token is enough; nobody gets nothing.
    """
    token = door.as_("vic", Grant(role)) if role else ""

    assert status == door.call("GET", "/metrics", token=token).status


def test_figures_are_not_for_who_sees_one_source(door: Door) -> None:
    """
    Whoever may see a part of the images may not see the figures of all.
    """
    token = door.as_("part", Grant(Role.VIEWER, Kind.SOURCE, "lab"))

    assert 403 == door.call("GET", "/metrics", token=token).status


def test_a_monitor_of_an_open_network_needs_no_token(tmp_path: Path) -> None:
    """
    The address counts, as a trusted proxy says it, and nobody else.
    """
    with opened_door(tmp_path) as opened:
        opened.door.router.routes.append(metrics_route(opened.app, Tally(), Proxies.read(["10.9.0.0/16"])))
        said = []
        for proxies in (Proxies.read(["127.0.0.1"]), DIRECT):
            front = Front(opened.door, proxies, RequestIds("x"), lambda _: None)
            asked = replace(opened, door=front)  # type: ignore[arg-type]  # all that is needed of it: to be called
            headers = {"x-forwarded-for": "10.9.1.1"}
            said.append(asked.call("GET", "/metrics", token="", headers=headers).status)

    assert [200, 401] == said


@pytest.mark.parametrize(("path", "status"), [("/health", "ok"), ("/ready", "ready")])
def test_health_is_for_everybody(door: Door, path: str, status: str) -> None:
    """
    A monitor without a token hears that all is well.
    """
    said = door.call("GET", path, token="")

    assert (200, status) == (said.status, said.document["status"])


def test_what_is_not_ready_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """
    Each part says the class of its error, and nothing of this machine.
    """

    def full() -> None:
        raise NoSpace("/var/lib/tundish/store")

    def locked() -> None:
        raise Overloaded("locked")

    looks = {"catalog": locked, "store": full, "other": lambda: None}

    assert {"catalog": "Overloaded", "store": "NoSpace", "other": "ok"} == looked(looks)

"""
What Prometheus asks: the figures of the catalog at this moment, and the requests since the start.

Labels are bounded: names of sources, images and versions come from the catalog, never from a request.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from fastapi import Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, Route

from tundish import __version__
from tundish.api.asking import actor_of
from tundish.api.tally import BOUNDS, Tally
from tundish.app.opened import App
from tundish.core import clock
from tundish.core.figures import Figures
from tundish.core.pace import Pace
from tundish.core.people import Power
from tundish.core.proxies import Proxies

Key = TypeVar("Key", bound=tuple[str, ...])

NO_PACES: Mapping[str, Pace] = {}
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True, eq=False)
class Monitored(Collector):
    """
    Collected when it is asked for.
    """

    figures: Callable[[], Figures]
    free: Callable[[], int | None]
    now: Callable[[], datetime]
    tally: Tally
    paces: Mapping[str, Pace]

    def collect(self) -> Iterable[Metric]:
        figures = self.figures()
        yield _one("tundish_build_info", "The version that runs.", 1, version=__version__)
        yield from _syncs(figures, self.now())
        yield from _stored(figures, self.free())
        yield from _work(figures)
        yield from _requests(self.tally)
        yield _refused(self.paces)

    def describe(self) -> Iterable[Metric]:
        return ()  # else the registry would collect once to learn the names


def _syncs(figures: Figures, now: datetime) -> Iterable[Metric]:
    ages = {(name,): (now - at).total_seconds() for name, at in figures.sources.items() if at is not None}
    yield _gauges("tundish_sync_age_seconds", "Since a source was last read and believed.", ["source"], ages)
    never = {(name,): int(at is None) for name, at in figures.sources.items()}
    yield _gauges("tundish_source_never_read", "1 for a source that was never read.", ["source"], never)
    if figures.last_sync is not None:
        outcome, at = figures.last_sync
        yield _one("tundish_last_sync", "1 for how the last sync ended.", 1, outcome=outcome)
        yield _one("tundish_last_sync_end_timestamp_seconds", "When the last sync ended.", at.timestamp())
    fetched = {(source,): count for source, count in figures.fetched.items()}
    yield _gauges("tundish_fetched_bytes", "Bytes that the remembered syncs fetched.", ["source"], fetched)


def _stored(figures: Figures, free: int | None) -> Iterable[Metric]:
    yield _one("tundish_store_bytes", "Bytes of all blobs that are held.", figures.size)
    yield _one("tundish_store_blobs", "Blobs that are held.", figures.blobs)
    if free is not None:
        yield _one("tundish_store_free_bytes", "Bytes that are free where the store is.", free)
    states = {(state,): count for state, count in figures.images.items()}
    yield _gauges("tundish_image_versions", "Versions of images, by state.", ["state"], states)
    yield _gauges(
        "maas_custom_static_images_uploaded",
        "Images of one's own, as MAAS counts them.",
        ["base_image", "file_type"],
        figures.static,
    )
    yield _one(
        "maas_custom_static_images_deployed", "Machines that run one of them.", figures.static_deployed
    )


def _work(figures: Figures) -> Iterable[Metric]:
    yield _gauges(
        "tundish_deployments",
        "Boots that were told to deploy an image, and whether it was reported to run.",
        ["image", "version", "reported"],
        figures.deployments,
    )
    yield _one("tundish_machines", "Machines that ever asked.", figures.machines)
    yield _gauges(
        "tundish_jobs", "Jobs that are remembered, by kind and outcome.", ["kind", "outcome"], figures.jobs
    )
    uploads = {(state,): count for state, count in figures.uploads.items()}
    yield _gauges("tundish_uploads", "Uploads, by state.", ["state"], uploads)
    notices = {(severity,): count for severity, count in figures.notices.items()}
    yield _gauges("tundish_notices", "Notices that stand, by severity.", ["severity"], notices)


def _requests(tally: Tally) -> Iterable[Metric]:
    answered = CounterMetricFamily(
        "tundish_requests", "Requests that were answered.", labels=["door", "method", "status"]
    )
    sent = CounterMetricFamily("tundish_served_bytes", "Bytes of bodies that were sent.", labels=["door"])
    times = HistogramMetricFamily(
        "tundish_request_seconds", "From the head of a request to the end of its answer.", labels=["door"]
    )
    classes: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
    bytes_of: defaultdict[str, int] = defaultdict(int)
    seconds: defaultdict[str, float] = defaultdict(float)
    for (door, method, status), count in sorted(tally.counts().items()):
        answered.add_metric([door, method, str(status)], count.number)
        bytes_of[door] += count.sent
        seconds[door] += count.seconds
        classes[door] = [have + new for have, new in zip(classes[door], count.classes, strict=True)]
    for door, counts in classes.items():
        sent.add_metric([door], bytes_of[door])
        sums = [sum(counts[: place + 1]) for place in range(len(counts))]
        buckets = list(zip((*(str(bound) for bound in BOUNDS), "+Inf"), map(float, sums), strict=True))
        times.add_metric([door], buckets, seconds[door])
    yield from (answered, sent, times)


def _refused(paces: Mapping[str, Pace]) -> Metric:
    family = CounterMetricFamily("tundish_paced_requests", "Requests refused as too many.", labels=["by"])
    for by, pace in paces.items():
        family.add_metric([by], pace.refused)
    return family


def _one(name: str, words: str, value: float, **labels: str) -> Metric:
    family = GaugeMetricFamily(name, words, labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family


def _gauges(name: str, words: str, labels: list[str], values: Mapping[Key, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=labels)
    for key, value in values.items():
        family.add_metric(list(key), value)
    return family


def metrics_route(
    app: App, tally: Tally, is_open: Proxies, paces: Mapping[str, Pace] = NO_PACES
) -> BaseRoute:
    """
    `/metrics`, for whoever has a token that may see, and for the addresses of the networks in `is_open`.
    `paces` are those that refuse requests, by what they count.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Monitored(app.catalog.figures.now, app.store.free, clock.now, tally, paces))

    def shown(request: Request) -> bytes:
        address = request.client.host if request.client else ""
        if not is_open.trusts(address):
            actor_of(request).must(Power.SEE)
        return generate_latest(registry)

    async def metrics(request: Request) -> Response:
        return Response(await run_in_threadpool(shown, request), media_type=MEDIA_TYPE)

    return Route("/metrics", metrics, methods=["GET"])

"""
A state with as many images as are asked for, with sources, notices, jobs and boots, written in one go.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.support.stream_simulator import StreamSimulator
from tundish.access.admission import Admission, admission
from tundish.access.passwords import Passwords
from tundish.app import sampling
from tundish.app.deeds import sources
from tundish.app.opened import App, open_app
from tundish.app.sampling import Sample
from tundish.core import clock
from tundish.core.digest import Digest
from tundish.core.image import Item, Product, Version
from tundish.core.lifecycle import State
from tundish.core.names import ContentId, ItemName, ItemPath, ProductName, SourceName, VersionName
from tundish.core.notice import Kind, Severity, Wanted
from tundish.core.people import EVERYTHING, Actor, Grant, Role, User
from tundish.core.selection import Selection
from tundish.settings import load
from tundish.sync.sources import Wish

MOST_OFFERED = 1_000  # products; MAAS has some four hundred
KERNELS = ("ga-24.04", "hwe-24.04-edge")
PASSWORD = "correct horse battery"
SOURCE = SourceName("vendor")
CONTENT = ContentId("com.example.maas:stable:v3:download")
OSES = ("ubuntu", "centos", "debian", "rocky", "windows")
ARCHES = ("amd64", "arm64", "ppc64el", "s390x")
FILES = {"boot-kernel": 14_000_000, "boot-initrd": 70_000_000, "squashfs": 420_000_000}


@dataclass(frozen=True)
class Seeded:
    app: App
    admission: Admission


@contextmanager
def seeded(state: Path, images: int) -> Iterator[Seeded]:
    """
    An opened state with so many images, an admin called `ada` and a viewer called `vic`.
    """
    with open_app(load({}, root=False, state=state, cache=state / "cache")) as app:
        gate = admission(app.catalog, state / "keys", clock.now, Passwords(passes=1, kib=8, lanes=1))
        people(gate)
        if images:
            furnish(app, images)
        yield Seeded(app, gate)


def people(gate: Admission) -> None:
    grants = {"ada": EVERYTHING, "vic": (Grant(Role.VIEWER),)}
    for name, granted in grants.items():
        user = User(name, "", granted, enabled=True, made_at=clock.now(), has_password=True)
        gate.catalog.users.add(user, gate.passwords.hashed(PASSWORD))


def furnish(app: App, images: int) -> None:
    now = clock.now()
    stream = StreamSimulator(content_id=CONTENT)
    for each in products(min(images + 20, MOST_OFFERED)):
        for kernel in KERNELS:
            stream.add(
                product_name=f"{each.name}:{kernel}",
                os=each.os,
                series=each.series,
                arch=each.arch,
                kernel=kernel,
                items={"squashfs": each.name.encode(), "boot-kernel": kernel.encode()},
            )
    stream.publish(now)
    folder = app.settings.state / "stream"
    stream.write_to(folder)
    actor = Actor("ada", EVERYTHING, "command")
    sources.add(app, actor, SOURCE, Wish(url=str(folder), unsigned=True))
    app.catalog.selections.add(Selection("ubuntu", "noble", ("amd64",)), now)
    app.catalog.images.record_many(SOURCE, products(images), State.COMPLETE, now - timedelta(days=3))
    text = "12.3 GiB are free; a sync may need more"
    app.catalog.notices.reconcile([Wanted(Kind.DISK_LOW, "store", text, Severity.WARNING)], now)
    for day in range(30, -1, -1):
        at = now - timedelta(days=day)
        sampling.add(app.catalog.choices, Sample(at, (40 - day) * 2_000_000_000, 10**12))
    number = app.catalog.jobs.start("sync", "all sources", now - timedelta(hours=2))
    app.catalog.jobs.end(number, "done", "{}", now - timedelta(hours=1))


def products(count: int) -> Iterator[Product]:
    for place in range(count):
        os, arch = OSES[place // len(ARCHES) % len(OSES)], ARCHES[place % len(ARCHES)]
        series = f"s{place // (len(ARCHES) * len(OSES)):03}" if place else "noble"
        name = ProductName(f"com.example:{os}:{series}:{arch}:generic")
        serials = ("20260401", "20260501") if place % 3 == 0 else ("20260501",)
        yield Product(
            name=name,
            content_id=CONTENT,
            os=os,
            series=series,
            arch=arch,
            label="stable",
            kernel="generic",
            title=f"{os.title()} {series}",
            versions=tuple(version(name, VersionName(serial)) for serial in serials),
        )


def version(name: str, serial: VersionName) -> Version:
    items = tuple(
        Item(
            ItemName(ftype),
            ftype,
            ItemPath(f"{name.replace(':', '/')}/{serial}/{ftype}"),
            size,
            Digest.of(f"{name} {serial} {ftype}".encode()),
        )
        for ftype, size in FILES.items()
    )
    return Version(serial, items)

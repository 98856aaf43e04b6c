"""
What a machine is told, and what is remembered of it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.region import DAY
from tundish.app.booting import CatalogBoots
from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.digest import Digest
from tundish.core.errors import NotFound
from tundish.core.holding import OWN
from tundish.core.image import Item, Product, Version
from tundish.core.lifecycle import State
from tundish.core.machine import Asker, Report
from tundish.core.names import content_id, item_name, item_path, product_name, version_name

ASKER = Asker("52:54:00:12:34:56")
BOOT = ("boot-kernel", "boot-initrd", "squashfs")


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog.open(sqlite_url(tmp_path / "catalog.sqlite"))
    yield opened
    opened.close()


def hold(
    catalog: Catalog, version: str, *ftypes: str, series: str = "bookworm", state: State = State.COMPLETE
) -> None:
    items = tuple(
        Item(item_name(ftype), ftype, item_path(f"{series}/{version}/{ftype}"), 4, digest(version, ftype))
        for ftype in ftypes or BOOT
    )
    product = Product(
        name=product_name(f"lab:{series}"),
        content_id=content_id("lab:v3:download"),
        os="debian",
        series=series,
        arch="amd64",
        label="candidate",
        kernel="ga-12",
        title="",
        versions=(),
    )
    catalog.images.record(OWN, product, [Version(version_name(version), items)], state, DAY)


def digest(version: str, ftype: str) -> Digest:
    return Digest.of(f"{version}{ftype}".encode())


def events(catalog: Catalog) -> list[tuple[str, str]]:
    return [(event.kind, event.subject) for event in catalog.events.list()]


def test_a_machine_is_told_the_newest_image(catalog: Catalog) -> None:
    """
    Of several complete images the version with the last name is booted, whatever its series.
    """
    hold(catalog, "20260102", series="bookworm")
    hold(catalog, "20260103", series="bullseye")
    hold(catalog, "20260101", series="trixie")

    script = CatalogBoots(catalog).script_for(ASKER)

    assert ("debian/bullseye/amd64/ga-12", "20260103", "candidate") == (
        script and (script.image, script.version, script.label)
    )


def test_a_script_names_the_three_blobs(catalog: Catalog) -> None:
    """
    Kernel, initrd and root are those of the image.
    """
    hold(catalog, "20260101")

    script = CatalogBoots(catalog).script_for(ASKER)

    assert tuple(digest("20260101", ftype) for ftype in BOOT) == (
        script and (script.kernel, script.initrd, script.root)
    )


@pytest.mark.parametrize("state", [State.INCOMPLETE, State.DAMAGED, State.RETIRED, State.EXPECTED])
def test_only_complete_images_are_booted(catalog: Catalog, state: State) -> None:
    """
    An image that is not complete is never told to a machine.
    """
    hold(catalog, "20260101", state=state)

    assert None is CatalogBoots(catalog).script_for(ASKER)


def test_an_image_without_a_kernel_is_not_booted(catalog: Catalog) -> None:
    """
    A newer image that only unpacks does not hide an older one that boots.
    """
    hold(catalog, "20260101")
    hold(catalog, "20260102", "manifest", "root-tgz", series="trixie")

    script = CatalogBoots(catalog).script_for(ASKER)

    assert "20260101" == (script and script.version)


def test_a_machine_that_gets_nothing_is_remembered(catalog: Catalog) -> None:
    """
    A machine that asked in vain is listed, and why it did not boot is told.
    """
    CatalogBoots(catalog).script_for(ASKER)

    assert ([ASKER.mac], [("boot-refused", ASKER.mac)]) == (
        [machine.mac for machine in catalog.machines.list()],
        events(catalog),
    )


def test_every_boot_has_a_token_of_its_own(catalog: Catalog) -> None:
    """
    Two boots of one machine cannot be taken for each other.
    """
    hold(catalog, "20260101")
    boots = CatalogBoots(catalog)

    tokens = [script.token for script in (boots.script_for(ASKER), boots.script_for(ASKER)) if script]

    assert 2 == len(set(tokens))


def test_a_report_makes_a_deployment(catalog: Catalog) -> None:
    """
    A machine that reports the root it was told is a deployment of that image, and an event.
    """
    hold(catalog, "20260101")
    boots = CatalogBoots(catalog)
    script = boots.script_for(ASKER)

    done = boots.reported(
        Report(script.token if script else "", "0" * 32, "20260101", digest("20260101", "squashfs"))
    )

    assert (ASKER.mac, "20260101", [("deployed", ASKER.mac)]) == (done.mac, done.version, events(catalog))


def test_a_report_of_a_boot_that_never_was_changes_nothing(catalog: Catalog) -> None:
    """
    A token that was not given out is refused, and leaves no event.
    """
    with pytest.raises(NotFound):
        CatalogBoots(catalog).reported(Report("made up", "0" * 32, "20260101", digest("1", "squashfs")))

    assert [] == events(catalog)

"""
The public images: their first start, their streams, and which of them is the newest LTS.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.keys import key
from tests.support.region import DAY, Region, region
from tests.support.stream_simulator import StreamSimulator
from tests.unit.sync.values import offer, product, version
from tundish.core.errors import InputError, NotFound
from tundish.core.image import Product
from tundish.core.selection import Selection, Source
from tundish.sync import presets
from tundish.sync.presets import newest_lts, switched


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Region]:
    with region(tmp_path / "region", StreamSimulator()) as made:
        yield made


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """
    A keyring where the vendor's package would put it.
    """
    path = tmp_path / "keyring.gpg"
    path.write_bytes(key().keyring)
    return path


def begun(lab: Region) -> tuple[list[str], list[Selection], list[str]]:
    """
    What a catalog has to begin with.
    """
    return (
        [source.url for source in lab.catalog.sources.list()],
        [selection for _, selection in lab.catalog.selections.list()],
        [event.kind for event in lab.catalog.events.list()],
    )


NOTHING: tuple[list[str], list[Selection], list[str]] = ([], [], [])


def test_a_first_start_brings_the_public_images(empty: Region, installed: Path) -> None:
    """
    A catalog that was never used gets the stable stream and one LTS for amd64, without a request.
    """
    presets.first_start(empty.desk(), installed)

    assert ([presets.URL], [Selection("ubuntu", presets.LTS, arches=("amd64",))], []) == begun(empty)


def test_a_first_start_without_keyring_is_told(empty: Region, tmp_path: Path) -> None:
    """
    Without the vendor's keyring nothing is added, and an event says how to get it.
    """
    presets.first_start(empty.desk(), tmp_path / "missing.gpg")

    (event,) = empty.catalog.events.list()
    assert ((), "no-default-source", True) == (
        empty.catalog.sources.list(),
        event.kind,
        "restore-default" in event.text,
    )


def test_a_first_start_happens_once(empty: Region, installed: Path) -> None:
    """
    A default source that was removed on purpose does not come back.
    """
    presets.first_start(empty.desk(), installed)
    empty.catalog.sources.remove(presets.NAME)
    empty.catalog.selections.remove(1)

    presets.first_start(empty.desk(), installed)

    assert NOTHING == begun(empty)


def test_a_used_catalog_is_left_alone(empty: Region, installed: Path) -> None:
    """
    Who has a source of their own gets no other.
    """
    stream = StreamSimulator()
    empty.add(stream)

    presets.first_start(empty.desk(), installed)

    assert ([stream.url], [], []) == begun(empty)


def test_a_missing_keyring_names_its_package(tmp_path: Path) -> None:
    """
    The message names the file and the package that brings it.
    """
    with pytest.raises(NotFound, match=r"missing\.gpg.*apt install"):
        presets.keyring(tmp_path / "missing.gpg")


@pytest.mark.parametrize(
    ("url", "stream", "expected"),
    [
        (presets.URL, "candidate", "https://images.maas.io/ephemeral-v3/candidate/"),
        ("http://lab/v3/candidate", "stable", "http://lab/v3/stable"),
        ("http://lab/v3/daily/", "stable", "http://lab/v3/stable/"),
        (
            "http://lab/stable/streams/v1/index.sjson",
            "candidate",
            "http://lab/candidate/streams/v1/index.sjson",
        ),
        ("/srv/stable", "stable", "/srv/stable"),
    ],
)
def test_the_other_stream_of_a_place(url: str, stream: str, expected: str) -> None:
    """
    Only the part of the address that names the stream changes.
    """
    assert expected == switched(url, stream)


@pytest.mark.parametrize(
    ("url", "stream"),
    [
        ("http://lab/images/", "stable"),
        ("http://lab/unstable/", "stable"),
        ("http://stable/images/", "candidate"),
        ("http://lab/stable/candidate/", "stable"),
        (presets.URL, "daily"),
    ],
)
def test_what_is_no_stream_is_not_switched(url: str, stream: str) -> None:
    """
    An address that does not say which stream it is, or says it twice, has to be given in full.
    """
    with pytest.raises(InputError):
        switched(url, stream)


def ubuntu(series: str, number: str, arch: str = "amd64") -> Product:
    made = product(series, [version("1", "a")])
    return replace(made, arch=arch, extra={"version": number})


@pytest.mark.parametrize(
    ("products", "expected"),
    [
        ([ubuntu("noble", "24.04"), ubuntu("jammy", "22.04"), ubuntu("plucky", "25.04")], "noble"),
        ([ubuntu("noble", "24.04"), ubuntu("oracular", "24.10")], "noble"),
        ([ubuntu("noble", "24.04"), ubuntu("resolute", "26.04")], "resolute"),
        ([ubuntu("jammy", "22.04"), ubuntu("noble", "24.04", "arm64")], "jammy"),
        ([replace(ubuntu("other", "30.04"), os="other"), ubuntu("jammy", "22.04")], "jammy"),
        ([], presets.LTS),
        ([ubuntu("odd", "soon")], presets.LTS),
    ],
)
def test_which_lts_is_the_newest(products: list[Product], expected: str) -> None:
    """
    The April release of the last even year that is offered for amd64.
    """
    assert expected == newest_lts(replace(offer(), products=tuple(products)))


def test_restoring_keeps_what_is_selected(empty: Region) -> None:
    """
    Where something is selected already, the default source comes without a selection.
    """
    empty.catalog.selections.add(Selection("ubuntu", "jammy"), DAY)

    found = presets.restore(empty.desk(), key().keyring, check=False)

    assert (None, Source(presets.NAME, presets.URL, key().keyring)) == (found.series, found.source)

"""
The store of a server, looked at and looked after from afar.
"""

from pathlib import Path

import pytest

from tests.cli.afar.conftest import Pair
from tests.cli.terminal import Upstream
from tundish.core import clock
from tundish.core.lifecycle import State

FORMS = pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
IMAGE = "ubuntu/jammy/amd64"


@pytest.fixture(scope="module")
def once() -> dict[str, Path]:
    """
    Where the stream of this module lies.
    """
    return {}


@pytest.fixture
def held(pair: Pair, lab: Upstream, once: dict[str, Path]) -> Pair:
    """
    A server that holds the blobs of one image alone, and offers them.
    """
    if not once:
        once["root"] = lab.root
        app = pair.seeded.app
        for each in app.catalog.images.list():
            app.catalog.images.move([each.id], State.RETIRED, clock.now())
        said = [
            pair.here("source", "add", "lab", str(lab.root), "--keyring", str(lab.keyring)),
            pair.here("source", "remove", "vendor"),
            pair.here("select", "add", "ubuntu/jammy", "--source", "lab"),
            pair.here("sync", "lab", "--allow-mass-removal"),
            pair.here("publish", IMAGE),
        ]
        assert [0, 0, 0, 0, 0] == [each.code for each in said], [each.err for each in said]
    return pair


@FORMS
@pytest.mark.parametrize(
    "words",
    [
        ("usage",),
        ("usage", "--grace", "0"),
        ("gc", "--dry-run"),
        ("gc", "--dry-run", "--grace", "0"),
        ("gc",),
        ("verify", "--no-quarantine"),
        ("verify", "--since", "7d"),
        ("repair",),
    ],
    ids=" ".join,
)
def test_the_store_is_looked_after_alike(held: Pair, words: tuple[str, ...], form: tuple[str, ...]) -> None:
    """
    The same words print the same, and end the same.
    """
    here, afar = held.here("store", *words, *form), held.afar("store", *words, *form)

    assert (here.code, steady(here.out)) == (afar.code, steady(afar.out)), afar.err


def steady(text: str) -> list[str]:
    """
    Without the free room of the disk, which others fill meanwhile.
    """
    return [line for line in text.splitlines() if line.split()[:1] not in (["free"], ['"free_bytes":'])]


def test_damage_ends_the_command_as_it_does_there(held: Pair) -> None:
    """
    It is named, taken out of sight, and brought back, all from afar.
    """
    blobs = [path for path in (held.seeded.app.settings.state / "store").rglob("*") if path.is_file()]
    path = max((each for each in blobs if len(each.name) == 64), key=lambda each: each.stat().st_size)
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.write(b"spoilt")
    looked = [each("store", "verify", "--no-quarantine") for each in (held.here, held.afar)]
    found, mended, after = (held.afar("store", *words) for words in (["verify"], ["repair"], ["verify"]))

    assert (looked[0].code, looked[0].out, 9, True, 0, True, 0) == (
        looked[1].code,
        looked[1].out,
        found.code,
        path.name in found.out,
        mended.code,
        "1 blobs mended" in mended.out,
        after.code,
    )


def test_a_channel_that_is_left_out_makes_it_partial(held: Pair) -> None:
    """
    The same code, and the same words.
    """
    documents = list((held.seeded.app.settings.state / "channels" / "stable").glob("streams/v1/products-*"))
    before = {each: each.read_bytes() for each in documents}
    for each in documents:
        each.write_bytes(b"{")
    here, afar = (each("store", "gc") for each in (held.here, held.afar))
    for each, content in before.items():
        each.write_bytes(content)

    assert (12, here.out, 12, True) == (
        here.code,
        afar.out,
        afar.code,
        "channel stable was left out" in afar.err,
    )


@pytest.mark.parametrize(
    "words", [("verify", "--since", "1d", "--older-than", "1d"), ("repair", "--parallel", "2")]
)
def test_what_makes_no_sense_asks_for_no_job(held: Pair, words: tuple[str, ...]) -> None:
    """
    It is refused here.
    """
    assert (2, False) == ((said := held.afar("store", *words)).code, "on the server; stop it" in said.err)

"""
Sources of a server, from afar.
"""

from collections.abc import Iterator

import pytest

from tests.cli.afar.conftest import Pair
from tests.cli.terminal import Upstream


@pytest.fixture
def known(pair: Pair, lab: Upstream) -> Iterator[Pair]:
    """
    A server that was given a source from afar.
    """
    assert 0 == pair.afar("source", "add", "lab", str(lab.root), "--keyring", str(lab.keyring)).code
    yield pair
    pair.here("source", "remove", "lab")


def both(pair: Pair, *words: str) -> tuple[tuple[int, str, str], tuple[int, str, str]]:
    here, afar = pair.here(*words), pair.afar(*words)
    return (here.code, here.out, here.err), (afar.code, afar.out, afar.err)


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_a_stream_is_checked_alike(pair: Pair, lab: Upstream, form: tuple[str, ...]) -> None:
    """
    What a check finds of an address is said in the same words.
    """
    here, afar = both(pair, "source", "check", str(lab.root), "--keyring", str(lab.keyring), *form)

    assert here == afar


def test_a_stream_that_cannot_be_believed_is_refused_alike(pair: Pair, lab: Upstream) -> None:
    """
    The error of a foreign keyring, and its exit code, are the same.
    """
    here, afar = both(pair, "source", "check", str(lab.root), "--keyring", str(lab.foreign))

    assert (8, here) == (afar[0], afar)


@pytest.mark.parametrize(
    "words",
    [
        ("source", "list"),
        ("source", "list", "--json"),
        ("source", "show", "lab"),
        ("source", "show", "lab", "--json"),
        ("source", "show", "nowhere"),
        ("source", "browse", "lab"),
        ("source", "browse", "lab", "--json"),
        ("source", "browse", "lab", "--arch", "amd64", "--refresh"),
        ("source", "browse", "lab", "--os", "none"),
        ("source", "browse", "nowhere"),
        ("source", "check", "lab"),
        ("source", "set", "lab", "--priority", "7"),
        ("source", "set", "lab", "--window", "22:00-06:00", "--json"),
        ("source", "disable", "lab", "--json"),
        ("source", "enable", "lab"),
        ("source", "set", "nowhere", "--priority", "7"),
        ("source", "set-stream", "lab", "candidate"),
    ],
    ids=" ".join,
)
def test_a_saved_source_is_handled_alike(known: Pair, words: tuple[str, ...]) -> None:
    """
    Asked or changed twice, from here and from afar, it says the same.
    """
    here, afar = both(known, *words)

    assert (here[0], here[1]) == (afar[0], afar[1])


def test_a_source_is_removed(known: Pair) -> None:
    """
    It is gone on the server.
    """
    said = known.afar("source", "remove", "lab")

    assert (0, False) == (said.code, "lab " in known.here("source", "list").out)
    known.here("source", "add", "lab", "http://x.example/", "--unsigned", "--no-check")


@pytest.mark.parametrize("form", [(), ("--json",), ("--no-check",)], ids=["text", "json", "unchecked"])
def test_the_default_source_is_restored_alike(pair: Pair, lab: Upstream, form: tuple[str, ...]) -> None:
    """
    From the place that was named, with the keys that were read here.
    """
    words = ("source", "restore-default", "--url", str(lab.root), "--keyring", str(lab.keyring), *form)
    here, afar = both(pair, *words)
    pair.here("source", "remove", "maas")

    assert (0, here) == (afar[0], afar)

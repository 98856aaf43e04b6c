"""
Bundles and mirrors of a server, made and taken in from afar.
"""

from pathlib import Path

import pytest

from tests.cli.afar.conftest import Pair
from tests.cli.terminal import Upstream
from tests.support.hostile_server import HostileServer
from tundish.core import clock
from tundish.core.lifecycle import State

FORMS = pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])


@pytest.fixture(scope="module")
def once() -> dict[str, Upstream]:
    """
    The stream of this module.
    """
    return {}


@pytest.fixture
def held(pair: Pair, lab: Upstream, once: dict[str, Upstream]) -> Pair:
    """
    A server that holds one image, and a bundle of it made from afar.
    """
    if not once:
        once["lab"] = lab
        app = pair.seeded.app
        app.catalog.images.move([each.id for each in app.catalog.images.list()], State.RETIRED, clock.now())
        said = [
            pair.here("source", "add", "lab", str(lab.root), "--keyring", str(lab.keyring)),
            pair.here("select", "add", "ubuntu/jammy", "--source", "lab"),
            pair.here("sync", "lab", "--allow-mass-removal"),
            pair.afar("bundle", "export", "1.bundle"),
        ]
        assert [0, 0, 0, 0] == [each.code for each in said], [each.err for each in said]
    return pair


def folder(pair: Pair) -> Path:
    return pair.seeded.app.settings.state / "bundles"


def without(text: str, *words: str) -> list[str]:
    """
    The lines that do not hold these words: moments, and where a file lies.
    """
    return [line for line in text.splitlines() if not any(word in line for word in words)]


@FORMS
def test_a_bundle_is_written_as_it_is_there(
    held: Pair, form: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    """
    Only its number, its moment and its name differ.
    """
    name = f"{request.node.callspec.id}.bundle"
    afar = held.afar("bundle", "export", name, *form)
    here = held.here("bundle", "export", str(folder(held) / f"here-{name}"), *form)
    different = ("bundle ", '"serial"', '"created"', '"file"')

    assert (0, 0, without(here.out, *different)) == (here.code, afar.code, without(afar.out, *different))


@FORMS
def test_a_bundle_is_shown_alike(held: Pair, form: tuple[str, ...]) -> None:
    """
    Every byte is verified on the server.
    """
    here = held.here("bundle", "show", str(folder(held) / "1.bundle"), *form)
    afar = held.afar("bundle", "show", "1.bundle", *form)

    assert (0, 0, without(here.out, '"file"')) == (here.code, afar.code, without(afar.out, '"file"'))


@FORMS
def test_bundles_are_listed_alike(held: Pair, form: tuple[str, ...]) -> None:
    """
    By their names, with sizes and moments.
    """
    here, afar = held.here("bundle", "list", *form), held.afar("bundle", "list", *form)

    assert (0, here.out, True) == (afar.code, afar.out, "1.bundle" in afar.out)


@FORMS
def test_a_bundle_is_taken_in_alike(held: Pair, form: tuple[str, ...]) -> None:
    """
    The keyring is read here, and sent.
    """
    keys = ("--keyring", str(held.seeded.app.public_keyring), "--as", "hq")
    first = held.afar("bundle", "import", "1.bundle", *keys)
    here = held.here("bundle", "import", str(folder(held) / "1.bundle"), *keys, *form)
    afar = held.afar("bundle", "import", "1.bundle", *keys, *form)

    assert (0, here.code, without(here.out, '"file"')) == (
        first.code,
        afar.code,
        without(afar.out, '"file"'),
    )


@pytest.mark.parametrize(
    "words",
    [
        ("export", "/media/usb/1.bundle"),
        ("export", "-"),
        ("export", "../1.bundle"),
        ("show", "bundles/1.bundle"),
        ("export", "2.bundle", "--since-bundle", "1.bundle"),
    ],
    ids=" ".join,
)
def test_no_path_of_a_bundle_goes_to_the_server(pair: Pair, words: tuple[str, ...]) -> None:
    """
    Nor does a pipe; it is refused here, and the message says what is meant instead.
    """
    said = pair.afar("bundle", *words)

    assert (2, True, False) == (said.code, "from afar" in said.err, "stop it there" in said.err)


def test_a_bundle_that_is_not_there_ends_the_command(pair: Pair) -> None:
    """
    With the words of the server.
    """
    said = pair.afar("bundle", "show", "none.bundle")

    assert (7, True) == (said.code, "none.bundle" in said.err)


@FORMS
def test_a_mirror_is_brought_up_to_date_alike(
    pair: Pair, lab: Upstream, tmp_path: Path, form: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    """
    First all comes, then nothing is new; a folder here, and a name there.
    """
    files = {
        str(path.relative_to(lab.root)): path.read_bytes() for path in lab.root.rglob("*") if path.is_file()
    }
    words, name = ("mirror", f"--keyring={lab.keyring}"), request.node.callspec.id
    with HostileServer(files) as source:
        here = [pair.here(*words, source.url, str(tmp_path / "m"), "release=noble", *form) for _ in range(2)]
        afar = [pair.afar(*words, source.url, name, "release=noble", *form) for _ in range(2)]

    assert ([0, 0], [each.out for each in here], True) == (
        [each.code for each in afar],
        [each.out for each in afar],
        (pair.seeded.app.settings.state / "mirrors" / name / "streams").is_dir(),
    )


@pytest.mark.parametrize(
    "words",
    [
        ("http://mirror.lab/", "/srv/mirror"),
        ("http://mirror.lab/", "../mirror"),
        ("http://mirror.lab/", "lab", "--dry-run"),
        ("http://mirror.lab/", "lab", "--grace", "1d"),
        ("verify", "lab"),
    ],
    ids=" ".join,
)
def test_no_folder_of_a_mirror_goes_to_the_server(pair: Pair, words: tuple[str, ...]) -> None:
    """
    What a job cannot do is refused here, by its name.
    """
    said = pair.afar("mirror", "-U", *words)

    assert (2, True, False) == (said.code, "from afar" in said.err, "stop it there" in said.err)

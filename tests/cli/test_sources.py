"""
`tundish source`: what is refused, what is asked first, and that nothing is saved of what failed.
"""

import shutil
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal, Upstream
from tests.support.hostile_server import HostileServer


def names(terminal: Terminal) -> list[object]:
    """
    The sources that are saved.
    """
    listed = terminal("source", "list", "--json").answer
    return [each["name"] for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def test_a_source_is_added_once_it_is_verified(terminal: Terminal, lab: Upstream) -> None:
    """
    A source whose signature is good is saved, and what it offers is counted.
    """
    said = terminal("source", "add", "lab", lab.root, "--keyring", lab.keyring, "--json")

    assert {"name": "lab", "url": str(lab.root), "signed": True, "products": 2} == said.answer


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--keyring FILE"),
        (("--unsigned", "--keyring", "upstream.gpg"), "--keyring FILE"),
        (("--keyring", "secret.gpg"), "secret key"),
        (("--keyring", "missing.gpg"), "missing.gpg"),
        (("--keyring", "upstream/streams/v1/index.json"), "index.json: this is not a public key"),
        (("--keyring", "upstream.gpg", "--priority", "high"), "not a valid integer"),
    ],
)
def test_what_makes_no_sense_is_refused(
    terminal: Terminal, lab: Upstream, words: tuple[str, ...], told: str
) -> None:
    """
    Neither or both kinds of trust, a secret key, no file and no key are each refused, and why is said.
    """
    folder = lab.root.parent
    placed = [str(folder / word) if "." in word else word for word in words]

    said = terminal("source", "add", "lab", lab.root, *placed)

    assert (2, True, []) == (said.code, told in said.err, names(terminal))


@pytest.mark.parametrize("name", ["", "a b", "../lab", "-lab", "own"])
def test_a_name_that_is_none_is_refused(terminal: Terminal, lab: Upstream, name: str) -> None:
    """
    A source needs a name that is one word, and not the one that stands for what we built.
    """
    said = terminal("source", "add", "--keyring", lab.keyring, "--", name, lab.root)

    assert (2, []) == (said.code, names(terminal))


@pytest.mark.parametrize("url", ["nowhere", "ftp://lab/stable/", "http://", "http://lab:port/"])
def test_a_place_that_is_none_is_refused(terminal: Terminal, lab: Upstream, url: str) -> None:
    """
    A source is an HTTP address or a folder that is there.
    """
    said = terminal("source", "add", "lab", url, "--keyring", lab.keyring)

    assert (2, []) == (said.code, names(terminal))


def test_a_foreign_signature_saves_nothing(terminal: Terminal, lab: Upstream) -> None:
    """
    A source that somebody else signed is refused before it is saved.
    """
    said = terminal("source", "add", "lab", lab.root, "--keyring", lab.foreign)

    assert (8, []) == (said.code, names(terminal))


def test_a_place_without_a_stream_saves_nothing(terminal: Terminal, lab: Upstream) -> None:
    """
    A source that has no index is refused before it is saved.
    """
    shutil.rmtree(lab.root / "streams")

    said = terminal("source", "add", "lab", lab.root, "--keyring", lab.keyring)

    assert (7, []) == (said.code, names(terminal))


def test_an_unsigned_place_is_no_signed_source(terminal: Terminal, lab: Upstream) -> None:
    """
    A source that has only unsigned documents is not believed because its keyring is known.
    """
    for path in lab.root.rglob("*.sjson"):
        path.unlink()

    said = terminal("source", "add", "lab", lab.root, "--keyring", lab.keyring)

    assert (7, []) == (said.code, names(terminal))


def test_a_source_is_asked_before_it_is_saved(terminal: Terminal, lab: Upstream) -> None:
    """
    The signed index and the products file that it names are fetched, and nothing else.
    """
    with HostileServer(_served(lab.root)) as server:
        terminal("source", "add", "lab", server.url, "--keyring", lab.keyring)

        assert ["streams/v1/index.sjson", "streams/v1/com.example.maas:stable:v3:download.sjson"] == [
            request.path for request in server.requests
        ]


def test_a_source_can_be_saved_unasked(terminal: Terminal, lab: Upstream) -> None:
    """
    With --no-check nothing is requested, and the source is saved.
    """
    with HostileServer(_served(lab.root)) as server:
        terminal("source", "add", "lab", server.url, "--keyring", lab.keyring, "--no-check")

        assert ([], ["lab"]) == (server.requests, names(terminal))


def test_an_unsigned_source_is_warned_of(terminal: Terminal, lab: Upstream) -> None:
    """
    Who believes a source unsigned is told what that means.
    """
    said = terminal("source", "add", "lab", lab.root, "--unsigned")

    assert (0, True) == (said.code, "will be believed" in said.err)


def test_an_unsigned_source_is_shown_as_such(terminal: Terminal, lab: Upstream) -> None:
    """
    The list of sources says loudly which one nobody vouches for.
    """
    terminal("source", "add", "lab", lab.root, "--unsigned")

    assert "UNSIGNED" in terminal("source", "list").out


def test_a_source_can_be_browsed(stocked: Terminal) -> None:
    """
    Browsing shows the offered images that the options leave.
    """
    said = stocked("source", "browse", "lab", "--series", "jammy", "--json")

    assert [{"20260101": 16_200}] == [
        each["versions"]
        for each in (said.answer if isinstance(said.answer, list) else [])
        if isinstance(each, dict)
    ]


def test_images_outlive_their_source(stocked: Terminal) -> None:
    """
    Removing a source keeps the images that came from it.
    """
    before = stocked("image", "list").out

    stocked("source", "remove", "lab")

    assert before == stocked("image", "list").out


def _served(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_a_check_of_a_name_that_is_none_tells_the_names_there_are(terminal: Terminal, lab: Upstream) -> None:
    """
    A word that is no place is taken for a source, and who mistyped it is told the sources.
    """
    terminal("source", "add", "lab", lab.root, "--keyring", lab.keyring)

    said = terminal("source", "check", "hq", "--keyring", lab.keyring)

    assert (4, "error: there is no source 'hq'; there is lab\n") == (said.code, said.err)

"""
What is inside of images, told from afar as on the server itself, and their files fetched.
"""

import gzip
from pathlib import Path

import pytest

from tests.cli.afar.conftest import Pair
from tests.support.roots import FILES, tar_of

OLD, NEW = "custom/inner8/amd64", "custom/inner9/amd64"
ASKED = [
    ("image", "inspect", NEW),
    ("image", "manifest", NEW),
    ("image", "diff", OLD, NEW),
    ("check", NEW),
    ("check", NEW, "--all", "--policy", "strict", "--maas", "3.5", "--curtin", "2025-06-01"),
    ("check", NEW, "--name", "custom/inner9", "--base-image", "rhel/9", "--firmware", "both", "--offline"),
    ("check", NEW, "--filetype", "tgz", "--arch", "arm64", "--secure-boot", "--in-memory"),
]
FURTHER = [
    ("image", "sbom", NEW),
    ("image", "sbom", NEW, "--format", "spdx"),
    ("image", "diff", OLD, NEW, "--html"),
    ("image", "diff", OLD, NEW, "--all"),
    ("check", NEW, "--sarif"),
    ("check", "--explain", "A01"),
]


@pytest.fixture(scope="module")
def once() -> list[str]:
    """
    What was brought to the server of this module.
    """
    return []


@pytest.fixture
def held(pair: Pair, once: list[str], tmp_path: Path) -> Pair:
    """
    A server with two images that differ.
    """
    for name, files in (("inner8", FILES), ("inner9", {**FILES, "etc/hostname": b"template\n"})):
        if name not in once:
            file = tmp_path / f"{name}.tar.gz"
            file.write_bytes(gzip.compress(tar_of(files).getvalue(), mtime=0))
            pair.here("image", "upload", str(file), "--name", f"custom/{name}", "--base-image", "rhel/9")
            pair.here("image", "accept", f"custom/{name}", "--reason", "a test")
            once.append(name)
    return pair


@pytest.mark.parametrize("words", ASKED, ids=" ".join)
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_what_is_inside_is_told_alike(held: Pair, words: tuple[str, ...], form: tuple[str, ...]) -> None:
    """
    The same words print the same and end alike, as text and as JSON.
    """
    here, afar = held.here(*words, *form), held.afar(*words, *form)

    assert (True, here.code, here.out) == (len(here.out) > 20, afar.code, afar.out), afar.err


@pytest.mark.parametrize("words", FURTHER, ids=" ".join)
def test_other_forms_are_alike(held: Pair, words: tuple[str, ...]) -> None:
    """
    Byte by byte, as far as a server can tell them.
    """
    here, afar = held.here(*words), held.afar(*words)

    assert (True, here.code, here.out) == (len(here.out) > 20, afar.code, afar.out), afar.err


@pytest.mark.parametrize(
    "words",
    [
        ("image", "inspect", "no/such/image"),
        ("image", "sbom", "ubuntu/noble/amd64"),
        ("image", "diff", OLD, "no/such/image"),
        ("image", "diff", OLD, NEW, "--html", "--json"),
        ("check", NEW, "--maas", "new"),
        ("check", NEW, "--json", "--html"),
        ("check",),
        ("check", "./no-such-file"),
        ("image", "inspect", "no-such-file"),
    ],
    ids=" ".join,
)
def test_a_refusal_is_told_alike(held: Pair, words: tuple[str, ...]) -> None:
    """
    With the same code and the same words.
    """
    here, afar = held.here(*words), held.afar(*words)

    assert (True, here.code, here.err) == (here.code > 1, afar.code, afar.err)


@pytest.mark.parametrize("words", [("image", "inspect"), ("image", "manifest"), ("check",)], ids=" ".join)
def test_a_file_is_looked_into_here(held: Pair, words: tuple[str, ...], tmp_path: Path) -> None:
    """
    The server, which does not answer at all, is not asked.
    """
    file = tmp_path / "mine.tar.gz"
    file.write_bytes(gzip.compress(tar_of().getvalue(), mtime=0))
    here = held.here(*words, str(file))
    nowhere = Pair(held.seeded, "http://127.0.0.1:9", held.token_file, held.capture)

    assert here.out == nowhere.afar(*words, str(file)).out


def test_a_file_here_is_not_compared_with_an_image_there(held: Pair, tmp_path: Path) -> None:
    """
    The refusal says how it can be done.
    """
    said = held.afar("image", "diff", NEW, str(tmp_path))

    assert (2, True) == (said.code, "tundish image download" in said.err)


@pytest.mark.parametrize("option", ["--html", "--overrides=exceptions.toml"])
def test_what_of_a_check_needs_the_server_says_so(held: Pair, option: str) -> None:
    """
    It is refused before anything is asked.
    """
    said = held.afar("check", NEW, option)

    assert (2, True) == (said.code, "run it there" in said.err)

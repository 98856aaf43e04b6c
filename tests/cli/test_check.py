"""
`tundish check`, as it is typed.
"""

import json
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.support.systems import SYSTEMS
from tests.support.tarball import packed


@pytest.fixture
def ubuntu(tmp_path: Path) -> Path:
    return packed(SYSTEMS["ubuntu"].tree(), tmp_path / "noble.tar.gz")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """
    An Ubuntu without cloud-init.
    """
    tree = {path: node for path, node in SYSTEMS["ubuntu"].tree().items() if path != "usr/bin/cloud-init"}
    return packed(tree, tmp_path / "broken.tar.gz")


def test_a_fit_image_ends_with_nought(terminal: Terminal, ubuntu: Path) -> None:
    """
    A good image is called fit, exits with 0, and makes no state.
    """
    said = terminal("check", ubuntu, "--name", "custom/noble", "--base-image", "ubuntu/noble")

    assert (0, "FIT  noble.tar.gz", False) == (said.code, said.out.splitlines()[0], terminal.state.exists())


def test_an_unfit_image_ends_with_one(terminal: Terminal, broken: Path) -> None:
    """
    A bad image is called unfit, and exits with 1.
    """
    said = terminal("check", broken)

    assert (1, "UNFIT  broken.tar.gz") == (said.code, said.out.splitlines()[0])


def test_what_was_not_said_is_told(terminal: Terminal, ubuntu: Path) -> None:
    """
    Type, base and architecture that were taken from the image are named.
    """
    said = terminal("check", ubuntu)

    assert [
        "  assumed: --filetype tgz, by the content and the name",
        "  assumed: --base-image ubuntu/noble, which suits it; without one, Ubuntu's checks hold",
        "  assumed: --arch amd64, by what is in the image",
    ] == said.out.splitlines()[2:5]


@pytest.mark.parametrize("form", ["--json", "--sarif"])
def test_a_report_for_programs_is_one_document(terminal: Terminal, broken: Path, form: str) -> None:
    """
    JSON and SARIF are one document on standard output, whatever the verdict.
    """
    said = terminal("check", broken, form)

    assert (1, dict) == (said.code, type(json.loads(said.out)))


def test_a_page_is_written_to_a_file(terminal: Terminal, ubuntu: Path, tmp_path: Path) -> None:
    """
    With -o the report goes to the file, and the verdict to standard error.
    """
    page = tmp_path / "report.html"
    said = terminal("check", ubuntu, "--html", "-o", page)

    assert (0, "", f"fit: wrote {page}\n", True) == (
        said.code,
        said.out,
        said.err,
        page.read_text().startswith("<!doctype html>"),
    )


def test_an_exception_makes_it_fit(terminal: Terminal, broken: Path, tmp_path: Path) -> None:
    """
    A file of exceptions with reasons changes the verdict.
    """
    held = tmp_path / "lab.toml"
    names = ("E01", "E02", "E04", "M13")
    held.write_text("".join(f"[[override]]\nrule='{n}'\nignore=true\nreason='lab'\n" for n in names))

    assert 0 == terminal("check", broken, "--overrides", held).code


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--maas", "three"), 2),
        (("--curtin", "yesterday"), 2),
        (("--filetype", "zip"), 2),
        (("--json", "--html"), 2),
        (("--overrides", "/nonexistent/lab.toml"), 2),
        (("-o", "/nonexistent/report"), 2),
    ],
)
def test_wrong_words_end_with_two(
    terminal: Terminal, ubuntu: Path, words: tuple[str, ...], code: int
) -> None:
    """
    What cannot be understood, read or written is told, and ends with 2.
    """
    assert 2 == terminal("check", ubuntu, *words).code


def test_without_an_image_there_is_nothing_to_check(terminal: Terminal) -> None:
    """
    A command without an image is a mistake of usage.
    """
    assert 2 == terminal("check").code


def test_an_image_that_is_not_there_is_not_found(terminal: Terminal) -> None:
    """
    A path that leads nowhere ends with 4.
    """
    assert 4 == terminal("check", "/nonexistent.tar.gz").code


@pytest.mark.parametrize(
    "data", [b"", b"\x1f\x8b\x08garbage", bytes(100_000), b"hello"], ids=["empty", "gzip", "zeros", "text"]
)
def test_what_is_no_image_is_unfit(terminal: Terminal, tmp_path: Path, data: bytes) -> None:
    """
    Bytes that are no image are unfit, and never an error of the program.
    """
    path = tmp_path / "image.tar.gz"
    path.write_bytes(data)

    assert 1 == terminal("check", path).code


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_an_image_that_is_cut_short_is_unfit(
    terminal: Terminal, ubuntu: Path, tmp_path: Path, share: float
) -> None:
    """
    A good image of which the end is missing is unfit.
    """
    data = ubuntu.read_bytes()
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(data[: int(len(data) * share)])

    assert 1 == terminal("check", cut).code


def test_a_rule_is_explained(terminal: Terminal) -> None:
    """
    --explain shows a rule, in whatever letters it is asked for.
    """
    said = terminal("check", "--explain", "f01")

    assert (0, True) == (said.code, said.out.startswith("F01  "))


def test_an_unknown_rule_is_not_found(terminal: Terminal) -> None:
    """
    A rule that there is not ends with 4.
    """
    assert 4 == terminal("check", "--explain", "Z99").code


def test_all_rules_are_listed(terminal: Terminal) -> None:
    """
    --rules has a line for each of the 96 rules of images and 26 of deployments.
    """
    assert 122 == len(terminal("check", "--rules").out.splitlines())

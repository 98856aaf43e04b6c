"""
`tundish push maas` against a door that answers as MAAS: our own.
"""

import gzip
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.compat.asking import detail
from tests.compat.conftest import Region
from tests.support.roots import root_tgz, tar_of
from tundish.core import clock

ROOT = gzip.compress(tar_of().getvalue(), mtime=7)
REF = f"custom/pushed/amd64@{clock.now():%Y%m%d}"


@pytest.fixture
def words(tmp_path: Path, region: Region) -> tuple[str | Path, ...]:
    """
    The words that push to the region.
    """
    key = tmp_path / "key"
    key.write_text(region.admin + "\n")
    return ("push", "maas", region.url, "--key-file", key)


@pytest.fixture
def here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """
    A state with an image of our own.
    """
    terminal = Terminal(tmp_path / "mine", capsys)
    file = tmp_path / "root.tgz"
    file.write_bytes(ROOT)
    terminal("image", "upload", file, "--name", "custom/pushed", "--base-image", "ubuntu/jammy")
    return terminal


def test_an_image_is_there_after_it_was_pushed(
    here: Terminal, region: Region, words: tuple[str | Path, ...], tmp_path: Path
) -> None:
    """
    Under its name, with its base; what is pushed again is not sent.
    """
    file = tmp_path / "fit.tgz"
    file.write_bytes(root_tgz())
    here("image", "upload", file, "--name", "custom/fit", "--base-image", "ubuntu/jammy")
    first = here(*words, "custom/fit/amd64", "--json").answer
    second = here(*words, "custom/fit/amd64", "--json").answer
    assert isinstance(first, list)
    assert isinstance(second, list)

    assert ([file.stat().st_size, 0], "ubuntu/jammy") == (
        [each["sent"] for each in (*first, *second) if isinstance(each, dict)],
        detail(region.cli, "custom/fit").json["base_image"],
    )


def test_what_is_not_available_is_not_pushed(here: Terminal, words: tuple[str | Path, ...]) -> None:
    """
    An unfit image waits until it is accepted.
    """
    assert 5 == here(*words, REF).code


@pytest.mark.parametrize(
    ("more", "code"),
    [(("--name", "ubuntu"), 2), (("--name", "debian/12"), 2), (("--base-image", "x"), 2)],
    ids=["reserved", "system", "base"],
)
def test_what_maas_would_refuse_is_not_sent(
    here: Terminal, words: tuple[str | Path, ...], more: tuple[str, ...], code: int
) -> None:
    """
    By the rules of names that are known here.
    """
    here("image", "accept", REF, "--reason", "it boots")

    assert code == here(*words, REF, *more).code


def test_a_key_that_is_not_known_is_told(
    here: Terminal, words: tuple[str | Path, ...], tmp_path: Path
) -> None:
    """
    In the words of MAAS, without the key.
    """
    here("image", "accept", REF, "--reason", "it boots")
    (tmp_path / "key").write_text("a:b:c")
    said = here(*words, REF)

    assert (6, True) == (said.code, "maas apikey" in said.err)

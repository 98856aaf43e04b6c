"""
Servers saved by name, and the commands that are for them.
"""

import io
from pathlib import Path

import pytest

from tests.cli.afar.conftest import Pair
from tests.cli.terminal import Said
from tundish.cli import main


class Desk:
    """
    A person with a home of their own, who has saved the server as `lab`.
    """

    def __init__(self, pair: Pair, home: Path, patch: pytest.MonkeyPatch) -> None:
        self._capture, self._patch = pair.capture, patch
        patch.setenv("XDG_CONFIG_HOME", str(home))
        patch.delenv("TUNDISH_STATE", raising=False)
        self.saved = self("remote", "add", "lab", pair.url, typed=pair.token_file.read_text())
        patch.delenv("TUNDISH_TOKEN_FILE")

    def __call__(self, *words: str, typed: str = "") -> Said:
        self._patch.setattr("sys.stdin", io.StringIO(typed))
        self._capture.readouterr()
        code = main.run(list(words))
        captured = self._capture.readouterr()
        return Said(code, captured.out, captured.err)


@pytest.fixture
def desk(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(pair, tmp_path / "home", monkeypatch)


def test_a_saved_server_is_asked_by_its_name_or_address(desk: Desk, pair: Pair) -> None:
    """
    Its token is found with it.
    """
    by_name, by_url = (desk("--server", each, "user", "list") for each in ("lab", pair.url))

    assert (0, pair.here("user", "list").out, by_name) == (by_name.code, by_name.out, by_url)


def test_a_server_in_use_need_not_be_named(desk: Desk, pair: Pair) -> None:
    """
    Until commands are for this machine again; who names a state means this machine, too.
    """
    desk("remote", "use", "lab")
    used = desk("user", "list").out
    refused = desk("serve")
    desk("remote", "use", "--here")

    assert (pair.here("user", "list").out, 2, True, [{"name": "lab", "url": pair.url, "in_use": False}]) == (
        used,
        refused.code,
        "remote use --here" in refused.err,
        desk("remote", "list", "--json").answer,
    )


def test_no_command_shows_the_token(desk: Desk, pair: Pair) -> None:
    """
    Neither when it is saved nor when it is listed.
    """
    said = desk.saved.out + desk.saved.err + desk("remote", "list", "--json").out

    assert (True, False) == (pair.url in said, pair.token_file.read_text().strip() in said)


def test_the_saved_token_goes_to_no_other_server(desk: Desk) -> None:
    """
    An address that was not saved wants a token of its own; nothing is sent.
    """
    said = desk("--server", "http://127.0.0.1:9", "user", "list")

    assert (2, True) == (said.code, "wants a token" in said.err)


def test_a_server_that_is_removed_is_unknown(desk: Desk) -> None:
    """
    And the message says how to save one.
    """
    desk("remote", "remove", "lab")

    said = desk("--server", "lab", "user", "list")

    assert (4, True) == (said.code, "tundish remote add lab" in said.err)


@pytest.mark.parametrize("words", [(), ("lab", "--here")])
def test_one_of_two_is_used(desk: Desk, words: tuple[str, ...]) -> None:
    """
    A server, or this machine.
    """
    assert 2 == desk("remote", "use", *words).code

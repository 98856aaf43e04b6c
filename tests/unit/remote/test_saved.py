"""
Servers saved by name: what is kept, who may read it, and what is refused.
"""

import stat
from pathlib import Path

import pytest

from tundish.core.errors import Conflict, InputError, InvalidName, NotFound, StorageError
from tundish.remote.saved import Remote, Remotes

URL = "https://images.lab:5240"
TOKEN = "td_0123456789abcdef_secret"


@pytest.fixture
def remotes(tmp_path: Path) -> Remotes:
    return Remotes(tmp_path / "remotes")


def test_a_server_is_found_by_its_name_and_its_address(remotes: Remotes) -> None:
    """
    With its token; the address of the API and that of the server are one.
    """
    made = remotes.add("lab", f"{URL}/api/v1/", f"{TOKEN}\n")

    assert (Remote("lab", URL, TOKEN), made, made, None) == (
        made,
        remotes.get("lab"),
        remotes.at(f"{URL}/"),
        remotes.at("https://other.lab"),
    )


def test_only_its_owner_may_read_a_token(remotes: Remotes) -> None:
    """
    Neither folder nor file are open to others, whatever the mask, and nothing is left beside.
    """
    remotes.add("lab", URL, TOKEN)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in remotes.folder.iterdir()}
    assert ({"lab.json": 0o600}, 0o700) == (modes, stat.S_IMODE(remotes.folder.stat().st_mode))


def test_a_token_that_others_may_read_is_not_sent(remotes: Remotes) -> None:
    """
    As when a copy lost its mode.
    """
    remotes.add("lab", URL, TOKEN)
    (remotes.folder / "lab.json").chmod(0o644)

    with pytest.raises(StorageError, match="chmod 600"):
        remotes.get("lab")


def test_a_token_shows_in_no_words_about_a_server(remotes: Remotes) -> None:
    """
    Not even in a trace.
    """
    assert "secret" not in repr(remotes.add("lab", URL, TOKEN))


@pytest.mark.parametrize(
    ("name", "url", "token"),
    [
        ("../lab", URL, TOKEN),
        ("lab", "ftp://images.lab", TOKEN),
        ("lab", "https://me:hush@images.lab", TOKEN),
        ("lab", URL, ""),
        ("lab", URL, "a\nb"),
        ("lab", URL, "x" * 5000),
    ],
)
def test_what_is_no_server_is_not_saved(remotes: Remotes, name: str, url: str, token: str) -> None:
    """
    Nothing is written.
    """
    with pytest.raises((InputError, InvalidName)):
        remotes.add(name, url, token)

    assert not remotes.folder.exists()


def test_a_name_is_used_once(remotes: Remotes) -> None:
    """
    No token is lost by a slip.
    """
    remotes.add("lab", URL, TOKEN)

    with pytest.raises(Conflict):
        remotes.add("lab", URL, TOKEN)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": "x", "token": "y"}', "[" * 10_000])
def test_a_damaged_file_is_named(remotes: Remotes, text: str) -> None:
    """
    And can be removed.
    """
    remotes.add("lab", URL, TOKEN)
    (remotes.folder / "lab.json").write_text(text)

    with pytest.raises(StorageError, match="damaged"):
        remotes.get("lab")

    remotes.remove("lab")


def test_a_server_that_is_gone_is_not_in_use(remotes: Remotes) -> None:
    """
    Commands are for this machine again.
    """
    remotes.add("lab", URL, TOKEN)
    remotes.use("lab")
    used = remotes.in_use()

    remotes.remove("lab")

    assert ("lab", None, ()) == (used, remotes.in_use(), remotes.list())


def test_an_unknown_server_is_neither_used_nor_removed(remotes: Remotes) -> None:
    """
    The message says how to save one.
    """
    for act in (remotes.get, remotes.use, remotes.remove):
        with pytest.raises(NotFound, match="tundish remote"):
            act("lab")

    assert remotes.in_use() is None

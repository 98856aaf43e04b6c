"""
The state folder: made on first use, owned by one user, refused where it cannot be.
"""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tundish.app.opened import App, open_app
from tundish.core.errors import StorageError
from tundish.settings import load

MIDNIGHT = 24 * 60 * 60  # seconds of a day


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with open_app(load({}, state=tmp_path / "a/state")) as opened:
        yield opened


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_state_is_made_on_first_use(app: App) -> None:
    """
    Catalog, store and channels are there once the state is open.
    """
    names = {path.name for path in app.settings.state.iterdir()}

    assert {"catalog.sqlite", "channels", "store"} <= names


def test_a_state_is_open_to_its_owner_alone(app: App) -> None:
    """
    Nobody else may look into the state folder.
    """
    assert 0o700 == mode(app.settings.state)


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    """
    A state that is opened again holds the blobs it held.
    """
    settings = load({}, state=tmp_path)
    with open_app(settings) as opened:
        blob = opened.store.add([b"kept"])

    with open_app(settings) as again:
        assert again.store.has(blob.digest)


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_place_that_is_no_folder_is_refused(tmp_path: Path, place: str) -> None:
    """
    A state folder that cannot be made is an error that names it and another way.
    """
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StorageError, match=f"{place}.*--state"), open_app(load({}, state=tmp_path / place)):
        pass


def test_the_signing_key_is_made_once(app: App) -> None:
    """
    Every publication of a state is signed by the same key.
    """
    assert app.press().signer.fingerprint == app.press().signer.fingerprint


def test_the_secret_key_is_open_to_its_owner_alone(app: App) -> None:
    """
    Key and folder of keys are closed to everybody else.
    """
    app.press()

    keys = app.settings.state / "keys"
    assert (0o700, 0o600) == (mode(keys), mode(keys / "signing.key"))


def test_readers_find_the_public_keyring(app: App) -> None:
    """
    What readers need is the keyring of the key that signs.
    """
    assert app.press().signer.keyring() == app.public_keyring.read_bytes()


def test_a_lost_public_keyring_is_written_anew(app: App) -> None:
    """
    The public keyring comes from the secret key, whenever it is missing.
    """
    before = app.press().signer.keyring()
    app.public_keyring.unlink()

    app.press()

    assert before == app.public_keyring.read_bytes()


def test_a_build_claims_to_be_of_the_day(app: App) -> None:
    """
    Without a setting, builds of one day claim the same moment.
    """
    assert 0 == app.epoch() % MIDNIGHT


def test_a_build_claims_to_be_of_the_moment_set(tmp_path: Path) -> None:
    """
    SOURCE_DATE_EPOCH decides where it is set.
    """
    with open_app(load({"SOURCE_DATE_EPOCH": "1700000000"}, state=tmp_path)) as opened:
        assert 1_700_000_000 == opened.epoch()

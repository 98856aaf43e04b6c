"""
tuspy as it is on PyPI, in a process of its own, against a real server.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import tus_session
from tests.support.doors import serving
from tests.support.roots import root_tgz
from tundish.app.deeds import people
from tundish.app.opened import open_app
from tundish.core.digest import Digest
from tundish.core.people import EVERYTHING, Actor
from tundish.settings import load

PIECE = 1_000_000


@pytest.fixture(scope="module")
def root() -> bytes:
    return root_tgz(3_000_000, "tuspy")


@pytest.fixture(scope="module")
def seen(root: bytes, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("tuspy")
    image, state = folder / "root.tgz", folder / "state"
    image.write_bytes(root)
    settings = load({}, root=False, state=state, cache=folder / "cache")
    with open_app(settings) as app:
        app.catalog.choices.set("first-start", "tests")
        me = Actor("root", EVERYTHING, "command")
        people.create(app, me, "ann", EVERYTHING)
        token = people.make_token(app, me, "ann", "tests")[1]
    with serving(state) as doors:
        words = (f"{doors.control}/api/v1/uploads/tus", token, image, PIECE)
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(Path(tus_session.__file__)), *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    with open_app(settings) as app:
        uploads = {each.asked.name: each for each in app.catalog.uploads.list()}
    return {**json.loads(done.stdout), "uploads": uploads}


def test_it_goes_on_where_another_client_left(seen: Any, root: bytes) -> None:
    """
    By the address alone; what is held then is what was sent.
    """
    assert (PIECE, len(root), Digest.of(root)) == (
        seen["went_on_at"],
        seen["ends"][0],
        seen["uploads"]["custom/left"].sha256,
    )


def test_its_checksums_are_right(seen: Any, root: bytes) -> None:
    """
    Each piece has one by sha1.
    """
    assert (len(root), Digest.of(root)) == (seen["ends"][1], seen["uploads"]["custom/checked"].sha256)


def test_it_is_told_of_an_upload_that_was_ended(seen: Any) -> None:
    """
    That it is gone.
    """
    assert (410, "cancelled") == (seen["gone"], str(seen["uploads"]["custom/ended"].state))

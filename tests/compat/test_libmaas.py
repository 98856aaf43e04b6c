"""
python-libmaas as it is on PyPI, in a process of its own, against a real server.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.compat.conftest import PASSWORD, Region
from tests.support import libmaas_session
from tests.support.roots import root_tgz

SIZE = 3_000_000


@pytest.fixture(scope="module")
def seen(region: Region, tmp_path_factory: pytest.TempPathFactory) -> Any:
    image = tmp_path_factory.mktemp("libmaas") / "root.tgz"
    image.write_bytes(root_tgz(SIZE, "libmaas"))
    place = f"{region.url}/MAAS/"
    words = (place, "admin", PASSWORD, region.admin, region.upstream, region.keyring, image)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(Path(libmaas_session.__file__)), *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return {**json.loads(done.stdout), "size": image.stat().st_size}


def test_it_logs_in_by_password_and_by_key(seen: Any) -> None:
    """
    Each gives a client that works.
    """
    assert ("admin", "3.8.0") == (seen["who"], seen["version"])


def test_sources_and_selections_are_as_it_expects(seen: Any) -> None:
    """
    Made, listed, changed and deleted; times are read.
    """
    expected = {
        "selection": ["ubuntu", "jammy", ["amd64"], ["*"]],
        "listed": ["jammy"],
        "changed": True,
        "deleted": True,
        "created": True,
    }

    assert expected == {name: value for name, value in seen["sources"].items() if name != "images"}


def test_an_import_brings_the_image(seen: Any) -> None:
    """
    Started and stopped by it.
    """
    assert "ubuntu/jammy" in seen["sources"]["images"]


def test_an_image_is_sent_once(seen: Any) -> None:
    """
    In pieces as large as it likes; the second time nothing is sent.
    """
    expected = {
        "pieces": 3,
        "again": 0,
        "same": True,
        "complete": True,
        "files": [["root.tgz", "root-tgz", seen["size"]]],
    }

    assert expected == seen["uploaded"]


def test_settings_are_read_and_set(seen: Any) -> None:
    """
    Booleans go as text and come as JSON.
    """
    assert ["ubuntu", "noble", None, False, True] == seen["settings"]

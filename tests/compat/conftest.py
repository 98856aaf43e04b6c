"""
The real server on loopback, over a state with a source of one signed stream, an admin and a viewer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.doors import serving
from tests.support.hostile_server import HostileServer
from tests.support.keys import MADE_AT, key
from tests.support.maas_cli import Cli, Go
from tests.support.region import DAY
from tests.support.stream_simulator import StreamSimulator
from tundish.app.deeds import people
from tundish.app.opened import open_app
from tundish.core.people import EVERYTHING, Actor, Grant, Role
from tundish.settings import load

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Region:
    """
    Where it is, and whose keys there are.
    """

    url: str
    admin: str
    viewer: str
    upstream: str  # URL of the stream
    keyring: Path
    folder: Path
    cli: Cli  # of the admin

    @property
    def go(self) -> Go:
        return Go(self.url, self.admin)


def begin_region(state: Path) -> tuple[str, str]:
    """
    A state with an admin and a viewer; the answer is the key of each.
    """
    with open_app(load({}, root=False, state=state, cache=state / "cache")) as app:
        app.catalog.choices.set("first-start", "tests")
        root = Actor("root", EVERYTHING, "command")
        people.create(app, root, "admin", EVERYTHING, password=PASSWORD, email="a@b.test")
        people.create(app, root, "vera", (Grant(Role.VIEWER),))
        admin, viewer = (
            people.make_token(app, root, name, "tests", kind="maas")[1] for name in ("admin", "vera")
        )
        return admin, viewer


@pytest.fixture(scope="package")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    folder = tmp_path_factory.mktemp("region")
    state = folder / "state"
    admin, viewer = begin_region(state)
    stream = StreamSimulator(key("upstream").signer(at=MADE_AT))
    for series, arch in (("noble", "amd64"), ("noble", "arm64"), ("jammy", "amd64")):
        stream.add(series=series, arch=arch, kernel="ga-24.04" if series == "noble" else "ga-22.04")
    stream.publish(DAY)
    keyring = folder / "upstream.gpg"
    keyring.write_bytes(stream.keyring)
    with HostileServer(stream.files) as server, serving(state) as doors:
        cli = Cli.login(doors.control, admin)
        yield Region(doors.control, admin, viewer, server.url, keyring, folder, cli)

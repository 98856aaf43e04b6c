"""
A terminal here, and one that does the same on a server over the same state.
"""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from tests.cli.terminal import Said
from tests.support.seeding import Seeded, seeded
from tundish.api.routes import control_door
from tundish.app.deeds import people
from tundish.app.running import Runner
from tundish.cli import main
from tundish.core import clock
from tundish.core.people import EVERYTHING, Actor

ADA = Actor("ada", EVERYTHING, "command")


@dataclass(frozen=True)
class Pair:
    """
    `here` runs on the state itself, `afar` over the API.
    """

    seeded: Seeded
    url: str
    token_file: Path
    capture: pytest.CaptureFixture[str]

    def here(self, *words: str) -> Said:
        return self._run("--state", str(self.seeded.app.settings.state), *words)

    def afar(self, *words: str) -> Said:
        return self._run("--server", self.url, *words)

    def _run(self, *words: str) -> Said:
        self.capture.readouterr()
        code = main.run(list(words))
        captured = self.capture.readouterr()
        return Said(code, captured.out, captured.err)


@dataclass(frozen=True)
class Served:
    seeded: Seeded
    url: str
    token: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    state = tmp_path_factory.mktemp("afar") / "state"
    with seeded(state, 4) as held, socket.create_server(("127.0.0.1", 0)) as listener:
        _, token = people.make_token(held.app, ADA, "ada", "test")
        door = control_door(held.app, held.admission)
        config = uvicorn.Config(door, lifespan="off", log_config=None, timeout_graceful_shutdown=1, ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        runner = Runner(held.app, now=clock.now)
        runner.start()
        try:
            yield Served(held, f"http://127.0.0.1:{listener.getsockname()[1]}", token)
        finally:
            runner.stop()
            server.should_exit = server.force_exit = True
            thread.join()


@pytest.fixture
def pair(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Pair:
    file = tmp_path / "token"
    file.write_text(f"{served.token}\n")
    monkeypatch.setenv("TUNDISH_TOKEN_FILE", str(file))
    return Pair(served.seeded, served.url, file, capsys)

"""
The pages over a seeded state, served on a free port of loopback by a thread of this process.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from tests.support.seeding import Seeded, seeded
from tundish.web.door import page_door


@dataclass(frozen=True)
class Open:
    """
    A served state; `close` ends the server early, as if it had died.
    """

    url: str
    seeded: Seeded
    server: uvicorn.Server

    def close(self) -> None:
        self.server.should_exit = self.server.force_exit = True


@contextmanager
def serving(state: Path, images: int) -> Iterator[Open]:
    with seeded(state, images) as held, socket.create_server(("127.0.0.1", 0)) as listener:
        door = page_door(held.app, held.admission)
        config = uvicorn.Config(door, lifespan="off", log_config=None, timeout_graceful_shutdown=1, ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        port = listener.getsockname()[1]
        thread.start()
        try:
            yield Open(f"http://127.0.0.1:{port}", held, server)
        finally:
            server.should_exit = server.force_exit = True
            thread.join()

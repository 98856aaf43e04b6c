import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TypeVar

import pytest

from tests.unit.boot.door import DATA, IMAGE, furnished
from tundish.api.routes import ControlDoor, control_door
from tundish.app.opened import open_app
from tundish.core.errors import Conflict, InputError
from tundish.serve import run, serve
from tundish.settings import load

Seen = TypeVar("Seen")


def fetched(port: int, target: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", target)
    answer = connection.getresponse()
    said = answer.status, answer.read()
    connection.close()
    return said


@contextmanager
def door(state: Path) -> Iterator[ControlDoor]:
    with open_app(load({}, root=False, state=state / "state", cache=state / "cache")) as app:
        yield control_door(app, app.admission())


async def during(
    state: Path, look: Callable[[int, int], Seen], *, ports: tuple[int, int] = (0, 0), host: str = "127.0.0.1"
) -> Seen:
    """
    What `look` sees, on a thread, while both doors are open; it is called with the real ports.
    """
    stop, opened = asyncio.Event(), asyncio.get_running_loop().create_future()
    with door(state) as control:
        serving = asyncio.create_task(
            serve(
                control=control,
                files=furnished(state),
                host=host,
                control_port=ports[0],
                file_port=ports[1],
                ready=lambda *real: opened.set_result(real),
                stop=stop,
            )
        )
        await asyncio.wait({serving, opened}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving
        seen = await asyncio.to_thread(look, *opened.result())
        stop.set()
        await serving
        return seen


def test_both_doors_answer_in_one_process(tmp_path: Path) -> None:
    """
    Once `ready` was called, the control door answers on its port and the file door on its own.
    """

    def look(control: int, files: int) -> tuple[int, bytes]:
        return fetched(control, "/healthz")[0], fetched(files, IMAGE)[1]

    assert (200, DATA) == asyncio.run(during(tmp_path, look))


def test_the_doors_know_nothing_of_each_other(tmp_path: Path) -> None:
    """
    Images are not to be had from the control door, nor lists from the file door.
    """

    def look(control: int, files: int) -> tuple[int, int]:
        return fetched(control, IMAGE)[0], fetched(files, "/api/v1/images")[0]

    assert (404, 404) == asyncio.run(during(tmp_path, look))


def test_no_part_of_an_answer_waits_for_another(tmp_path: Path) -> None:
    """
    The connections of both doors send what there is at once; else head and body are 40 ms apart.
    """

    def look(control: int, files: int) -> list[int]:
        inherited = []
        for listener in _listening({control, files}):
            with listener:
                inherited.append(listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        return inherited

    assert [1, 1] == asyncio.run(during(tmp_path, look))


def _listening(ports: set[int]) -> Iterator[socket.socket]:
    """
    The listening sockets of this process at these ports.
    """
    for name in Path("/proc/self/fd").iterdir():
        try:
            found = socket.socket(fileno=os.dup(int(name.name)))
        except OSError:
            continue
        try:
            is_wanted = bool(found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
            is_wanted = is_wanted and found.getsockname()[1] in ports
        except (OSError, IndexError):
            is_wanted = False
        if is_wanted:
            yield found
        else:
            found.close()


def test_nothing_listens_after_the_end(tmp_path: Path) -> None:
    """
    When `serve` has returned, both ports are closed.
    """
    ports = asyncio.run(during(tmp_path, lambda control, files: (control, files)))

    def answers(port: int) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    assert [False, False] == [answers(port) for port in ports]


def test_nothing_is_left_open(tmp_path: Path) -> None:
    """
    After serving, the process has as many open files as before.
    """

    def opened() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = opened()
    asyncio.run(during(tmp_path, lambda control, files: (fetched(control, "/"), fetched(files, IMAGE))))

    assert before == opened()


@pytest.mark.parametrize(("which", "option"), [(0, "--control-port"), (1, "--file-port")])
def test_a_port_in_use_is_named_with_the_way_out(tmp_path: Path, which: int, option: str) -> None:
    """
    A port that somebody else holds is a conflict that names it and the option to choose another.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = (port, 0) if which == 0 else (0, port)

        with pytest.raises(Conflict, match=rf"port {port} is in use on 127.0.0.1.*{option}"):
            asyncio.run(during(tmp_path, lambda *_: None, ports=ports))


@pytest.mark.parametrize("host", ["192.0.2.1", "", "x" * 300])
def test_an_address_that_is_not_ours_is_an_input_error(tmp_path: Path, host: str) -> None:
    """
    An address that this machine does not have is refused before anything is opened.
    """
    with pytest.raises(InputError, match="control door cannot listen"):
        asyncio.run(during(tmp_path, lambda *_: None, host=host))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_serving(tmp_path: Path, number: signal.Signals) -> None:
    """
    SIGTERM and SIGINT make `run` return, and leave the handlers as they were.
    """
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with door(tmp_path) as control:
        run(
            control=control,
            files=furnished(tmp_path),
            host="127.0.0.1",
            control_port=0,
            file_port=0,
            ready=lambda *_: os.kill(os.getpid(), number),
        )

    assert before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))


def test_the_loop_is_the_plain_one(tmp_path: Path) -> None:
    """
    The file door loses sendfile on other loops, so the standard one must be it.
    """
    loops: list[str] = []

    def note(*_: int) -> None:
        loops.append(type(asyncio.get_running_loop()).__module__)
        os.kill(os.getpid(), signal.SIGTERM)

    with door(tmp_path) as control:
        run(
            control=control,
            files=furnished(tmp_path),
            host="127.0.0.1",
            control_port=0,
            file_port=0,
            ready=note,
        )

    assert ["asyncio.unix_events"] == loops

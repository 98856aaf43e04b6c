"""
Both doors in one plain asyncio loop: the control door (uvicorn) and the file door (aiohttp, sendfile).

Both ports are bound before anything is served, so whoever hears `ready` can connect. The doors close when
`stop` is set; who sets it is the caller's business.
"""

import asyncio
import errno
import random
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import uvicorn

from tundish.api.routes import ControlDoor, control_door
from tundish.app.booting import CatalogBoots
from tundish.app.opened import App
from tundish.app.resigning import Resigner
from tundish.app.running import Runner
from tundish.app.worker import Worker
from tundish.boot.http import FileDoor, file_door
from tundish.boot.listener import LIMITS, Limits, listening
from tundish.boot.trees import FolderTrees
from tundish.compat.door import maas_mount
from tundish.core import clock
from tundish.core.errors import Conflict, Forbidden, InputError
from tundish.web.door import page_routes

Ready = Callable[[int, int], None]


async def serve(
    *,
    control: ControlDoor,
    files: FileDoor,
    host: str,
    control_port: int,
    file_port: int,
    ready: Ready,
    stop: asyncio.Event,
    limits: Limits = LIMITS,
) -> None:
    """
    Serve both doors until `stop` is set. Port 0 takes any free one; `ready` gets the real ports.

    Raises:
        Conflict: a port is in use.
        Forbidden: this user may not take a port.
        InputError: no such address on this machine.
    """
    with ExitStack() as sockets:
        control_socket = sockets.enter_context(_bound(host, control_port, "control"))
        file_socket = sockets.enter_context(_bound(host, file_port, "file"))
        ports = control_socket.getsockname()[1], file_socket.getsockname()[1]
        async with listening(files, file_socket, limits):
            server = _ControlServer(_config(control, limits))
            running = asyncio.create_task(server.serve([control_socket]))
            stopped = asyncio.create_task(stop.wait())
            try:
                ready(*ports)
                await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stopped.cancel()
                server.should_exit = True
                await running


def run(
    *,
    control: ControlDoor,
    files: FileDoor,
    host: str,
    control_port: int,
    file_port: int,
    ready: Ready,
) -> None:
    """
    `serve` until SIGTERM or SIGINT; a second signal ends the process at once. Main thread only.

    Raises:
        Conflict, Forbidden, InputError: as `serve`.
    """

    async def until_told() -> None:
        with _told_by_signals() as stop:
            await serve(
                control=control,
                files=files,
                host=host,
                control_port=control_port,
                file_port=file_port,
                ready=ready,
                stop=stop,
            )

    asyncio.run(until_told())


def doors(app: App) -> tuple[ControlDoor, FileDoor]:
    """
    Both doors over an opened app.

    Raises:
        InvalidName: a kernel argument of the settings is not of its form.
    """
    files = file_door(
        boots=CatalogBoots(app.catalog),
        blobs=app.store,
        trees=FolderTrees(app.channels),
        arguments=app.settings.kernel_arguments,
    )
    admission = app.admission()
    control = control_door(app, admission)
    control.router.routes.extend((*page_routes(app, admission), maas_mount(app, admission)))
    return control, files


def run_app(app: App, ready: Ready) -> None:
    """
    Serve an opened app at the addresses of its settings, run jobs, sync and sign by itself, until SIGTERM or
    SIGINT.

    Raises:
        Conflict, Forbidden, InputError: as `serve`.
    """
    control, files = doors(app)
    resigner = Resigner(app.keyed_office, now=clock.now)
    settings = app.settings
    worker = Worker(app.desk, now=clock.now, draw=random.random, resigner=resigner)
    runner = Runner(app, now=clock.now)

    def opened(control_port: int, file_port: int) -> None:
        ready(control_port, file_port)
        worker.start()
        runner.start()

    try:
        run(
            control=control,
            files=files,
            host=settings.host,
            control_port=settings.control_port,
            file_port=settings.file_port,
            ready=opened,
        )
    finally:
        worker.stop()
        runner.stop()


class _ControlServer(uvicorn.Server):
    """
    uvicorn's server, which leaves the signals of the process to others.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(control: ControlDoor, limits: Limits) -> uvicorn.Config:
    return uvicorn.Config(
        control,
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=256,
        h11_max_incomplete_event_size=16 * 1024,
        timeout_graceful_shutdown=max(1, round(limits.grace)),
    )


@contextmanager
def _bound(host: str, port: int, door: str) -> Iterator[socket.socket]:
    """
    A socket that takes connections already, so that nobody is turned away once `ready` was called.
    """
    place = f"{host}:{port}"
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, OverflowError, UnicodeError) as error:
        code = error.errno if isinstance(error, OSError) else None
        option = f"choose another with --{door}-port"
        if code == errno.EADDRINUSE:
            raise Conflict(
                f"port {port} is in use on {host} (the {door} door): stop who uses it, or {option}"
            ) from None
        if code == errno.EACCES:
            raise Forbidden(
                f"this user may not open port {port} (the {door} door): {option}, 1024 or above"
            ) from None
        raise InputError(
            f"the {door} door cannot listen on {place}: {error}; give an address of this machine"
        ) from None
    with listener:
        yield listener


@contextmanager
def _told_by_signals() -> Iterator[asyncio.Event]:
    """
    An event that the first SIGTERM or SIGINT sets; after that, signals do what they always do.
    """
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    signals = (signal.SIGTERM, signal.SIGINT)

    def told() -> None:
        stop.set()
        for number in signals:
            loop.remove_signal_handler(number)

    for number in signals:
        loop.add_signal_handler(number, told)
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)

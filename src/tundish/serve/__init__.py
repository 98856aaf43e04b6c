"""
Both doors in one plain asyncio loop: the control door (uvicorn) and the file door (aiohttp, sendfile).

Both ports are bound before anything is served, so whoever hears `ready` can connect. The doors close when
`stop` is set; who sets it is the caller's business.
"""

import asyncio
import errno
import random
import resource
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace

from tundish.api.bounds import Asgi
from tundish.api.front import Front, log_of
from tundish.api.health import health_routes
from tundish.api.metrics import metrics_route
from tundish.api.pacing import Paced
from tundish.api.routes import control_door
from tundish.api.tally import Tally
from tundish.app.booting import CatalogBoots
from tundish.app.examined import take_up
from tundish.app.opened import App
from tundish.app.resigning import Resigner
from tundish.app.running import Runner
from tundish.app.worker import Worker
from tundish.boot.http import FileDoor, file_door
from tundish.boot.listener import LIMITS, Limits, listening
from tundish.boot.trees import FolderTrees
from tundish.compat.door import maas_mount
from tundish.core import clock
from tundish.core.answered import Answered, RequestIds
from tundish.core.errors import Conflict, Forbidden, InputError
from tundish.core.pace import Pace
from tundish.core.proxies import Proxies
from tundish.serve.control import ControlServer, configured
from tundish.serve.tls import Tls
from tundish.settings import Settings
from tundish.web.door import page_routes

Ready = Callable[[int, int], None]

RENEWAL = 60.0  # s between two looks at the files of the certificate
MOST_FILES = 16_384  # open at once: connections of both doors, and a blob for each of one


async def serve(
    *,
    control: Asgi,
    files: FileDoor,
    host: str,
    control_port: int,
    file_port: int,
    ready: Ready,
    stop: asyncio.Event,
    limits: Limits = LIMITS,
    tls: Tls | None = None,
    tls_files: bool = False,
    closing: Callable[[], None] | None = None,
) -> None:
    """
    Serve both doors until `stop` is set. Port 0 takes any free one; `ready` gets the real ports. `closing` is
    called on a thread when the end begins, to let go who would listen forever.

    Raises:
        Conflict: a port is in use.
        Forbidden: this user may not take a port.
        InputError: no such address on this machine.
    """
    with ExitStack() as sockets:
        control_socket = sockets.enter_context(_bound(host, control_port, "control"))
        file_socket = sockets.enter_context(_bound(host, file_port, "file"))
        ports = control_socket.getsockname()[1], file_socket.getsockname()[1]
        context = tls.context if tls is not None else None
        async with listening(files, file_socket, limits, context if tls_files else None), _renewed(tls):
            server = ControlServer(configured(control, limits, context))
            running = asyncio.create_task(server.serve([control_socket]))
            stopped = asyncio.create_task(stop.wait())
            try:
                ready(*ports)
                await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stopped.cancel()
                server.should_exit = True
                if closing is not None:
                    await asyncio.to_thread(closing)
                await running


def run(
    *,
    control: Asgi,
    files: FileDoor,
    host: str,
    control_port: int,
    file_port: int,
    ready: Ready,
    tls: Tls | None = None,
    tls_files: bool = False,
    closing: Callable[[], None] | None = None,
) -> None:
    """
    `serve` until SIGTERM or SIGINT; a second signal ends the process at once. Main thread only.

    Raises:
        Conflict, Forbidden, InputError: as `serve`.
    """

    async def until_told() -> None:
        with _told_by_signals(tls) as stop:
            await serve(
                control=control,
                files=files,
                host=host,
                control_port=control_port,
                file_port=file_port,
                ready=ready,
                stop=stop,
                tls=tls,
                tls_files=tls_files,
                closing=closing,
            )

    asyncio.run(until_told())


@asynccontextmanager
async def _renewed(tls: Tls | None) -> AsyncIterator[None]:
    """
    Load the certificate anew when its files change.
    """

    async def look() -> None:
        while tls is not None:
            await asyncio.sleep(RENEWAL)
            await asyncio.to_thread(tls.look)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()


def doors(app: App) -> tuple[Front, FileDoor]:
    """
    Both doors over an opened app.

    Raises:
        InputError: a setting is not of its form.
    """
    settings, tally = app.settings, Tally()
    app.catalog.database.hide_place()
    app.guard_sources()
    proxies = Proxies.read(settings.trusted_proxies, settings.public_url)

    def heard(answered: Answered) -> None:
        tally.hear(answered)
        log_of(answered)

    files = file_door(
        boots=CatalogBoots(app.catalog),
        blobs=app.store,
        trees=FolderTrees(app.channels),
        arguments=settings.kernel_arguments,
        heard=heard,
        proxies=replace(proxies, public=None),  # the URL is that of the control door
    )
    admission = app.admission()
    paces = {"address": Pace(settings.address_rate), "token": Pace(settings.token_rate)}
    control = control_door(app, admission)
    control.router.routes.append(maas_mount(app, admission))
    control.router.routes.extend(
        (*health_routes(app), metrics_route(app, tally, Proxies.read(settings.metrics_open), paces))
    )
    control.router.routes.extend(page_routes(app, admission))  # last: they say which page is not there
    paced = Paced(control, paces["address"], paces["token"])
    return Front(paced, proxies, RequestIds(secrets.token_hex(4)), heard), files


def run_app(app: App, ready: Ready) -> None:
    """
    Serve an opened app at the addresses of its settings, run jobs, sync and sign by itself, until SIGTERM or
    SIGINT.

    Raises:
        Conflict, Forbidden, InputError: as `serve`.
    """
    tls = tls_of(app.settings)
    allow_many_files()
    control, files = doors(app)
    resigner = Resigner(app.keyed_office, now=clock.now)
    settings = app.settings
    worker = Worker(app.desk, now=clock.now, draw=random.random, resigner=resigner)
    runner = Runner(app, now=clock.now)

    def opened(control_port: int, file_port: int) -> None:
        ready(control_port, file_port)
        worker.start()
        take_up(app)
        runner.start()

    try:
        run(
            control=control,
            files=files,
            host=settings.host,
            control_port=settings.control_port,
            file_port=settings.file_port,
            ready=opened,
            tls=tls,
            tls_files=settings.tls_files,
            closing=app.feed.close,
        )
    finally:
        worker.stop()
        runner.stop()


def tls_of(settings: Settings) -> Tls | None:
    """
    The certificate of the settings, if they name one.

    Raises:
        InputError: only half of it is named, or it is no good.
    """
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is not None and key is not None:
        return Tls(certificate, key)
    if certificate is not None or key is not None:
        raise InputError("https needs both: --tls-certificate and --tls-key")
    if settings.tls_files:
        raise InputError("https at the file door needs --tls-certificate and --tls-key")
    return None


def allow_many_files() -> None:
    """
    Let this process open as many files as it may, within reason.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def _bound(host: str, port: int, door: str) -> Iterator[socket.socket]:
    """
    A socket that takes connections already, so that nobody is turned away once `ready` was called.
    """
    place = f"{host}:{port}"
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=1024)
        # Connections inherit it. Without, head and body of an answer are 40 ms apart: asyncio sets it only
        # for sockets whose protocol is said, and create_server says none.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
def _told_by_signals(tls: Tls | None) -> Iterator[asyncio.Event]:
    """
    An event that the first SIGTERM or SIGINT sets; after that, signals do what they always do.
    SIGHUP loads the certificate anew.
    """
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    signals = (signal.SIGTERM, signal.SIGINT)

    def told() -> None:
        stop.set()
        for number in signals:
            loop.remove_signal_handler(number)

    for number in signals:
        loop.add_signal_handler(number, told)
    if tls is not None:
        loop.add_signal_handler(signal.SIGHUP, tls.reload)
    try:
        yield stop
    finally:
        for number in (*signals, signal.SIGHUP):
            loop.remove_signal_handler(number)

"""
The file door: scripts for machines, bytes of images, published streams, and the report of a machine.

It needs only `core` and the three small protocols of `machines.py`, so it can run alone. Whatever may
block runs on a thread; bytes go from file to socket without passing through Python.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from aiohttp import web

from tundish.boot import ipxe
from tundish.boot.finding import Finder
from tundish.boot.front import ORIGIN, front
from tundish.boot.lane import Stock
from tundish.boot.machines import Boots, Bytes, Trees
from tundish.boot.pumping import PACE, Pace
from tundish.boot.sending import FileAnswer, face_of, open_file
from tundish.core.answered import Heard, RequestIds, nobody
from tundish.core.digest import Digest
from tundish.core.errors import InputError
from tundish.core.machine import Asker, Deployment, Report, hardware_uuid, mac_address, machine_id
from tundish.core.names import version_name
from tundish.core.proxies import DIRECT, Proxies

FileDoor: TypeAlias = web.Application
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

LOG = logging.getLogger(__name__)
STOCK = web.AppKey("STOCK", Stock)
SERVER = "tundish"  # and not which versions of what
REPORT_LIMIT = 4096  # bytes
REPORT_TIME = 10.0  # seconds for a report to arrive
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
AN_HOUR = "public, max-age=3600"
BYTES = "application/octet-stream"
# iPXE's `buildarch`, as images name it. On BIOS it is i386 whatever the processor can do.
ARCHES = {"i386": "amd64", "x86_64": "amd64", "arm64": "arm64", "arm32": "armhf"}
KINDS = {".json": "application/json", ".sjson": "text/plain", ".gpg": "application/pgp-signature"}


def file_door(
    *,
    boots: Boots,
    blobs: Bytes,
    trees: Trees,
    arguments: str = "",
    pace: Pace = PACE,
    heard: Heard = nobody,
    proxies: Proxies = DIRECT,
) -> FileDoor:
    """
    The application of the file door. `arguments` are added to every kernel's command line.

    Raises:
        InvalidName: an argument is not of its form.
    """
    finder, ids = Finder(blobs), RequestIds(secrets.token_hex(4))
    door = _Door(boots, finder, trees, ipxe.kernel_arguments(arguments), pace)
    app = web.Application(middlewares=[front(heard, ids, proxies)], client_max_size=REPORT_LIMIT)
    fields = {**_headers(FOREVER, BYTES), "Accept-Ranges": "bytes", "Server": SERVER}
    app[STOCK] = Stock(finder, fields, pace, heard, ids, proxies)
    app.on_response_prepare.append(_sign)
    app.router.add_get("/ipxe.cfg", door.entry)
    app.router.add_get("/ipxe.cfg-{mac:[^/]+}", door.script)
    app.router.add_get("/images/{digest}/{os}/{arch}/{kernel}/{series}/{label}/{file}", door.image)
    app.router.add_get("/stream/{channel}/{path:.*}", door.stream)
    app.router.add_post("/boot/report", door.report)
    app.router.add_get("/healthz", door.health)
    return app


@dataclass(frozen=True, slots=True)
class _Door:
    boots: Boots
    finder: Finder
    trees: Trees
    arguments: tuple[str, ...]
    pace: Pace
    # A slow catalog may hold some threads, never all of those that open files.
    asking: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(3))

    async def entry(self, request: web.Request) -> web.StreamResponse:
        return _text(ipxe.entry_script(_host(request)))

    async def script(self, request: web.Request) -> web.StreamResponse:
        mac, host = mac_address(request.match_info["mac"]), _host(request)
        asker = Asker(mac, _uuid(request.query.get("uuid", "")), ARCHES.get(request.query.get("arch", "")))
        async with self.asking:
            script = await asyncio.to_thread(self.boots.script_for, asker)
        LOG.info(
            "%s asked what to boot: %s", mac, f"{script.image} {script.version}" if script else "nothing"
        )
        if script is None:
            return _text(ipxe.nothing_script(mac))
        return _text(ipxe.boot_script(script, mac=mac, host=host, arguments=self.arguments))

    async def image(self, request: web.Request) -> web.StreamResponse:
        digest = Digest.parse(request.match_info["digest"])
        handle, facts = await self.finder.open(digest)
        return FileAnswer(
            handle, face_of(facts, digest.hex), headers=_headers(FOREVER, BYTES), pace=self.pace
        )

    async def stream(self, request: web.Request) -> web.StreamResponse:
        channel, path = request.match_info["channel"], request.match_info["path"]
        headers = _headers(ASK_AGAIN if path.startswith("streams/") else AN_HOUR, _kind(path))

        def opened() -> FileAnswer:
            handle, facts = open_file(self.trees.path_of(channel, path))
            return FileAnswer(handle, face_of(facts), headers=headers, pace=self.pace)

        return await asyncio.to_thread(opened)

    async def report(self, request: web.Request) -> web.StreamResponse:
        try:
            async with asyncio.timeout(REPORT_TIME):
                body = await request.read()
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        report = read_report(body)
        async with self.asking:
            deployment = await asyncio.to_thread(self.boots.reported, report)
        LOG.info("%s runs %s %s", deployment.mac, deployment.image, deployment.version)
        return web.Response(body=_document(deployment), content_type="application/json")

    async def health(self, _request: web.Request) -> web.StreamResponse:
        return _text("ok\n")


def read_report(body: bytes) -> Report:
    """
    What a machine says once its userspace runs: exactly the four fields, each of its form.

    Raises:
        InputError: anything else. The token is never shown.
    """
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the report is not JSON: {type(error).__name__}") from None
    names = ("token", "machine_id", "version", "root")
    if not isinstance(fields, dict) or set(fields) != set(names):
        raise InputError(f"a report is a JSON object with exactly the fields {', '.join(names)}")
    if not all(isinstance(fields[name], str) for name in names):
        raise InputError("every field of a report is a string")
    return Report(
        ipxe.token(fields["token"]),
        machine_id(fields["machine_id"]),
        version_name(fields["version"]),
        Digest.parse(fields["root"]),
    )


async def _sign(_request: web.Request, answer: web.StreamResponse) -> None:
    answer.headers["Server"] = SERVER


def _host(request: web.Request) -> str:
    if host := request[ORIGIN].host:
        return ipxe.authority(host)
    hosts = request.headers.getall("Host", [])
    return ipxe.authority(hosts[0] if len(hosts) == 1 else "")


def _uuid(text: str) -> str | None:
    """
    The hardware id, or None where firmware has none: nothing, all zeros or all ones name no machine.
    """
    uuid = hardware_uuid(text) if text else ""
    return None if set(uuid) <= {"0", "-"} or set(uuid) <= {"f", "-"} else uuid


def _kind(path: str) -> str:
    return KINDS.get(Path(path).suffix, BYTES)


def _headers(cache: str, kind: str) -> dict[str, str]:
    return {"Cache-Control": cache, "Content-Type": kind, "X-Content-Type-Options": "nosniff"}


def _text(text: str) -> web.Response:
    return web.Response(text=text, headers={"Cache-Control": "no-store"})


def _document(deployment: Deployment) -> bytes:
    reported = deployment.reported_at
    return json.dumps(
        {
            "mac": deployment.mac,
            "image": deployment.image,
            "version": deployment.version,
            "root": deployment.root.hex,
            "started_at": deployment.started_at.isoformat(),
            "reported_at": reported.isoformat() if reported else None,
        }
    ).encode()

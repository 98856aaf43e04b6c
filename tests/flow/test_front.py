"""
A whole server behind a real nginx, and with a certificate of its own.
"""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from time import monotonic

import pytest
from bench.server import PATH, USER

from tests.support.certificates import certificate

CONFIGURATION = """\
daemon off;
worker_processes 1;
{user}
pid "{scratch}/nginx.pid";
error_log "{scratch}/nginx.log" warn;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path "{scratch}/body";
    proxy_temp_path "{scratch}/proxy";
    fastcgi_temp_path "{scratch}/fastcgi";
    uwsgi_temp_path "{scratch}/uwsgi";
    scgi_temp_path "{scratch}/scgi";
    server {{
        listen 127.0.0.1:{port};
        location /tundish/ {{
            proxy_pass http://127.0.0.1:{control}/;
            proxy_http_version 1.1;
            proxy_set_header Host $host:{port};
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header X-Forwarded-Host images.example;
            proxy_set_header X-Forwarded-Prefix /tundish;
        }}
        location / {{
            proxy_pass http://127.0.0.1:{files};
            proxy_set_header X-Forwarded-For 203.0.113.9;
            proxy_set_header X-Forwarded-Host images.example;
        }}
    }}
}}
"""


@dataclass(frozen=True)
class Served:
    control: int
    files: int
    log: Path
    pid: int

    def lines(self, **awaited: object) -> list[dict[str, object]]:
        """
        The records of requests, once there is one like this: it is written after the answer was sent.
        """
        until = monotonic() + 20
        while True:
            whole = self.log.read_text().rpartition("\n")[0].splitlines()
            found = [json.loads(line) for line in whole if line.startswith("{")]
            lines = [line for line in found if "door" in line]
            if monotonic() > until or any(awaited.items() <= line.items() for line in lines):
                return lines


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[Served]:
    log = folder / "log"
    command = [sys.executable, "-m", "tundish", "--state", str(folder / "state"), "serve", "--json"]
    with log.open("w") as target:
        process = subprocess.Popen(
            [*command, "--control-port", "0", "--file-port", "0", "--log-format", "json", *words],
            env={"PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=target,
            text=True,
        )
    with process:
        try:
            places = json.loads(process.stdout.readline() if process.stdout else "")
            control, files = (int(places[door].rpartition(":")[2]) for door in ("control", "files"))
            yield Served(control, files, log, process.pid)
        finally:
            process.terminate()


@contextmanager
def proxied(served: Served, scratch: Path, template: str = CONFIGURATION) -> Iterator[int]:
    """
    The port of an nginx before both doors.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        (scratch / "nginx.conf").write_text(
            template.format(user=USER, scratch=scratch, port=port, control=served.control, files=served.files)
        )
        process = subprocess.Popen(
            [
                "nginx",
                "-p",
                f"{scratch}/",
                "-c",
                str(scratch / "nginx.conf"),
                "-e",
                str(scratch / "nginx.log"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": PATH, "NGINX": f"{listener.fileno()};"},
            pass_fds=(listener.fileno(),),
        )
    try:
        yield port
    finally:
        process.terminate()
        process.wait(10)


def fetched(
    port: int, target: str, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    # From an address that is not the proxy's.
    connection = HTTPConnection("127.0.0.1", port, timeout=20, source_address=("127.0.0.2", 0))
    connection.request("GET", target, headers=headers or {})
    answer = connection.getresponse()
    said = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return said


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, int]]:
    folder = tmp_path_factory.mktemp("behind")
    with (
        serving(folder, "--trusted-proxy", "127.0.0.1", "--metrics-open", "203.0.113.0/24") as served,
        proxied(served, folder) as port,
    ):
        yield served, port


def test_behind_nginx_the_client_is_the_one_that_counts(behind: tuple[Served, int]) -> None:
    """
    The log names the client that nginx saw, not what that client claims, and the request's name.
    """
    served, port = behind
    _, headers, _ = fetched(port, "/tundish/healthz", {"X-Forwarded-For": "1.1.1.1", "X-Request-Id": "mine"})
    (line,) = [line for line in served.lines(request_id="mine") if line["request_id"] == "mine"]

    assert ("mine", "127.0.0.2", "/healthz") == (headers["x-request-id"], line["address"], line["path"])


def test_behind_nginx_scripts_lead_to_the_public_host(behind: tuple[Served, int]) -> None:
    """
    Machines are told the host of the proxy, and the log their address.
    """
    served, port = behind
    script = fetched(port, "/ipxe.cfg")[2]
    addresses = {line["address"] for line in served.lines(path="/ipxe.cfg") if line["path"] == "/ipxe.cfg"}

    assert (True, {"203.0.113.9"}) == (b"chain http://images.example/ipxe.cfg-" in script, addresses)


def test_past_nginx_nobody_else_is_believed(behind: tuple[Served, int]) -> None:
    """
    Figures are open to a network; who only claims to be of it through the proxy is not let in.
    """
    _, port = behind

    assert 401 == fetched(port, "/tundish/metrics", {"X-Forwarded-For": "203.0.113.7"})[0]


def test_https_with_a_certificate_that_is_renewed(tmp_path: Path) -> None:
    """
    The control door speaks https, the file door http; SIGHUP takes a new certificate, and nothing ends.
    """
    pem, key = certificate(tmp_path, "server")
    seen = []

    def shown(port: int) -> bytes:
        context = ssl.create_default_context(cafile=str(pem))
        connection = HTTPSConnection("127.0.0.1", port, timeout=20, context=context)
        connection.request("GET", "/health")
        connection.getresponse().read()
        found = connection.sock.getpeercert(binary_form=True)
        connection.close()
        return found or b""

    with serving(tmp_path, "--tls-certificate", str(pem), "--tls-key", str(key)) as served:
        seen.append(shown(served.control))
        certificate(tmp_path, "server")
        os.kill(served.pid, signal.SIGHUP)
        while "loaded anew" not in served.log.read_text():
            fetched(served.files, "/healthz")
        seen.append(shown(served.control))
        status = fetched(served.files, "/healthz")[0]

    assert (2, 200) == (len(set(seen)), status)

"""
MAAS's door on bad days: cut bodies, many at once, a server that is restarted.
"""

import hashlib
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.compat.conftest import Region, begin_region
from tests.compat.test_uploads import Begun, begin
from tests.support.doors import serving
from tests.support.maas_cli import API, Cli, multipart, part, signature
from tests.support.processes import environment
from tests.support.roots import root_tgz

MANY = 24


def cut_short(url: str, key: str, target: str, piece: bytes, length: int) -> socket.socket:
    """
    The connection of a client that has sent the beginning of a piece of this length.
    """
    parts = urlsplit(url)
    head = (
        f"PUT {API}{target} HTTP/1.1\r\nHost: x\r\nAuthorization: {signature(key)}\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {length}\r\n\r\n"
    )
    connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10)
    connection.sendall(head.encode() + piece)
    return connection


def test_half_a_piece_is_none(region: Region) -> None:
    """
    What a client sent before it was cut off is not taken, so the whole piece can come again.
    """
    data = root_tgz(3_000, "cut")
    begun = begin(region.cli, "custom/cut", data)
    cut_short(region.url, region.admin, begun.target, data[:1000], len(data)).close()
    answer = begun.put(data)

    assert (200, True) == (answer.status, begun.seen()["complete"])


def test_many_upload_at_once(region: Region) -> None:
    """
    Each gets what it sent.
    """

    def upload(count: int) -> bool:
        data = root_tgz(500, f"many {count}")
        begun = begin(region.cli, f"custom/many{count}", data)
        return begun.put(data).status == 200 and begun.seen()["complete"] is True

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(upload, range(MANY)))

    assert [True] * MANY == done


def test_one_piece_twice_at_once_is_taken_once(region: Region) -> None:
    """
    The other is told to come again, or that it is there.
    """
    data = root_tgz(2_000_000, "twice at once")
    begun = begin(region.cli, "custom/twice-at-once", data)
    with ThreadPoolExecutor(4) as threads:
        statuses = {each.status for each in threads.map(begun.put, [data] * 4)}

    assert (True, True) == (statuses <= {200, 503}, begun.seen()["complete"])


def test_one_nonce_counts_once_at_once(region: Region) -> None:
    """
    However many send it at the same moment.
    """
    headers = {"Authorization": signature(region.admin, nonce="raced")}

    def ask(_: int) -> int:
        return region.cli.send("GET", "users/?op=whoami", headers=headers).status

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(ask, range(8)))

    assert [200] + [401] * 7 == sorted(statuses)


def test_a_restarted_server_loses_no_upload(tmp_path: Path) -> None:
    """
    Under the same address, the rest is taken where it ended.
    """
    admin, _ = begin_region(tmp_path / "state")
    data = root_tgz(2_000_000, "restarted")
    with serving(tmp_path / "state") as doors:
        begun = begin(Cli(doors.control, admin), "custom/restarted", data)
        begun.put(data[:1_000_000])
    with serving(tmp_path / "state") as doors:
        cli = Cli.login(doors.control, admin)
        kind = {"Content-Type": "application/octet-stream"}
        cli.send("PUT", begun.target, data[1_000_000:], kind)
        sets = cli.do("boot-resource", "read", str(begun.reply.json["id"])).json["sets"]
        files = sets[max(sets)]["files"]

    assert (hashlib.sha256(data).hexdigest(), True) == (
        files["root.tgz"]["sha256"],
        files["root.tgz"]["complete"],
    )


@contextmanager
def logged(state: Path, log: Path) -> Iterator[str]:
    """
    The control door of a server that writes its log to a file, and is killed with SIGKILL in the end.
    """
    words = ["--state", str(state), "serve", "--control-port", "0", "--file-port", "0", "--json"]
    with (
        log.open("ab") as said,
        subprocess.Popen(
            [sys.executable, "-m", "tundish", *words],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        ) as process,
    ):
        try:
            yield json.loads(process.stdout.readline() if process.stdout else "")["control"]
        finally:
            process.kill()


def test_a_server_killed_in_an_upload_keeps_its_log(tmp_path: Path) -> None:
    """
    All that was answered stands in it, line by line, before and after; the half of a piece that came with the
    kill is none, and the next server takes the upload on.
    """
    log, data, first = tmp_path / "log", root_tgz(2_000_000, "killed"), 1_000_000
    admin, _ = begin_region(tmp_path / "state")
    with logged(tmp_path / "state", log) as url:
        begun = begin(Cli.login(url, admin), "custom/killed", data)
        begun.put(data[:first])
        connection = cut_short(url, admin, begun.target, data[first : first + 1000], len(data) - first)
    connection.close()
    before = log.read_text()
    with logged(tmp_path / "state", log) as url:
        again = Begun(Cli.login(url, admin), begun.reply, data)
        again.put(data[first:])
        whole = again.seen()["complete"]
    after = log.read_text()
    answered = re.findall(r" (POST|PUT) \S+/api/2.0/boot-resources/\S* (\d+) .*\n", after)

    assert (True, True, [("POST", "201"), ("PUT", "200"), ("PUT", "200")]) == (
        whole,
        after.startswith(before) and before.endswith("\n"),
        answered,
    )


@pytest.fixture
def dribble(region: Region) -> Iterator[socket.socket]:
    """
    A client that has begun a form and sends no more of it.
    """
    parts = urlsplit(region.url)
    headers, body = multipart([part("name", b"custom/slow")])
    head = f"POST {API}boot-resources/ HTTP/1.1\r\nHost: x\r\nAuthorization: {signature(region.admin)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10)
    connection.sendall(head.encode() + b"\r\n" + body[:20])
    yield connection
    connection.close()


def test_a_slow_client_keeps_nobody_waiting(region: Region, dribble: socket.socket) -> None:
    """
    Others are answered meanwhile.
    """
    assert 200 == region.cli.send("GET", "users/?op=whoami").status


@pytest.mark.parametrize(
    "value", ["custom/a\r\nX-Evil: 1", "custom/../../etc", "custom/\0", "custom/<b>", "custom/" + "a" * 300]
)
def test_names_are_words(region: Region, value: str) -> None:
    """
    Neither headers nor paths nor pages can be reached by them.
    """
    answer = begin(region.cli, value, b"x" * 100).reply

    assert (400, None) == (answer.status, answer.headers.get("x-evil"))

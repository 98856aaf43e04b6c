"""
Each exit code by a real cause, with one sentence on standard error that says what to do next.
"""

import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.cli.terminal import Said, Terminal, Upstream, command, program
from tests.support.hostile_server import Exchange, HostileServer

SQUASHFS = 9_000  # bytes, as the simulator makes it
Cause: TypeAlias = Callable[[Terminal, Upstream], Said]


def wrong_words(terminal: Terminal, lab: Upstream) -> Said:
    return terminal("source", "add", "lab", lab.root)


def unknown_image(terminal: Terminal, lab: Upstream) -> Said:
    return terminal("publish")


def known_source(terminal: Terminal, lab: Upstream) -> Said:
    terminal("source", "add", "lab", lab.root, "--keyring", lab.keyring)
    return terminal("source", "add", "lab", lab.root, "--keyring", lab.keyring)


def no_stream_there(terminal: Terminal, lab: Upstream) -> Said:
    shutil.rmtree(lab.root / "streams")
    return terminal("source", "add", "lab", lab.root, "--keyring", lab.keyring)


def foreign_signature(terminal: Terminal, lab: Upstream) -> Said:
    return terminal("source", "add", "lab", lab.root, "--keyring", lab.foreign)


def damaged_blob(terminal: Terminal, lab: Upstream) -> Said:
    some_synced(terminal, lab)
    blob = next(path for path in sorted((terminal.state / "store").rglob("*")) if _is_big(path))
    blob.chmod(0o600)
    blob.write_bytes(b"damaged")
    return terminal("store", "verify")


def _is_big(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 1000


def no_gpgv(terminal: Terminal, lab: Upstream) -> Said:
    words = ("--state", terminal.state, "source", "add", "lab", lab.root, "--keyring", lab.keyring)
    return program(*words, PATH=lab.root)


def no_folder(terminal: Terminal, lab: Upstream) -> Said:
    return Terminal(lab.keyring / "below a file", terminal.capture)("source", "list")


def some_missing(terminal: Terminal, lab: Upstream) -> Said:
    (lab.root / "jammy/amd64/20260101/squashfs").unlink()
    return some_synced(terminal, lab)


def some_synced(terminal: Terminal, lab: Upstream) -> Said:
    terminal("source", "add", "lab", lab.root, "--keyring", lab.keyring)
    terminal("select", "add", "ubuntu/*")
    return terminal("sync")


CAUSES: dict[int, tuple[Cause, str]] = {  # what brings it about, and words that say what to do
    2: (wrong_words, "--keyring FILE"),
    4: (unknown_image, "tundish sync"),
    5: (known_source, "tundish source set lab"),
    7: (no_stream_there, "check"),
    8: (foreign_signature, "check the URL, or add the key"),
    9: (damaged_blob, "tundish store repair"),
    10: (no_gpgv, "apt-get install gpgv"),
    11: (no_folder, "--state or TUNDISH_STATE"),
    12: (some_missing, "the next run tries them again"),
}


def test_success_is_0(terminal: Terminal, lab: Upstream) -> None:
    """
    What went well ends with 0 and says so on standard output.
    """
    said = some_synced(terminal, lab)

    assert (0, True) == (said.code, "2 versions complete" in said.out)


@pytest.mark.parametrize("code", sorted(CAUSES))
def test_a_failure_has_its_code_and_says_what_to_do(terminal: Terminal, lab: Upstream, code: int) -> None:
    """
    What stands last on standard error tells the next step, and the exit code is that of its family.
    """
    cause, wanted = CAUSES[code]

    said = cause(terminal, lab)

    assert (code, True) == (said.code, wanted in said.err.partition("error: ")[2])


@pytest.mark.parametrize("code", sorted(set(CAUSES) - {9, 12}))  # those two say more before
def test_a_failure_is_one_line_and_no_answer(terminal: Terminal, lab: Upstream, code: int) -> None:
    """
    Nothing but that sentence is written: no traceback, and nothing on standard output.
    """
    said = CAUSES[code][0](terminal, lab)

    assert (1, "") == (said.err.count("\n"), said.out.removeprefix("added lab: "))


@pytest.mark.parametrize("words", [["store", "repair"], ["sync"]])
def test_what_is_damaged_is_mended(terminal: Terminal, lab: Upstream, words: list[str]) -> None:
    """
    The advice of a failed verification, followed, ends in a sound store; so does the next sync.
    """
    damaged_blob(terminal, lab)

    terminal(*words)

    assert 0 == terminal("store", "verify").code


def dripping(exchange: Exchange, data: bytes) -> None:
    """
    A body that comes byte by byte, one every 10 ms, until the client has heard enough.
    """
    exchange.close_connection = True
    exchange.head(200, {"Content-Length": str(len(data))})
    for place in range(len(data)):
        if exchange.closing.wait(0.01):
            return
        exchange.body(data[place : place + 1])


def test_a_sync_that_is_stopped_says_so(terminal: Terminal, lab: Upstream) -> None:
    """
    Ctrl-C during a transfer is answered at once, and ends with 130 and the promise that what came is kept.
    """
    asked = threading.Event()

    def begun(exchange: Exchange) -> None:
        asked.set()
        dripping(exchange, b"x" * SQUASHFS)

    files = {path.relative_to(lab.root).as_posix(): path.read_bytes() for path in _files(lab.root)}
    with HostileServer(files) as server:
        terminal("source", "add", "lab", server.url, "--keyring", lab.keyring)
        terminal("select", "add", "ubuntu/noble")
        server.behave("noble/amd64/20260101/squashfs", begun)
        words = command("--state", terminal.state, "sync")
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as sync:
            asked.wait(30)
            sync.send_signal(signal.SIGINT)
            _, told = sync.communicate(timeout=30)

    assert (130, True) == (sync.returncode, bool(re.search("Ctrl-C again(?s:.)*kept.* run it again", told)))


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]

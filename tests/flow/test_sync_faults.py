"""
Bad days: servers, links and disks that fail. Each ends in an error that says what to do, or in a whole image.

The server is real and on loopback; one image of four files, set to unsigned. Nothing waits longer than
`SILENCE`, and pauses between attempts are counted, not slept.
"""

import ctypes
import os
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from tests.support import hostile_server as server_that
from tests.support.hostile_server import Behaviour, Exchange, HostileServer, cut, good, other, reset, stall
from tests.support.region import DAY, Region, Watch, region
from tests.support.stream_simulator import CONTENT_ID, StreamSimulator, content
from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.digest import Digest
from tundish.core.errors import (
    BadDocument,
    BadStatus,
    CutShort,
    DigestMismatch,
    Gone,
    NoSpace,
    Partial,
    SizeMismatch,
    Stalled,
    Stopped,
    TooLong,
    TundishError,
    Unreachable,
)
from tundish.core.names import source_name
from tundish.core.selection import Source
from tundish.fetch.fetcher import MIB, Limits
from tundish.fetch.http import HttpFetcher
from tundish.store.blobs import BlobJanitor
from tundish.store.memory import MemoryStore
from tundish.sync import run
from tundish.sync.plan import PlannedFile

SILENCE = 0.5  # seconds; less is taken for silence on a busy machine
FIRST = "ubuntu/noble/amd64/ga-24.04@20260101"
SECOND = "ubuntu/noble/amd64/ga-24.04@20260102"
INDEX, PRODUCTS = "streams/v1/index.json", f"streams/v1/{CONTENT_ID}.json"
VICTIM = "noble/amd64/20260101/squashfs"
SIZE = 9_000  # of the victim, in bytes
OTHERS = 3  # files of the image that nobody touches
GIB = 1024 * MIB


@pytest.fixture
def stream() -> StreamSimulator:
    stream = StreamSimulator()
    stream.add()
    stream.publish(DAY)
    return stream


@pytest.fixture
def server(stream: StreamSimulator) -> Iterator[HostileServer]:
    with HostileServer(stream.files) as server:
        stream.url = server.url
        yield server


@cache
def blank() -> bytes:
    """
    A new catalog, made once.
    """
    with tempfile.TemporaryDirectory(prefix="tundish-") as folder:
        path = Path(folder) / "catalog.sqlite"
        Catalog.open(sqlite_url(path)).close()
        return path.read_bytes()


@contextmanager
def opened(folder: Path, stream: StreamSimulator, store: BlobJanitor | None = None) -> Iterator[Region]:
    """
    A new region that reads the stream over HTTP.
    """
    folder.mkdir(exist_ok=True)
    (folder / "catalog.sqlite").write_bytes(blank())
    with (
        HttpFetcher(Limits(connect=SILENCE, stall=SILENCE, document=MIB, chunk=1_000)) as fetcher,
        region(folder, fetcher, store) as lab,
    ):
        lab.add(stream)
        lab.select()
        yield lab


@pytest.fixture
def lab(tmp_path: Path, stream: StreamSimulator, server: HostileServer) -> Iterator[Region]:
    with opened(tmp_path / "region", stream) as lab:
        yield lab


def chunked(body: bytes) -> Behaviour:
    """
    These bytes in chunks, without a length.
    """

    def behaviour(exchange: Exchange) -> None:
        exchange.content = body
        server_that.chunked(exchange)

    return behaviour


def unfinished(lab: Region) -> dict[str, int]:
    return {blob.digest.hex: blob.size for blob in lab.store.unfinished()}


def served(server: HostileServer, path: str, most: int, size: int) -> int:
    """
    How many bytes of a file went out, when each answer ends after `most`.
    """
    starts = [
        int((request.range or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        for request in server.requests
        if request.path == path
    ]
    return sum(min(most, size - start) for start in starts)


# ---- a file that is not what was promised


WHOLE = content(VICTIM, SIZE)
LIES = {
    "longer": (other(WHOLE + b"x"), SizeMismatch, "9001 bytes came, promised were 9000"),
    "shorter": (other(WHOLE[:-1]), SizeMismatch, "8999 bytes came, promised were 9000"),
    "other": (other(b"x" * SIZE), DigestMismatch, "the bytes have sha256:"),
    "empty": (other(b""), SizeMismatch, "0 bytes came"),
    "longer_without_length": (chunked(WHOLE + b"x"), SizeMismatch, "9001 bytes came"),
    "shorter_without_length": (chunked(WHOLE[:-1]), SizeMismatch, "8999 bytes came"),
    "other_without_length": (chunked(b"x" * SIZE), DigestMismatch, "the bytes have sha256:"),
    "endless": (server_that.endless, SizeMismatch, "bytes came, promised were 9000"),
    "an_error_page_with_200": (server_that.error_page, SizeMismatch, "bytes came, promised were 9000"),
    "an_error_page_without_length": (chunked(b"<html>out of order</html>"), SizeMismatch, "25 bytes came"),
}


@pytest.mark.parametrize(("lie", "error", "words"), LIES.values(), ids=LIES)
def test_a_file_other_than_promised_is_refused_by_name_and_leaves_no_trace(
    lab: Region, server: HostileServer, lie: Behaviour, error: type[TundishError], words: str
) -> None:
    """
    The error names file, source and mend; nothing of it is kept, not even in part; it was asked for once.
    """
    server.behave(VICTIM, lie)

    with pytest.raises(error, match=f"source lab, {server.url}{VICTIM}: .*{words}.*tell the source's owner"):
        lab.sync()

    assert (OTHERS, {}, {FIRST: "incomplete"}, 1) == (
        len(lab.blobs()),
        unfinished(lab),
        lab.states(),
        server.count(VICTIM),
    )


@pytest.mark.parametrize(("lie", "error", "words"), LIES.values(), ids=LIES)
def test_a_file_other_than_promised_harms_no_image_held(
    lab: Region,
    stream: StreamSimulator,
    server: HostileServer,
    *,
    lie: Behaviour,
    error: type[TundishError],
    words: str,
) -> None:
    """
    When a file of the new version lies, the version before stays complete with all its files.
    """
    lab.sync()
    before = lab.blobs()
    stream.add(version="20260102")
    stream.publish(lab.tomorrow())
    server.files |= stream.files
    server.behave("noble/amd64/20260102/squashfs", lie)

    with pytest.raises(error):
        lab.sync()

    assert ({FIRST: "complete", SECOND: "incomplete"}, True) == (lab.states(), before <= lab.blobs())


@pytest.mark.parametrize(
    "page", [server_that.error_page, other(b"<html>"), server_that.status(503)], ids=["200", "short", "503"]
)
def test_an_error_page_in_mid_file_costs_nothing(lab: Region, server: HostileServer, page: Behaviour) -> None:
    """
    A part stays as it is when the rest is answered by an error page, and the next run goes on from it.
    """
    server.behave(VICTIM, cut(4_000), page)
    with pytest.raises(TundishError):
        lab.sync()
    server.behave(VICTIM, good)

    lab.sync()

    assert ("bytes=4000-", "complete") == (server.requests[-1].range, lab.states()[FIRST])


# ---- a server that answers badly


@pytest.mark.parametrize(
    ("behaviour", "error", "words", "asked"),
    [
        pytest.param(server_that.silent, Stalled, "time limit.*try again", 5, id="silent"),
        pytest.param(server_that.slow_headers, Stalled, "time limit.*try again", 5, id="slow_headers"),
        pytest.param(stall(0), Stalled, "time limit.*try again", 5, id="stalls"),
        pytest.param(reset(), Unreachable, "no connection.*check the address", 5, id="resets"),
        pytest.param(cut(0), CutShort, "broke off.*run it again", 5, id="cut_at_once"),
        pytest.param(server_that.status(404), Gone, "404.*check the address", 1, id="404"),
        pytest.param(server_that.status(410), Gone, "410.*check the address", 1, id="410"),
        pytest.param(server_that.status(403), BadStatus, "403.*does not allow", 1, id="403"),
        pytest.param(server_that.status(500), BadStatus, "500.*try again later", 5, id="500"),
        pytest.param(server_that.gzipped, BadStatus, "re-coded.*switch this off", 5, id="gzip"),
        pytest.param(server_that.garbage, TundishError, "is this the right|no connection", 5, id="not_http"),
    ],
)
def test_a_server_that_answers_badly_is_named_after_bounded_attempts(
    lab: Region,
    server: HostileServer,
    *,
    behaviour: Behaviour,
    error: type[TundishError],
    words: str,
    asked: int,
) -> None:
    """
    The error names the file's address and what to do; attempts and pauses have an end; nothing half is left.
    """
    server.behave(VICTIM, behaviour)

    with pytest.raises(error, match=f"{server.url}{VICTIM}: .*{words}"):
        lab.sync()

    assert ({FIRST: "incomplete"}, OTHERS, {}, asked, True) == (
        lab.states(),
        len(lab.blobs()),
        unfinished(lab),
        server.count(VICTIM),
        sum(lab.pauses) <= 0.5 + 1 + 2 + 4,
    )


@pytest.mark.parametrize(
    "troubles",
    [
        pytest.param([server_that.status(500)] * 3, id="500"),
        pytest.param([server_that.status(503), reset(), cut(10)], id="a_bit_of_all"),
        pytest.param([reset(1_000)], id="reset_in_mid_file"),
        pytest.param([stall(4_000)], id="stalled_in_mid_file"),
        pytest.param([cut(4_000), server_that.no_ranges], id="ignores_range"),
        pytest.param([cut(4_000), server_that.wrong_range], id="another_range"),
        pytest.param([cut(4_000), server_that.unnamed_range], id="a_range_without_name"),
        pytest.param([cut(4_000), server_that.half_a_part], id="less_than_the_rest"),
        pytest.param([server_that.chunked_cut], id="cut_chunks"),
        pytest.param([server_that.chunked], id="chunks"),
        pytest.param([server_that.redirect(f"/{INDEX}x/../../../{VICTIM}")], id="redirected"),
    ],
)
def test_passing_trouble_is_overcome(lab: Region, server: HostileServer, troubles: list[Behaviour]) -> None:
    """
    What may help is tried again, and the image is complete in one run.
    """
    server.behave(VICTIM, *troubles, good)

    lab.sync()

    assert ({FIRST: "complete"}, {}) == (lab.states(), unfinished(lab))


@pytest.mark.parametrize(
    ("asked", "waited"), [("7", 7.0), ("86400", 30.0), ("0", 0.375), ("soon", 0.375), ("-1", 0.375)]
)
def test_a_server_that_asks_for_a_pause_gets_it(
    lab: Region, server: HostileServer, asked: str, waited: float
) -> None:
    """
    429 with Retry-After is waited for, up to our bound; without a usable number our own pause counts.
    """
    server.behave(VICTIM, server_that.status(429, retry_after=asked), good)

    lab.sync()

    assert (waited, {FIRST: "complete"}) == (sum(lab.pauses), lab.states())


def test_a_pause_ends_when_a_person_says_stop(lab: Region, server: HostileServer) -> None:
    """
    Nobody has to wait for the end of a long pause.
    """

    def asleep(seconds: float) -> None:
        lab.pauses.append(seconds)
        lab.stop.set()

    server.behave(VICTIM, server_that.status(429, retry_after="30"))
    desk = lab.desk()
    desk = replace(desk, gear=replace(desk.gear, sleep=asleep))

    with pytest.raises(Stopped, match="run it again to go on"):
        run.sync(desk, watch=lab.watch, stop=lab.stop, planned=lambda _: None)

    assert sum(lab.pauses) < 1


def test_a_link_that_is_always_cut_brings_every_byte_once(tmp_path: Path) -> None:
    """
    Cut after every 70,000 bytes, a file of a million comes whole, and no byte of it goes out twice.
    """
    stream, size, most = StreamSimulator(), 1_000_000, 70_000
    stream.add(items={"squashfs": content("big", size)})
    stream.publish(DAY)
    with HostileServer(stream.files) as server:
        stream.url = server.url
        server.behave(VICTIM, cut(most))
        with opened(tmp_path, stream) as lab:
            lab.sync()

            assert ({FIRST: "complete"}, size, 15) == (
                lab.states(),
                served(server, VICTIM, most, size),
                server.count(VICTIM),
            )


def test_a_server_without_ranges_is_not_asked_for_ever(lab: Region, server: HostileServer) -> None:
    """
    Always from the start and always cut: given up after as many attempts as any other trouble.
    """

    def hopeless(exchange: Exchange) -> None:
        exchange.head(200, {"Content-Length": str(SIZE)})
        exchange.body(WHOLE[:5_000])
        exchange.close_connection = True

    server.behave(VICTIM, hopeless)

    with pytest.raises(CutShort, match=VICTIM):
        lab.sync()

    assert 5 == server.count(VICTIM)


def test_what_came_of_a_file_that_failed_is_kept(lab: Region, server: HostileServer) -> None:
    """
    When the last attempt stalls, the bytes that came are there for the next run.
    """
    server.behave(VICTIM, stall(4_000), server_that.silent)

    with pytest.raises(Stalled):
        lab.sync()

    assert {Digest.of(WHOLE).hex: 4_000} == unfinished(lab)


def test_a_file_that_failed_spoils_no_other_image(
    lab: Region, stream: StreamSimulator, server: HostileServer
) -> None:
    """
    The run says partial and names file, source and error; the other image is complete.
    """
    stream.add(series="jammy", kernel="ga-22.04")
    stream.publish(DAY + timedelta(days=1))
    server.files |= stream.files
    server.behave(VICTIM, server_that.status(500))

    with pytest.raises(Partial, match=rf"the next run tries them again:\s+source lab, {VICTIM}: .*HTTP 500"):
        lab.sync()

    assert {FIRST: "incomplete", "ubuntu/jammy/amd64/ga-22.04@20260101": "complete"} == lab.states()


# ---- documents over a bad link


@pytest.mark.parametrize("path", [INDEX, PRODUCTS])
@pytest.mark.parametrize(
    "trouble",
    [server_that.status(500), reset(), reset(50), cut(50), stall(50), server_that.status(429)],
    ids=["500", "reset", "reset_in_mid", "cut", "stall", "429"],
)
def test_a_document_is_asked_for_again(
    lab: Region, server: HostileServer, path: str, trouble: Behaviour
) -> None:
    """
    One hiccup on the way to a document does not end a sync.
    """
    server.behave(path, trouble, good)

    lab.sync()

    assert ({FIRST: "complete"}, 2) == (lab.states(), server.count(path))


@pytest.mark.parametrize(
    ("behaviour", "error", "words", "asked"),
    [
        pytest.param(server_that.silent, Stalled, "time limit.*try again", 3, id="silent"),
        pytest.param(reset(), Unreachable, "no connection.*check the address", 3, id="resets"),
        pytest.param(server_that.status(500), BadStatus, "500.*try again later", 3, id="500"),
        pytest.param(server_that.status(404), Gone, "404.*check the address", 1, id="404"),
        pytest.param(server_that.error_page, BadDocument, "not JSON.*tell the source", 1, id="error_page"),
        pytest.param(server_that.gzipped, BadStatus, "re-coded.*switch this off", 3, id="gzip"),
        pytest.param(server_that.endless, TooLong, "bytes allowed.*is it the right file", 1, id="endless"),
        pytest.param(server_that.redirect(f"/{INDEX}"), BadStatus, "redirects; use the", 6, id="circle"),
        pytest.param(
            server_that.redirect("file:///etc/passwd"), BadStatus, "not followed", 1, id="to_a_file"
        ),
    ],
)
def test_an_index_that_cannot_be_had_is_named(
    lab: Region,
    server: HostileServer,
    *,
    behaviour: Behaviour,
    error: type[TundishError],
    words: str,
    asked: int,
) -> None:
    """
    The error names its address and what to do, after bounded attempts; nothing is held and nothing booked.
    """
    server.behave(INDEX, behaviour)

    with pytest.raises(error, match=f"{server.url}{INDEX}: .*{words}"):
        lab.sync()

    assert (set(), {}, {}, asked) == (
        lab.blobs(),
        lab.states(),
        dict(lab.catalog.sources.seen("lab")),
        server.count(INDEX),
    )


def test_an_index_that_says_to_have_a_gibibyte_is_not_read(lab: Region, server: HostileServer) -> None:
    """
    With a length that is over the bound, hardly anything is sent, let alone kept.
    """
    sent: list[int] = []

    def giant(exchange: Exchange) -> None:
        exchange.head(200, {"Content-Length": str(GIB)})
        exchange.close_connection = True
        for _ in range(GIB // MIB):
            exchange.body(b" " * MIB)
            sent.append(MIB)

    server.behave(INDEX, giant)
    tracemalloc.start()
    try:
        with pytest.raises(TooLong, match=f"{server.url}{INDEX}: longer than"):
            lab.sync()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (True, True) == (sum(sent) <= 32 * MIB, peak < 8 * MIB)


def test_an_index_without_end_is_read_to_the_bound(lab: Region, server: HostileServer) -> None:
    """
    Without a length it is read until it is over the bound, and dropped: memory stays at about that bound.
    """
    sent: list[int] = []

    def endless(exchange: Exchange) -> None:
        exchange.head(200, {"Connection": "close"})
        while not exchange.closing.is_set():
            exchange.body(b" " * 65_536)
            sent.append(65_536)

    server.behave(INDEX, endless)
    tracemalloc.start()
    try:
        with pytest.raises(TooLong, match=f"{server.url}{INDEX}: longer than the {MIB} bytes"):
            lab.sync()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (True, True) == (sum(sent) <= 32 * MIB, peak < 8 * MIB)


def test_a_products_file_that_cannot_be_had_leaves_its_images_alone(
    lab: Region, server: HostileServer
) -> None:
    """
    What was held of it stays complete, and the run says partial and names it.
    """
    lab.sync()
    server.behave(PRODUCTS, server_that.status(500))

    with pytest.raises(Partial, match=rf"source lab, {CONTENT_ID}: {server.url}{PRODUCTS}: HTTP 500"):
        lab.sync()

    assert {FIRST: "complete"} == lab.states()


def test_a_source_that_is_down_does_not_keep_the_others_from_syncing(lab: Region) -> None:
    """
    One source is named as unreachable, the other one is synced.
    """
    lab.catalog.sources.add(Source(source_name("down"), "http://127.0.0.1:1/", b"", 9), lab.now)

    with pytest.raises(Partial, match=r"source down: http://127\.0\.0\.1:1/streams/v1/index\.json: no conn"):
        lab.sync()

    assert {FIRST: "complete"} == lab.states()


# ---- no space left


def test_a_plan_that_does_not_fit_is_refused_before_the_first_file(
    tmp_path: Path, stream: StreamSimulator, server: HostileServer
) -> None:
    """
    The error says how much is needed and what to do; only documents were asked for, no image is booked.
    """
    with opened(tmp_path, stream, MemoryStore(limit=10_000)) as lab:
        with pytest.raises(NoSpace, match=r"no space left .*\(\d+ bytes needed, 10000 free\).*free some"):
            lab.sync()

        assert ([INDEX, PRODUCTS], {}) == ([request.path for request in server.requests], lab.states())


class Filling(MemoryStore):
    """
    A store that cannot know how much still fits.
    """

    def free(self) -> int | None:
        return None


def test_a_disk_that_fills_up_stops_the_run(
    tmp_path: Path, stream: StreamSimulator, server: HostileServer
) -> None:
    """
    The run ends with one error, what came is kept, and nothing is complete that is not whole.
    """
    store = Filling(limit=8_000)
    with opened(tmp_path, stream, store) as lab:
        with pytest.raises(NoSpace, match=r"no space left in the store in memory.*run it again"):
            lab.sync()

        came = sum(blob.size for group in (store.walk(), store.unfinished()) for blob in group)
        assert (8_000, {FIRST: "incomplete"}) == (came, lab.states())


def test_a_run_on_a_full_disk_does_not_touch_the_callers_brake(
    tmp_path: Path, stream: StreamSimulator, server: HostileServer
) -> None:
    """
    `stop` belongs to whoever handed it in; the next run with the same one is not stopped.
    """
    with opened(tmp_path, stream, Filling(limit=8_000)) as lab:
        with pytest.raises(NoSpace):
            lab.sync()

        assert not lab.stop.is_set()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """
    A file system of 72 MiB, just over what a run wants to leave free.
    """
    folder = tmp_path / "disk"
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tundish", os.fsencode(folder), b"tmpfs", 0, b"size=72m"):
        pytest.skip(f"no tmpfs can be mounted here: {os.strerror(ctypes.get_errno())}")
    try:
        yield folder
    finally:
        libc.umount2(os.fsencode(folder), 2)  # lazily


class Ballast(Watch):
    """
    A watcher that fills the disk when the first bytes come in.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.file = folder / "ballast"

    def moved(self, file: PlannedFile, count: int) -> None:
        super().moved(file, count)
        with self.lock:
            if self.file.exists():
                return
            fill(self.file)


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(65_536))
        except OSError:
            return


def test_a_full_disk_is_a_clean_stop_and_the_next_run_goes_on(
    small_disk: Path, stream: StreamSimulator, server: HostileServer
) -> None:
    """
    Store and catalog on one disk that fills up in mid-run: nothing breaks, and with room again it ends well.
    """
    with opened(small_disk / "region", stream) as lab:
        lab.watch = Ballast(small_disk)
        with pytest.raises(NoSpace, match="no space left in"):
            lab.sync()
        lab.watch.file.unlink()
        lab.watch = Watch()

        lab.sync()

        assert ({FIRST: "complete"}, 4, {}) == (lab.states(), len(lab.blobs()), unfinished(lab))


def test_a_full_disk_is_told_in_one_sentence(small_disk: Path, stream: StreamSimulator) -> None:
    """
    The command on a disk that is full from the start: exit code 11, a sentence, no traceback.
    """
    state = small_disk / "region"
    with opened(state, stream):
        pass
    fill(small_disk / "ballast")

    done = subprocess.run(
        [sys.executable, "-m", "tundish", "--state", state, "sync"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (11, True, False) == (
        done.returncode,
        "no space left in" in done.stderr,
        "Trace" in done.stderr,
    )

"""
The simulator keeps the promises of a Fetcher, and its stream is a real one.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.stream_simulator import StreamSimulator, content
from tests.unit.stream.values import payload
from tundish.core.errors import BadStatus, CutShort, Gone, Stalled, TooLong, Unreachable
from tundish.fetch.fetcher import Fetcher
from tundish.stream import index, products

DAY = datetime(2026, 1, 2, tzinfo=UTC)
KERNEL = "noble/amd64/20260101/ga-24.04/generic/boot-kernel"


def published() -> StreamSimulator:
    simulator = StreamSimulator()
    simulator.add()
    simulator.publish(DAY)
    return simulator


def fetched(fetcher: Fetcher, url: str, offset: int = 0, validator: str | None = None) -> bytes:
    with fetcher.open(url, offset=offset, validator=validator) as answer:
        return b"".join(answer.chunks())


def test_the_index_leads_to_the_products_and_these_to_the_items() -> None:
    """
    Read with our own readers, the tree is whole and gives no cause for remarks.
    """
    simulator = published()
    listed, first = index.parse(
        payload(simulator.document(simulator.url + simulator.index_path, limit=10_000))
    )
    found, second = products.parse(payload(simulator.files[listed.entries[0].path]))
    items = {item.path: item.size for item in found.products[0].versions[0].items}

    assert ((), (), {path: len(simulator.files[path]) for path in items}) == (first, second, items)


def test_requests_are_recorded() -> None:
    """
    A test can say what was not asked for.
    """
    simulator = published()
    fetched(simulator, simulator.url + KERNEL)

    assert [KERNEL] == simulator.requests


def test_a_transfer_is_resumed_at_its_offset() -> None:
    """
    The rest comes, and the resumption is recorded.
    """
    simulator = published()

    assert (content(KERNEL, 2_000)[1_500:], [KERNEL]) == (
        fetched(simulator, simulator.url + KERNEL, 1_500),
        simulator.resumed,
    )


def test_another_file_is_sent_from_its_start() -> None:
    """
    A validator that does not fit makes the transfer begin at 0, as does a server without ranges.
    """
    simulator = published()
    stale = fetched(simulator, simulator.url + KERNEL, 1_500, "stale")
    simulator.ranges = False

    assert (2_000, 2_000) == (len(stale), len(fetched(simulator, simulator.url + KERNEL, 1_500)))


def test_a_planned_cut_happens_once() -> None:
    """
    The first transfer breaks off, the second does not.
    """
    simulator = published()
    simulator.cuts[KERNEL] = [700]
    with pytest.raises(CutShort, match="1300 bytes early"):
        fetched(simulator, simulator.url + KERNEL)

    assert 2_000 == len(fetched(simulator, simulator.url + KERNEL))


def test_a_planned_failure_happens_once() -> None:
    """
    The first request fails as planned, the second does not.
    """
    simulator = published()
    simulator.failures[KERNEL] = [Stalled("planned")]
    with pytest.raises(Stalled, match="planned"):
        fetched(simulator, simulator.url + KERNEL)

    assert 2_000 == len(fetched(simulator, simulator.url + KERNEL))


def test_what_is_not_there_is_gone() -> None:
    """
    404 for an unknown path, no connection to another host, 416 beyond the end.
    """
    simulator = published()
    errors: list[type[Exception]] = []
    for url, offset in ((simulator.url + "x", 0), ("http://other.test/", 0), (simulator.url + KERNEL, 2_000)):
        with pytest.raises((BadStatus, Unreachable)) as caught:
            fetched(simulator, url, offset)
        errors.append(caught.type)

    assert [Gone, Unreachable, BadStatus] == errors


def test_a_document_over_its_limit_is_refused() -> None:
    """
    As a real fetcher does.
    """
    simulator = published()

    with pytest.raises(TooLong):
        simulator.document(simulator.url + simulator.index_path, limit=10)


def test_it_can_be_written_to_a_folder(tmp_path: Path) -> None:
    """
    For clients that want files.
    """
    simulator = published()
    simulator.write_to(tmp_path)

    assert simulator.files == {
        path.relative_to(tmp_path).as_posix(): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }

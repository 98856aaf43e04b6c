"""
A cap on bytes per second, with a clock that only moves when it is slept on.
"""

from dataclasses import dataclass

import pytest

from tests.support.stream_simulator import StreamSimulator
from tundish.fetch.throttle import SAVED, Throttle, ThrottledFetcher


@dataclass
class Clock:
    at: float = 100.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stream() -> StreamSimulator:
    made = StreamSimulator()
    made.files["big"] = bytes(10_000)
    return made


def throttled(stream: StreamSimulator, clock: Clock, rate: int) -> ThrottledFetcher:
    return ThrottledFetcher(stream, Throttle(rate, now=clock.now, sleep=clock.sleep))


def test_a_transfer_keeps_to_the_cap(stream: StreamSimulator, clock: Clock) -> None:
    """
    10,000 bytes at 1,000 per second take ten seconds.
    """
    with throttled(stream, clock, 1000).open(stream.url + "big") as answer:
        assert 10_000 == sum(map(len, answer.chunks()))

    assert 110.0 == pytest.approx(clock.at)


def test_transfers_share_the_cap(stream: StreamSimulator, clock: Clock) -> None:
    """
    Two files through the same cap take as long as both together.
    """
    fetcher = throttled(stream, clock, 1000)
    for _ in range(2):
        with fetcher.open(stream.url + "big") as answer:
            assert 10_000 == sum(map(len, answer.chunks()))

    assert 120.0 == pytest.approx(clock.at)


def test_documents_count_too(stream: StreamSimulator, clock: Clock) -> None:
    """
    What comes as a document is paid for like anything else.
    """
    fetcher = throttled(stream, clock, 1000)
    fetcher.document(stream.url + "big", limit=10_000)
    fetcher.fresh(stream.url + "big", limit=10_000)

    assert 120.0 == pytest.approx(clock.at)


def test_what_did_not_come_costs_nothing(stream: StreamSimulator, clock: Clock) -> None:
    """
    An unchanged document is free.
    """
    found = stream.fresh(stream.url + "big", limit=10_000)
    assert found is not None

    throttled(stream, clock, 1).fresh(stream.url + "big", limit=10_000, validator=found.validator)

    assert 100.0 == clock.at


def test_a_long_pause_saves_little(clock: Clock) -> None:
    """
    After an hour without a byte, no more than one second's worth comes at once.
    """
    throttle = Throttle(1000, now=clock.now, sleep=clock.sleep)
    clock.at += 3600
    begun = clock.at

    throttle.pay(10_000)

    assert 10 - SAVED == pytest.approx(clock.at - begun)


def test_a_resumed_transfer_is_told_as_it_is(stream: StreamSimulator, clock: Clock) -> None:
    """
    Offset, length and validator of the transfer underneath come through.
    """
    with throttled(stream, clock, 10**9).open(stream.url + "big", offset=4_000) as answer:
        told = (answer.offset, answer.length, answer.validator)

    with stream.open(stream.url + "big", offset=4_000) as plain:
        assert told == (plain.offset, plain.length, plain.validator)

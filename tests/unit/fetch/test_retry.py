"""
What is tried again, how often, and after which pauses.
"""

from collections.abc import Callable

import pytest

from tests.support.hostile_server import HostileServer, cut
from tundish.core.errors import (
    BadSignature,
    BadStatus,
    CutShort,
    DigestMismatch,
    Gone,
    NoSpace,
    Stalled,
    TooLong,
    TundishError,
    Unreachable,
)
from tundish.fetch.http import HttpFetcher
from tundish.fetch.retry import Patience, persist

PATIENCE = Patience(attempts=4, first=1.0, cap=5.0, step=100)


class Attempts:
    """
    An action that fails in the given ways, then succeeds; and everything that was done about it.
    """

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.pauses: list[float] = []
        self.told: list[tuple[TundishError, float]] = []
        self.count = 0

    def __call__(self) -> str:
        self.count += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"

    def run(self, moved: Callable[[], int] = lambda: 0, jitter: float = 1.0) -> str:
        return persist(
            self,
            PATIENCE,
            sleep=self.pauses.append,
            jitter=lambda: jitter,
            on_retry=lambda error, pause: self.told.append((error, pause)),
            moved=moved,
        )


def test_what_works_is_done_once() -> None:
    """
    Success is returned at once, without a pause.
    """
    attempts = Attempts()

    assert ("done", 1, []) == (attempts.run(), attempts.count, attempts.pauses)


@pytest.mark.parametrize(
    "error", [Unreachable(), Stalled(), CutShort(), BadStatus(status=503), BadStatus(status=429)]
)
def test_what_may_help_is_tried_again(error: TundishError) -> None:
    """
    Troubles of the network are tried again.
    """
    attempts = Attempts(error)

    assert ("done", 2) == (attempts.run(), attempts.count)


@pytest.mark.parametrize(
    "error",
    [
        Gone(status=404),
        BadStatus(status=403),
        BadStatus(status=302),
        TooLong(),
        BadSignature(),
        DigestMismatch(),
        NoSpace(),
        KeyboardInterrupt(),
        KeyError(),
    ],
)
def test_what_cannot_help_is_raised_at_once(error: BaseException) -> None:
    """
    Final answers, trust, damage, this machine and bugs are not tried again.
    """
    attempts = Attempts(error)

    with pytest.raises(type(error)):
        attempts.run()

    assert (1, []) == (attempts.count, attempts.pauses)


def test_attempts_have_an_end() -> None:
    """
    After as many attempts as allowed, the last error itself is raised.
    """
    errors = [Stalled(str(number)) for number in range(9)]
    attempts = Attempts(*errors)

    with pytest.raises(Stalled) as caught:
        attempts.run()

    assert (errors[3], 4) == (caught.value, attempts.count)


def test_pauses_grow() -> None:
    """
    Each pause is twice as long as the one before.
    """
    attempts = Attempts(*[Stalled()] * 3)
    attempts.run()

    assert [1.0, 2.0, 4.0] == attempts.pauses


def test_chance_shortens_a_pause_to_no_less_than_half() -> None:
    """
    Jitter spreads a pause between its half and its whole.
    """
    attempts = Attempts(*[Stalled()] * 3)
    attempts.run(jitter=0.0)

    assert [0.5, 1.0, 2.0] == attempts.pauses


@pytest.mark.parametrize(("asked", "expected"), [(3.0, 3.0), (0.0, 1.0), (9e9, 5.0), (None, 1.0)])
def test_the_other_sides_wish_counts_up_to_the_cap(asked: float | None, expected: float) -> None:
    """
    Retry-After lengthens a pause, never shortens it, and never beyond the cap.
    """
    attempts = Attempts(BadStatus(status=503, retry_after=asked))
    attempts.run()

    assert [expected] == attempts.pauses


def test_each_retry_is_told() -> None:
    """
    Who wants to tell a person learns the error and the pause.
    """
    error = Stalled()
    attempts = Attempts(error)
    attempts.run()

    assert [(error, 1.0)] == attempts.told


def test_a_link_that_is_cut_again_and_again_still_brings_a_file() -> None:
    """
    While bytes come, attempts are counted anew and pauses stay short.
    """
    attempts = Attempts(*[CutShort()] * 50)
    attempts.run(moved=lambda: attempts.count * 100)

    assert [1.0] * 50 == attempts.pauses


def test_a_transfer_that_always_begins_at_0_has_an_end() -> None:
    """
    Only growth counts: the same first bytes again and again are no progress.
    """
    attempts = Attempts(*[CutShort()] * 50)

    with pytest.raises(CutShort):
        attempts.run(moved=lambda: min(attempts.count, 1) * 1000)

    assert 4 == attempts.count


def test_a_trickle_is_no_progress() -> None:
    """
    A server that gives a byte per attempt does not keep us for ever.
    """
    attempts = Attempts(*[CutShort()] * 50)

    with pytest.raises(CutShort):
        attempts.run(moved=lambda: attempts.count)

    assert 4 == attempts.count


def test_small_steps_add_up_to_progress() -> None:
    """
    Progress is counted since it was last made, not per attempt.
    """
    attempts = Attempts(*[CutShort()] * 50)

    assert "done" == attempts.run(moved=lambda: attempts.count * 50)


def test_a_file_comes_whole_over_a_link_that_is_always_cut() -> None:
    """
    Cut every 1000 bytes, a file of 20,000 comes once and whole, each attempt going on where the last ended.
    """
    content, held = bytes(range(200)) * 100, bytearray()

    def attempt() -> None:
        with fetcher.open(server.url + "f", offset=len(held)) as answer:
            del held[answer.offset :]
            for chunk in answer.chunks():
                held.extend(chunk)

    with HostileServer({"f": content}) as server, HttpFetcher() as fetcher:
        server.behave("f", cut(1000))
        persist(
            attempt,
            PATIENCE,
            sleep=lambda _: None,
            jitter=lambda: 0.0,
            on_retry=lambda _error, _pause: None,
            moved=lambda: len(held),
        )

    assert (content, 20) == (bytes(held), len(server.requests))

"""
How often somebody may ask.
"""

from tundish.core.pace import BURST, Pace


def granted(pace: Pace, asker: str, now: float, count: int) -> int:
    return sum(not pace.wait(asker, now) for _ in range(count))


def test_a_burst_is_granted_and_no_more() -> None:
    """
    So much as comes in ten seconds may come at once.
    """
    assert 5 * BURST == granted(Pace(5), "a", 100.0, 500)


def test_what_was_used_comes_back_with_time() -> None:
    """
    At the rate, whatever was refused meanwhile.
    """
    pace = Pace(5)
    granted(pace, "a", 100.0, 500)

    assert 15 == granted(pace, "a", 103.0, 500)


def test_who_waits_as_told_is_heard() -> None:
    """
    The wait is neither too short nor for ever.
    """
    pace = Pace(5)
    granted(pace, "a", 100.0, 500)
    wait = pace.wait("a", 100.0)

    assert (True, 0.0) == (0 < wait <= 1, pace.wait("a", 100.0 + wait + 1e-6))


def test_askers_do_not_use_up_what_is_anothers() -> None:
    """
    Each has a bucket.
    """
    pace = Pace(5)
    granted(pace, "a", 100.0, 500)

    assert 0.0 == pace.wait("b", 100.0)


def test_the_memory_is_bounded() -> None:
    """
    Those who asked longest ago are forgotten, as if they had never asked.
    """
    pace = Pace(5, most=10)
    for number in range(1_000):
        pace.wait(f"{number}", 100.0)

    assert 10 == len(pace._full_at)


def test_without_a_rate_nobody_is_counted() -> None:
    """
    For who has something else that does it.
    """
    assert 1_000 == granted(Pace(0), "a", 100.0, 1_000)

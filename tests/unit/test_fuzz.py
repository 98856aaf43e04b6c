"""
The harness itself: what it calls a failure, the file it lends to readers, and what it reads of the engine.
"""

import json
from random import Random

import pytest
from fuzz import report
from fuzz.counted import Counted
from fuzz.finding import chosen, known, named
from fuzz.judge import execute
from fuzz.mutation import of_bytes, of_json, of_tar
from fuzz.runner import Ran, read
from fuzz.target import Failed, Target

from tundish.bundle.ustar import header
from tundish.core.errors import BadDocument, InputError

DONE = """\
#2\tINITED cov: 40 ft: 40 corp: 1/3b exec/s: 0 rss: 80Mb
#5000\tDONE   cov: 159 ft: 414 corp: 81/16Kb lim: 16384 exec/s: 2500 rss: 83Mb
stat::number_of_executed_units: 5000
stat::average_exec_per_sec:     2500
stat::peak_rss_mb:              84
"""
CRASHED = """\
#512\tpulse  cov: 9 ft: 9 corp: 1/3b exec/s: 256 rss: 80Mb
 === Uncaught Python exception: ===
ValueError: embedded null byte
Traceback (most recent call last):
==7== ERROR: libFuzzer: fuzz target exited
artifact_prefix='x/'; Test unit written to x/crash-1
"""


def taking(error: Exception | None) -> Target:
    def takes(_data: bytes) -> None:
        if error is not None:
            raise error

    return Target("example", takes, lambda: (b"",), (BadDocument,))


def test_an_error_that_is_allowed_is_an_answer() -> None:
    """
    A target may refuse what it is given.
    """
    ticks = iter((1.0, 1.25))

    assert 0.25 == execute(taking(BadDocument("no")), b"", lambda: next(ticks))


@pytest.mark.parametrize("error", [ValueError("odd"), InputError("of ours, but not of this target")])
def test_any_other_exception_is_a_failure(error: Exception) -> None:
    """
    It comes out as it is, whosoever it is.
    """
    with pytest.raises(type(error)) as failure:
        execute(taking(error), b"")

    assert error is failure.value


def test_too_long_is_a_failure() -> None:
    """
    A second of the processor is allowed, unless the target says otherwise.
    """
    ticks = iter((0.0, 1.5))

    with pytest.raises(Failed, match=r"1\.50 s of the processor; allowed are 1\.0 s"):
        execute(taking(None), b"", lambda: next(ticks))


def test_reads_are_counted() -> None:
    """
    However they are made: how many, and what they brought.
    """
    file = Counted(b"0123456789")
    file.read(4)
    file.seek(8)
    file.readinto(bytearray(4))

    assert (2, 6) == (file.reads, file.bytes_read)


@pytest.mark.parametrize(
    ("asked", "said"), [(-1, "without a bound"), (None, "without a bound"), (101, "101 bytes at once")]
)
def test_a_greedy_read_is_a_failure(asked: int | None, said: str) -> None:
    """
    It would have cost memory on a file that is as long as it says.
    """
    with pytest.raises(Failed, match=said):
        Counted(b"0123456789", at_once=100).read(asked)


def test_reading_for_ever_is_a_failure() -> None:
    """
    Reads are bounded in number and in all they bring.
    """
    often, much = Counted(b"x" * 10, most_reads=3), Counted(b"x" * 10, most_bytes=15)

    with pytest.raises(Failed, match="over 3 reads"):
        [often.read(0) for _ in range(4)]
    with pytest.raises(Failed, match="over 15 bytes"):
        [(much.seek(0), much.read(10)) for _ in range(2)]


def test_the_same_chance_gives_the_same_input() -> None:
    """
    What failed once can be made again.
    """
    data = json.dumps({"a": [1, 2, {"b": "c"}], "d": "e"}).encode()
    made = [
        [change(data, Random(seed)) for seed in range(20)] for change in (of_bytes, of_json) for _ in range(2)
    ]

    assert (made[0], made[2]) == (made[1], made[3])


def test_a_document_keeps_its_form() -> None:
    """
    A change that knows JSON makes JSON, and hardly ever the same.
    """
    data = json.dumps({"a": [1, 2, {"b": "c"}], "d": "e"}).encode()
    made = {of_json(data, Random(seed)) for seed in range(50)}

    assert len(made) > 25
    assert all(isinstance(json.loads(each), dict) for each in made)


def test_a_header_keeps_its_checksum() -> None:
    """
    Or no reader would get beyond it.
    """
    chance = Random(1)
    made = [of_tar(header("a", 5), chance)[:512] for _ in range(50)]
    framed = [each for each in made if each[257:262] == b"ustar"]

    assert all(
        int(each[148:154], 8) == sum(each[:148] + b" " * 8 + each[156:])
        for each in framed
        if each[148:154].strip()
    )


def test_a_run_without_a_failure_is_read() -> None:
    """
    From the engine's own statistics.
    """
    assert Ran("x", 5000, 2500, 159, 84, 1.5) == read("x", 0, DONE, "0.0015 4000 1.600\n")


def test_a_run_with_a_failure_says_how_to_repeat_it() -> None:
    """
    With what went wrong, and the input that was kept.
    """
    ran = read("x", 77, CRASHED, "0 0 0\n")

    assert ("ValueError: embedded null byte", "scripts/fuzz --repeat x/crash-1 x", 512) == (
        ran.failure,
        ran.repeat,
        ran.executions,
    )


def test_a_failure_stands_in_the_table() -> None:
    """
    In the last column; what to do about it below.
    """
    ran = [Ran("good", 5000, 2500, 159, 84, 1.5), read("bad", 77, CRASHED, "0 0 0\n")]

    assert ["verdict", "ok", "FAILED"] == [
        line.split("  ")[-1].strip() for line in report.table(ran).split("\n")
    ]
    assert ["bad: ValueError: embedded null byte\n  again: scripts/fuzz --repeat x/crash-1 bad"] == (
        report.failures(ran)
    )


def test_an_unknown_target_is_named() -> None:
    """
    With the way to those that there are.
    """
    with pytest.raises(LookupError, match=r"no target nonsense; see scripts/fuzz --list"):
        chosen(["nonsense", "stream-index"])


def test_each_target_is_found_alone() -> None:
    """
    By the text of its module, so that a run imports no parser but its own.
    """
    assert list(known().values()) == [named(name) for name in known()]

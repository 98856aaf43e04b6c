"""
What an operator is told without asking, and how syncs are followed and timed.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import click
import pytest

from tests.cli.terminal import Terminal, Upstream
from tundish.cli.command import Noun
from tundish.cli.moments import left_text, since, span_text
from tundish.cli.steering import status_json
from tundish.cli.sync import sync
from tundish.core.holding import Job
from tundish.core.image import Json
from tundish.core.progress import Progress, Running, Transfer
from tundish.core.selection import SPOKEN_FOR

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
FILE = Transfer("ab" * 32, "lab", "d/root", 100, 20, 2, "cut short", ended=False, at=NOON, speed=10)
RUNNING = Running(
    Job(7, "sync", "lab", NOON, None, "running", "{}"),
    Progress(files=2, size=300, held=1, came=200, retries=2, speed=50, error="cut short"),
    (FILE,),
)


def test_no_source_may_be_named_like_a_verb(terminal: Terminal, lab: Upstream) -> None:
    """
    The words behind `tundish sync` are no names of sources, and are all refused as such.
    """
    codes = [terminal("source", "add", name, lab.root, "--keyring", lab.keyring).code for name in SPOKEN_FOR]

    assert ([2] * len(SPOKEN_FOR), list(SPOKEN_FOR)) == (codes, sorted(sync.commands))


def test_a_source_is_synced_by_its_name(stocked: Terminal) -> None:
    """
    A word behind `sync` that is no verb is a source, wherever the options stand.
    """
    codes = [
        stocked("sync", *words).code for words in (["lab"], ["lab", "--plan"], ["--plan", "lab"], ["other"])
    ]

    assert [0, 0, 0, 4] == codes


def test_a_verb_behind_sync_reads_its_own_options(terminal: Terminal) -> None:
    """
    Options of `sync` are none of `sync status`, and its help is its own.
    """
    said = terminal("sync", "status", "--help")

    assert (2, True) == (terminal("sync", "status", "--plan").code, "tundish sync status" in said.out)


def test_before_the_first_sync_there_is_nothing_to_follow(terminal: Terminal) -> None:
    """
    Where nobody synced, status says how to begin, and programs get null.
    """
    assert (True, None) == (
        "tundish sync" in terminal("sync", "status").err,
        terminal("sync", "status", "--json").answer,
    )


def test_status_says_how_the_last_sync_ended(stocked: Terminal) -> None:
    """
    After a sync its outcome and every file are shown.
    """
    said = stocked("sync", "status").out

    assert (True, True, 8) == ("done" in said, "8 of 8 files" in said, said.count(" lab "))


def test_following_ends_with_the_sync(stocked: Terminal) -> None:
    """
    --watch looks once more and ends where nothing runs.
    """
    assert stocked("sync", "status").out == stocked("sync", "status", "--watch").out


def test_a_running_sync_is_told_in_full() -> None:
    """
    Programs get bytes, speed, time left, retries and the last error, of all and of each file.
    """
    answer = status_json(RUNNING)

    assert isinstance(answer, dict)
    assert {
        "job": 7,
        "running": True,
        "outcome": "running",
        "subject": "lab",
        "started_at": NOON.isoformat(),
        "ended_at": None,
        "total": {
            "files": 2,
            "held": 1,
            "failed": 0,
            "bytes": 300,
            "came": 200,
            "speed": 50,
            "seconds_left": 2.0,
            "retries": 2,
            "last_error": "cut short",
        },
        "files": [
            {
                "source": "lab",
                "path": "d/root",
                "sha256": "ab" * 32,
                "bytes": 100,
                "came": 20,
                "speed": 10,
                "seconds_left": 8.0,
                "retries": 2,
                "last_error": "cut short",
                "ended": False,
            }
        ],
    } == answer


def test_what_stands_still_has_no_time_left() -> None:
    """
    Without a speed nobody knows how long it takes.
    """
    answer = status_json(replace(RUNNING, progress=replace(RUNNING.progress, speed=0)))

    assert isinstance(answer, dict)
    assert isinstance(answer["total"], dict)
    assert answer["total"]["seconds_left"] is None


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], {"on": True, "every_seconds": 3600, "window": None}),
        (["--every", "30m"], {"on": True, "every_seconds": 1800, "window": None}),
        (["--window", "22:00-06:00"], {"on": True, "every_seconds": 3600, "window": "22:00-06:00"}),
        (["--window", "none"], {"on": True, "every_seconds": 3600, "window": None}),
        (["--off"], {"on": False, "every_seconds": 3600, "window": None}),
    ],
)
def test_the_schedule_is_chosen_word_by_word(
    terminal: Terminal, words: list[str], wanted: dict[str, object]
) -> None:
    """
    What is not named stays as it is, and what was chosen is kept.
    """
    terminal("sync", "auto", *words)

    assert wanted == terminal("sync", "auto", "--json").answer


@pytest.mark.parametrize("words", [["--every", "1s"], ["--every", "often"], ["--window", "22-06"]])
def test_a_schedule_that_makes_no_sense_changes_nothing(terminal: Terminal, words: list[str]) -> None:
    """
    What cannot be followed is refused, and the schedule stays.
    """
    before = terminal("sync", "auto").out

    assert (2, before) == (terminal("sync", "auto", *words).code, terminal("sync", "auto").out)


@pytest.mark.parametrize("words", [["source", "list"], ["sync"], ["sync", "status"], ["sync", "auto"]])
def test_automatic_sync_that_is_off_is_warned_of(stocked: Terminal, words: list[str]) -> None:
    """
    Whoever syncs or looks at sources is reminded.
    """
    stocked("sync", "auto", "--off")

    assert "automatic sync is off" in stocked(*words).err


def test_programs_are_not_reminded(stocked: Terminal) -> None:
    """
    With --json standard error is left to errors.
    """
    stocked("sync", "auto", "--off")

    assert "" == stocked("source", "list", "--json").err


def test_a_dismissed_notice_is_not_shown(terminal: Terminal) -> None:
    """
    After `notice dismiss` the reminder is gone, and only --all lists the notice.
    """
    terminal("sync", "auto", "--off")
    before = terminal("notice", "list").out
    terminal("notice", "dismiss", "1")

    assert (True, "", True, False) == (
        "auto-off" in before,
        terminal("notice", "list").out,
        "auto-off" in terminal("notice", "list", "--all").out,
        "automatic" in terminal("source", "list").err,
    )


def test_a_notice_that_does_not_stand_cannot_be_dismissed(terminal: Terminal) -> None:
    """
    The number of a notice is one of the list.
    """
    assert 4 == terminal("notice", "dismiss", "7").code


def test_a_missing_commissioning_release_is_noticed(stocked: Terminal) -> None:
    """
    The image that new machines are examined with is to be offered and selected, or somebody is told.
    """
    fine = stocked("notice", "list", "--json").answer
    stocked("notice", "commissioning", "ubuntu/focal")
    missing = stocked("notice", "list", "--json").answer
    stocked("notice", "off", "commissioning")

    assert (False, True, False) == tuple(
        "commissioning" in kinds(found)
        for found in (fine, missing, stocked("notice", "list", "--json").answer)
    )


def kinds(answer: Json) -> set[Json]:
    """
    The kinds of the notices in an answer.
    """
    rows = answer if isinstance(answer, list) else []
    return {each["kind"] for each in rows if isinstance(each, dict)}


@pytest.mark.parametrize(
    "words", [["off", "auto-off"], ["commissioning", "a/b/c"], ["commissioning", "ubuntu"]]
)
def test_wrong_words_about_notices_are_refused(terminal: Terminal, words: list[str]) -> None:
    """
    Only optional kinds can be turned off, and an image is an OS and a series.
    """
    assert 2 == terminal("notice", *words).code


def test_events_are_narrowed_by_kind_and_time(stocked: Terminal) -> None:
    """
    `event list` shows what is asked for, and an empty list says so.
    """
    stocked("source", "add", "loose", stocked.state.parent / "upstream", "--unsigned")
    found = stocked("event", "list", "--kind", "unsigned-source", "--since", "1h", "--json").answer

    assert (1, "", 2) == (
        len(found) if isinstance(found, list) else 0,
        stocked("event", "list", "--kind", "nothing").out,
        stocked("event", "list", "--since", "yesterday").code,
    )


def test_a_job_tells_how_it_went(stocked: Terminal) -> None:
    """
    `job show` has the outcome and all that was noted; a number that is none is refused.
    """
    said = stocked("job", "show", "1").out

    assert (True, True, 4) == (
        "outcome  done" in said,
        "fetched_bytes" in said,
        stocked("job", "show", "99").code,
    )


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2h", NOON - timedelta(hours=2)),
        ("2026-05-01", datetime(2026, 5, 1, tzinfo=UTC)),
        ("2026-05-01T10:30+02:00", datetime(2026, 5, 1, 8, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_span_ago_or_a_date(text: str, moment: datetime) -> None:
    """
    A span counts back from now; a date without a zone is in UTC.
    """
    assert moment == since(text, NOON)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "-1h"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    """
    Anything else is refused with an example.
    """
    with pytest.raises(click.BadParameter, match="as in"):
        since(text, NOON)


@pytest.mark.parametrize(("seconds", "text"), [(90, "90s"), (3600, "1h"), (5400, "90m"), (172_800, "2d")])
def test_a_span_is_shown_exactly(seconds: int, text: str) -> None:
    """
    The largest unit that says it without a rest.
    """
    assert text == span_text(timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "unknown"), (45.2, "45s"), (190, "3m10s"), (7_500, "2h05m")]
)
def test_time_left_is_shown_as_people_say_it(seconds: float | None, text: str) -> None:
    """
    Seconds, minutes or hours, as fits.
    """
    assert text == left_text(seconds)


def test_a_verbal_noun_is_completed_like_a_noun() -> None:
    """
    What completes words finds the verbs behind `sync`.
    """
    assert isinstance(sync, Noun)

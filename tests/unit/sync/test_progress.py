import json
from datetime import UTC, datetime, timedelta

from tundish.core.digest import Digest
from tundish.core.errors import CutShort, Gone
from tundish.core.names import ItemPath, SourceName
from tundish.core.progress import Progress
from tundish.sync.plan import Plan, PlannedFile
from tundish.sync.progress import Look, Tally, read

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ROOT = PlannedFile(Digest.of(b"root"), 1_000, 0, SourceName("lab"), ItemPath("d/root"))
HALF = PlannedFile(Digest.of(b"half"), 1_000, 400, SourceName("lab"), ItemPath("d/half"))


def after(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def tally(*files: PlannedFile) -> Tally:
    """
    A tally of these files, all begun, first looked at at noon.
    """
    found = Tally()
    found.expect(Plan((), files))
    for file in files:
        found.begun(file)
    found.look(NOON)
    return found


def test_what_comes_is_counted() -> None:
    """
    Bytes of all files add up, and those of each file stand for themselves.
    """
    counted = tally(ROOT, HALF)
    counted.moved(ROOT, 100)
    counted.moved(HALF, 50)
    look = counted.look(after(1))

    assert (150, {"d/root": 100, "d/half": 50}) == (
        look.progress.came,
        {each.path: each.came for each in look.changed},
    )


def test_the_first_speed_is_that_of_the_first_bytes() -> None:
    """
    A speed is what came since the last look, over the time since then.
    """
    counted = tally(ROOT)
    counted.moved(ROOT, 600)
    look = counted.look(after(2))

    assert (300, {ROOT.digest.hex: 300}) == (look.progress.speed, look.speeds)


def test_a_speed_forgets_slowly() -> None:
    """
    Half of a speed is that of the last look, so that one slow second does not hide the rest.
    """
    counted = tally(ROOT)
    counted.moved(ROOT, 600)
    counted.look(after(2))
    counted.moved(ROOT, 100)

    assert 200 == counted.look(after(3)).progress.speed


def test_what_stands_still_has_no_speed() -> None:
    """
    A file from which nothing comes any more loses its speed.
    """
    counted = tally(ROOT)
    counted.moved(ROOT, 600)
    looks = [counted.look(after(second)) for second in range(1, 20)]

    assert (0, None) == (looks[-1].speeds[ROOT.digest.hex], looks[-1].progress.seconds_left)


def test_bytes_of_an_earlier_run_are_no_speed() -> None:
    """
    What was there before counts as come, but not as if it had come now.
    """
    counted = tally(HALF)
    counted.moved(HALF, 400)
    counted.moved(HALF, 100)
    look = counted.look(after(1))

    assert (500, 100) == (look.progress.came, look.progress.speed)


def test_bytes_that_come_again_are_not_counted_twice() -> None:
    """
    What has to come again is taken back, and no speed is negative.
    """
    counted = tally(ROOT)
    counted.moved(ROOT, 300)
    counted.moved(ROOT, -300)
    counted.moved(ROOT, 200)
    look = counted.look(after(1))

    assert (200, 500) == (look.progress.came, look.progress.speed)


def test_only_what_changed_is_told() -> None:
    """
    A look names the files whose figures changed since the last one.
    """
    counted = tally(ROOT, HALF)
    counted.moved(ROOT, 1)

    assert ["d/root"] == [each.path for each in counted.look(after(1)).changed]


def test_an_ended_file_is_told_once() -> None:
    """
    A file that has come is told with its end, and then forgotten.
    """
    counted = tally(ROOT)
    counted.ended(ROOT, None)
    first, second = counted.look(after(1)), counted.look(after(2))

    assert ([True], (), {}) == ([each.ended for each in first.changed], second.changed, second.speeds)


def test_retries_and_failures_are_counted_with_their_words() -> None:
    """
    The last error is told, of the file and of all; a file that failed is not held.
    """
    counted = tally(ROOT, HALF)
    counted.retried(ROOT, CutShort("cut"))
    counted.ended(ROOT, Gone("gone"))
    counted.ended(HALF, None)
    total = counted.look(after(1)).progress

    assert (1, 1, 1, "gone") == (total.retries, total.failed, total.held, total.error)


def test_errors_are_bounded() -> None:
    """
    However long an error is, a note of it is not.
    """
    counted = tally(ROOT)
    counted.ended(ROOT, Gone("x" * 10_000))

    assert 500 == len(counted.look(after(1)).progress.error)


def test_a_detail_holds_the_figures() -> None:
    """
    What is written of a look is read as it was.
    """
    look = Look(Progress(files=2, size=100, came=10, speed=5), (), {"ab": 5})

    assert look == read(json.dumps({"completed": [], "progress": look.as_json()}))


def test_a_detail_without_figures_is_all_zero() -> None:
    """
    Jobs that noted no progress have none.
    """
    assert [Look(Progress(), ())] * 2 == [read(""), read('{"error": "down"}')]


def test_time_left_is_size_over_speed() -> None:
    """
    What is left is told in seconds at this speed; nothing is left of what is here.
    """
    assert (9.0, 0.0) == (Progress(size=100, came=10, speed=10).seconds_left, Progress().seconds_left)

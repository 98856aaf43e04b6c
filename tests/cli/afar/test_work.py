"""
What takes long, on a server that is told from afar: a sync, and what it brought on its way through channels.
"""

from pathlib import Path

import pytest

from tests.cli.afar.conftest import Pair
from tests.cli.terminal import Upstream

REF = "ubuntu/jammy/amd64"
FORMS = pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])


@pytest.fixture(scope="module")
def once() -> dict[str, Path]:
    """
    Where the stream of this module lies.
    """
    return {}


@pytest.fixture
def synced(pair: Pair, lab: Upstream, once: dict[str, Path]) -> Pair:
    """
    A server that synced one image, and published it, as it was told from afar.
    """
    if not once:
        once["root"] = lab.root
        said = [
            pair.afar("source", "add", "lab", str(lab.root), "--keyring", str(lab.keyring)),
            pair.afar("select", "add", "ubuntu/jammy", "--source", "lab"),
            pair.afar("sync", "lab", "--allow-mass-removal"),
            pair.afar("publish", REF, "--channel", "candidate"),
        ]
        assert [0, 0, 0, 0] == [each.code for each in said], [each.err for each in said]
    return pair


@FORMS
def test_a_plan_is_told_alike(synced: Pair, form: tuple[str, ...]) -> None:
    """
    What a sync would do is said in the same words; only the moment differs.
    """
    here, afar = (each("sync", "lab", "--plan", *form) for each in (synced.here, synced.afar))

    assert (here.code, without_moment(here.out)) == (afar.code, without_moment(afar.out))


def without_moment(text: str) -> list[str]:
    return [line for line in text.splitlines() if '"made_at"' not in line]


@FORMS
@pytest.mark.parametrize("words", [("sync", "status"), ("channel", "list"), ("image", "list")], ids=" ".join)
def test_what_came_of_it_is_told_alike(synced: Pair, words: tuple[str, ...], form: tuple[str, ...]) -> None:
    """
    The sync, the channel and the image are shown in the same words.
    """
    here, afar = synced.here(*words, *form), synced.afar(*words, *form)

    assert (here.code, here.out) == (afar.code, afar.out)


def test_a_sync_without_work_says_so(synced: Pair) -> None:
    """
    The figures are those of the job.
    """
    assert "done: 0 versions complete, 0 files fetched" in synced.afar("sync", "lab").out


@FORMS
def test_publishing_the_same_again_is_told_alike(synced: Pair, form: tuple[str, ...]) -> None:
    """
    Promoting what is offered already says so, from here and from afar.
    """
    synced.afar("channel", "promote", "candidate", "stable")
    here = synced.here("channel", "promote", "candidate", "stable", *form)
    afar = synced.afar("channel", "promote", "candidate", "stable", *form)

    assert (0, True) == (afar.code, here.out.splitlines()[-1] == afar.out.splitlines()[-1])


@FORMS
def test_a_promotion_is_planned_alike(synced: Pair, form: tuple[str, ...]) -> None:
    """
    What would appear and go is told, and nothing is done.
    """
    words = ("channel", "promote", "candidate", "planned", "--plan", *form)
    here, afar = synced.here(*words), synced.afar(*words)

    assert (0, here.out, True) == (afar.code, afar.out, "appears" in afar.out)


def test_what_cannot_be_rolled_back_ends_as_it_does_there(synced: Pair) -> None:
    """
    What is refused is refused with the same code and words.
    """
    here, afar = (each("channel", "rollback", "candidate") for each in (synced.here, synced.afar))

    assert (here.code, here.err) == (afar.code, afar.err)


def test_a_job_that_fails_ends_the_command(synced: Pair) -> None:
    """
    Its words are told, and the code is that of the other side.
    """
    said = synced.afar("publish", "no/such/image", "--channel", "other")

    assert (7, True) == (said.code, "failed on the server" in said.err)


def test_a_sync_that_does_not_run_is_not_stopped(synced: Pair) -> None:
    """
    There is nothing to stop, and that is no error.
    """
    here, afar = synced.here("sync", "stop"), synced.afar("sync", "stop")

    assert (here.code, here.err) == (afar.code, afar.err)


@FORMS
@pytest.mark.parametrize(
    "words",
    [
        ("channel", "show", "candidate"),
        ("channel", "show", "candidate", "--as-of", "2100-01-31"),
        ("channel", "show", "candidate", "--as-of", "2000-01-31"),
        ("channel", "show", "candidate", "--as-of", "tomorrow"),
        ("channel", "show", "nowhere"),
        ("channel", "diff", "candidate", "candidate"),
        ("channel", "diff", "1", "candidate"),
        ("channel", "diff", "candidate", "99"),
        ("channel", "resign"),
        ("channel", "resign", "--due"),
        ("channel", "resign", "nowhere"),
        ("channel", "tidy"),
        ("channel", "tidy", "candidate", "--grace", "7"),
        ("channel", "tidy", "nowhere"),
    ],
    ids=" ".join,
)
def test_a_channel_is_handled_alike(synced: Pair, words: tuple[str, ...], form: tuple[str, ...]) -> None:
    """
    Shown, compared and looked after, from here and from afar, a channel is told of in the same words.
    """
    here, afar = synced.here(*words, *form), synced.afar(*words, *form)

    assert (here.code, here.out, here.err) == (afar.code, afar.out, afar.err)


def test_a_channel_is_signed_anew_and_tidied(synced: Pair) -> None:
    """
    For as many days as were said from afar; what the last signature was on is removed then.
    """
    said = synced.afar("channel", "resign", "candidate", "--expires", "9")
    tidied = synced.afar("channel", "tidy", "candidate", "--grace", "0")
    shown = synced.here("channel", "show", "candidate")
    until = said.out.splitlines()[-1].removeprefix("signed until ")

    assert (0, True, False) == (
        tidied.code,
        f"signed    until {until}" in shown.out,
        "candidate: 0 files" in tidied.out,
    )

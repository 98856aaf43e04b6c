"""
`tundish mirror` as a person types it.
"""

import re
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal, Upstream
from tests.support.hostile_server import HostileServer, cut, good
from tundish.cli.mirror import within
from tundish.core.errors import InputError
from tundish.stream import filters

SQUASHFS = "noble/amd64/20260101/squashfs"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "a mirror"


def test_what_was_done_is_said(terminal: Terminal, lab: Upstream, target: Path) -> None:
    """
    The last lines say what came, what is held, and what the catalogue lists beyond it.
    """
    said = terminal("mirror", f"--keyring={lab.keyring}", lab.root, target, "release=noble", "--max=1")

    assert (0, "done: 4 files fetched", "lists 8 files; 4 of them") == (
        said.code,
        said.out[:21],
        "".join(re.findall("lists 8 files; 4 of them", said.out)),
    )


def test_a_dry_run_tells_and_does_nothing(terminal: Terminal, lab: Upstream, target: Path) -> None:
    """
    One line per item, then the net change; no folder is made.
    """
    said = terminal("mirror", "--keyring", lab.keyring, "--dry-run", lab.root, target, "ftype=squashfs")

    assert (0, ["+", "+", "net"], False) == (
        said.code,
        [line.split()[0] for line in said.out.splitlines()],
        target.exists(),
    )


def test_a_dry_run_answers_in_json(terminal: Terminal, lab: Upstream, target: Path) -> None:
    """
    The same for programs.
    """
    said = terminal("mirror", "--keyring", lab.keyring, "--dry-run", "--json", lab.root, target)

    assert isinstance(said.answer, dict)
    assert ({"changes", "growth"}, 32_400) == (set(said.answer), said.answer["growth"])


def test_the_outcome_is_answered_in_json(terminal: Terminal, lab: Upstream, target: Path) -> None:
    """
    Figures for programs.
    """
    said = terminal("mirror", "--keyring", lab.keyring, "--json", lab.root, target)

    assert isinstance(said.answer, dict)
    assert (True, 8, 8, 0) == tuple(
        said.answer[name] for name in ("changed", "fetched_files", "held_files", "lacking_files")
    )


def test_verbose_names_each_file(terminal: Terminal, lab: Upstream, target: Path) -> None:
    """
    With -v each file that comes is named on standard error.
    """
    said = terminal("mirror", "--keyring", lab.keyring, "-v", lab.root, target, "ftype=squashfs")

    assert ["+", "+"] == [line.split()[0] for line in said.err.splitlines()]


def test_without_keys_nothing_is_believed(terminal: Terminal, lab: Upstream, target: Path) -> None:
    """
    A keyring, or the explicit wish to go without, is asked for.
    """
    said = terminal("mirror", lab.root, target)

    assert (2, True, False) == (said.code, "--keyring FILE" in said.err, target.exists())


def test_going_without_is_loud(terminal: Terminal, lab: Upstream, target: Path) -> None:
    """
    With -U a warning says what that means.
    """
    said = terminal("mirror", "-U", lab.root, target)

    assert (0, True) == (said.code, said.err.startswith("warning: nothing is verified"))


def test_foreign_keys_are_refused(terminal: Terminal, lab: Upstream, target: Path) -> None:
    """
    A source signed by somebody else is not mirrored.
    """
    said = terminal("mirror", "--keyring", lab.foreign, lab.root, target)

    assert (8, []) == (said.code, [path for path in target.iterdir() if path.name != ".tundish"])


@pytest.mark.parametrize(
    "words",
    [
        ("SOURCE",),
        ("SOURCE", "DIR", "nonsense"),
        ("SOURCE", "DIR", "--max=0"),
        ("SOURCE", "DIR", "--keep"),
        ("SOURCE", "DIR", "--verbatim", "--sign=key"),
        ("SOURCE", "DIR", "--expires=3"),
        ("SOURCE", "DIR", "--grace=soon"),
        ("SOURCE", "DIR", "--path=../x"),
        ("--check",),
        ("--check", "DIR", "arch=amd64"),
    ],
)
def test_wrong_words_end_with_2(
    terminal: Terminal, lab: Upstream, target: Path, words: tuple[str, ...]
) -> None:
    """
    Words that make no sense are refused before anything is made.
    """
    given = [{"SOURCE": str(lab.root), "DIR": str(target)}.get(word, word) for word in words]

    said = terminal("mirror", "--keyring", lab.keyring, *given)

    assert (2, False) == (said.code, target.exists())


def test_a_mirror_is_checked(terminal: Terminal, lab: Upstream, target: Path) -> None:
    """
    A sound mirror ends with 0, a damaged one with 9 and what to do; done, it is sound again.
    """
    mirror = ("mirror", "--keyring", lab.keyring, lab.root, target)
    terminal(*mirror)
    sound = terminal("mirror", "--check", target)
    (target / SQUASHFS).chmod(0o600)
    (target / SQUASHFS).write_bytes(b"x" * 9000)

    damaged = terminal("mirror", "verify", target)
    taken = terminal("mirror", "verify", "--quarantine", target)
    terminal(*mirror)

    assert (0, 9, f"damaged {SQUASHFS}", True, 9, 0) == (
        sound.code,
        damaged.code,
        damaged.out.splitlines()[0],
        "mirror verify --quarantine" in damaged.err,
        taken.code,
        terminal("mirror", "--check", target).code,
    )


def test_a_check_answers_in_json(terminal: Terminal, lab: Upstream, target: Path) -> None:
    """
    Findings by kind, for programs.
    """
    terminal("mirror", "--keyring", lab.keyring, lab.root, target)
    (target / "mine.txt").touch()

    said = terminal("mirror", "verify", "--json", target)

    assert isinstance(said.answer, dict)
    assert (0, [[], [], ["mine.txt"]]) == (
        said.code,
        [said.answer[kind] for kind in ("missing", "damaged", "foreign")],
    )


def test_progress_is_shown_on_request(terminal: Terminal, lab: Upstream, target: Path) -> None:
    """
    With --progress standard error says how far it is; without, nothing.
    """
    words = ("mirror", "--keyring", lab.keyring, lab.root, target, "release=noble")
    shown = terminal(*words, "--progress").err

    assert (True, "") == ("4 of 4 files" in shown, terminal(*words).err)


def test_over_http_a_cut_link_and_a_further_root_help(
    terminal: Terminal, lab: Upstream, target: Path
) -> None:
    """
    What the source cut goes on, over HTTP, from the root given as --mirror; so comes what it lacks.
    """
    files = {
        path.relative_to(lab.root).as_posix(): path.read_bytes()
        for path in lab.root.rglob("*")
        if path.is_file()
    }
    lacking = "jammy/amd64/20260101/squashfs"
    with (
        HostileServer({path: data for path, data in files.items() if path != lacking}) as first,
        HostileServer(files) as second,
    ):
        first.behave(SQUASHFS, cut(3000), good)
        said = terminal("mirror", "--keyring", lab.keyring, "--mirror", second.url, first.url, target)

        assert (0, {SQUASHFS: "bytes=3000-", lacking: None}) == (
            said.code,
            {each.path: each.range for each in second.requests},
        )


def test_a_wild_expression_is_ended() -> None:
    """
    An expression that would take for ever is given up after its time, with a word on what to do.
    """
    wild = filters.parse("label~^(a+)+$")

    with pytest.raises(InputError, match="nested repeats"), within(0.2):
        wild.passes([{"label": "a" * 60 + "!"}])


def test_the_time_of_a_tame_one_is_given_back() -> None:
    """
    What ends in time leaves no alarm behind.
    """
    with within(0.2):
        found = filters.parse("label~^a").passes([{"label": "a"}])

    assert found

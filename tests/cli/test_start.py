"""
How the program starts: at once, in the state folder that was meant, and with a shell that helps.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal, program
from tundish import __version__

HEAVY = ("sqlalchemy", "alembic", "rich", "aiohttp", "fastapi", "uvicorn", "urllib3")


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["nonsense"]], ids=" ".join)
def test_a_start_loads_no_heavy_library(words: list[str]) -> None:
    """
    Neither the version nor the help nor a slip of the finger waits for a library it does not need.
    """
    script = f"import sys\nfrom tundish.cli.main import run\nrun({words!r})\nprint(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30
    )

    loaded = done.stdout.splitlines()[-1]
    assert [] == [name for name in HEAVY if f"'{name}'" in loaded]


def test_the_version_is_that_of_the_package() -> None:
    """
    --version says it in one line.
    """
    assert f"tundish, version {__version__}\n" == program("--version").out


def test_the_state_folder_is_the_option(tmp_path: Path) -> None:
    """
    --state wins over the variable.
    """
    program("--state", tmp_path / "a", "source", "list", TUNDISH_STATE=tmp_path / "b")

    assert ["a"] == [path.name for path in tmp_path.iterdir()]


def test_the_state_folder_is_the_variable(tmp_path: Path) -> None:
    """
    TUNDISH_STATE is used where no option is given, also below folders that are not there yet.
    """
    program("source", "list", TUNDISH_STATE=tmp_path / "b/c")

    assert (tmp_path / "b/c/catalog.sqlite").is_file()


def test_the_state_is_nobody_elses(terminal: Terminal) -> None:
    """
    A state folder that is made is open to its owner alone: it will hold a secret key.
    """
    terminal("source", "list")

    assert 0o700 == terminal.state.stat().st_mode & 0o777


def test_help_makes_no_state(tmp_path: Path) -> None:
    """
    Asking for help leaves no folder behind.
    """
    program("source", "add", "--help", TUNDISH_STATE=tmp_path / "state")

    assert [] == list(tmp_path.iterdir())


def test_a_wrong_setting_names_its_variable(tmp_path: Path) -> None:
    """
    A variable that cannot be understood is named, and the command ends with 2.
    """
    said = program("source", "list", TUNDISH_STATE=tmp_path, TUNDISH_PARALLEL="many")

    assert (2, "error: TUNDISH_PARALLEL=many: give a number from 1 to 64\n") == (said.code, said.err)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_completion_script(terminal: Terminal, shell: str) -> None:
    """
    The script of each shell asks tundish what comes next.
    """
    said = terminal("completion", shell)

    assert (0, True) == (said.code, f"_TUNDISH_COMPLETE={shell}_complete" in said.out)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_read_its_completion_script(tmp_path: Path, terminal: Terminal, shell: str) -> None:
    """
    The shell itself finds no fault in the script.
    """
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "script"
    script.write_text(terminal("completion", shell).out)

    assert 0 == subprocess.run([shell, "-n", script], check=False, timeout=30).returncode


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("tundish so", {"source"}),
        ("tundish source s", {"set", "set-stream", "show"}),
        ("tundish completion ", {"bash", "zsh", "fish"}),
        ("tundish sync --p", {"--plan", "--parallel"}),
    ],
)
def test_completion_knows_what_comes_next(words: str, wanted: set[str]) -> None:
    """
    Commands, subcommands, choices and options are offered for what was begun.
    """
    place = str(len(words.split(" ")) - 1)
    said = program(_TUNDISH_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=place)

    assert wanted == {line.partition(",")[2] for line in said.out.splitlines()}


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """
    `tundish ... | head` ends with 0 and without a word.
    """
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-m", "tundish", "completion", "zsh"],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            stdout=gone,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=30,
        )

    assert (0, "") == (done.returncode, done.stderr)

"""
What setup says and decides, on machines that lack things.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-build.lock", "requirements-dev.lock", "requirements-fuzz.lock")
# All that a machine has besides the shell in these tests.
PROGRAMS = ("bash", "cat", "dirname", "grep", "id", "sha256sum")
OLD_PYTHON = '#!/bin/bash\n[ "$1" = --version ] && echo "Python 3.10.12" && exit\nexit 1\n'


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """
    A checkout at a path with a space, and beside it the programs of a machine that has next to nothing.
    """
    checkout, programs = tmp_path / "a checkout", tmp_path / "bin"
    checkout.mkdir()
    programs.mkdir()
    shutil.copytree(ROOT / "scripts", checkout / "scripts")
    for name in (*LOCKS, "pyproject.toml"):
        shutil.copy(ROOT / name, checkout)
    for name in PROGRAMS:
        programs.joinpath(name).symlink_to(shutil.which(name) or name)
    return checkout


def setup(bare: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [bare / "scripts" / "setup", *arguments],
        env={"PATH": str(bare.with_name("bin"))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def packages(target: str) -> dict[str, str]:
    """
    What scripts/packages says a target needs, with the phrase why; but for programs of this machine's
    sbin, where setup always looks.
    """
    lines = (ROOT / "scripts" / "packages").read_text().splitlines()
    rows = [[cell.strip() for cell in line.split("|")] for line in lines if not line.startswith("#")]
    return {
        row[0]: row[3]
        for row in rows
        if target in row[1].split() and not shutil.which(row[2], path="/usr/sbin:/sbin")
    }


@pytest.mark.parametrize("target", ["demo", "test", "serve", "bench", "fuzz"])
def test_everything_is_announced_with_its_reason(bare: Path, target: str) -> None:
    """
    On a machine with nothing, the plan names every package of the target and why, and Python.
    """
    told = dict(re.findall(r"^    (\S+) +(.+)$", setup(bare, "--plan", target).stdout, re.MULTILINE))

    wanted = {**packages(target), "python3": "runs tundish"}
    assert wanted == {name: told.get(name) for name in wanted}


def test_a_plan_changes_nothing(bare: Path) -> None:
    """
    After --plan the checkout holds what it held before.
    """
    before = sorted(bare.rglob("*"))
    setup(bare, "--plan", "test")

    assert before == sorted(bare.rglob("*"))


def test_a_python_that_is_too_old_is_named_with_the_cure(bare: Path) -> None:
    """
    Where there is only Python 3.10, setup says so and what to install, and stops.
    """
    old = bare.with_name("bin") / "python3"
    old.write_text(OLD_PYTHON)
    old.chmod(0o755)
    result = setup(bare, "demo")

    assert (10, True) == (
        result.returncode,
        "Python 3.10.12 only. Install one, for example: apt-get install python3.11" in result.stderr,
    )


def test_an_unknown_target_is_an_error_of_usage(bare: Path) -> None:
    """
    A target that does not exist ends with exit code 2 and the list of those that do.
    """
    result = setup(bare, "everything")

    assert (2, "usage: scripts/setup [--plan] [demo|test|serve|bench|fuzz]\n") == (
        result.returncode,
        result.stderr,
    )


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_packages_and_no_place(name: str) -> None:
    """
    Lock files carry no address of a registry: where packages come from is the installer's business.
    """
    assert "://" not in (ROOT / name).read_text()


@pytest.mark.parametrize("name", LOCKS[:2])
def test_the_locks_agree(name: str) -> None:
    """
    What runs tundish is, version by version, part of what is tested.
    """

    def pins(lock: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9][^ ]*==\S+", (ROOT / lock).read_text(), re.MULTILINE))

    assert set() == pins(name) - pins("requirements-dev.lock")


def test_make_lists_every_target() -> None:
    """
    `make` without a target names each target on a line of its own.
    """
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    said = subprocess.run(
        ["make", "--no-print-directory", "-C", ROOT], capture_output=True, text=True, check=True, timeout=30
    )

    assert ["help", "demo", "test", "serve", "bench", "fuzz", "check"] == re.findall(
        r"make (\w+)", said.stdout
    )

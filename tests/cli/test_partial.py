"""
Runs of which some failed: what was done is said in full, and the error besides.
"""

import json
from pathlib import Path

import pytest

from tests.cli.terminal import Said, Terminal, Upstream

LACKING = "jammy/amd64/20260101/squashfs"


@pytest.fixture
def synced(terminal: Terminal, lab: Upstream) -> Said:
    (lab.root / LACKING).unlink()
    terminal("source", "add", "lab", lab.root, "--keyring", lab.keyring)
    terminal("select", "add", "ubuntu/*")
    return terminal("sync", "--json")


@pytest.fixture
def mirrored(terminal: Terminal, lab: Upstream, tmp_path: Path) -> Said:
    (lab.root / LACKING).unlink()
    return terminal("mirror", "--json", "--keyring", lab.keyring, lab.root, tmp_path / "mirror")


def test_a_sync_tells_what_came_and_what_failed(synced: Said) -> None:
    """
    Its answer has all that a good one has, and the failed file with the reason.
    """
    answer = json.loads(synced.out)

    assert (1, [LACKING], []) == (
        len(answer["completed"]),
        [each["path"] for each in answer["failures"]],
        answer["unread"],
    )


def test_a_mirror_tells_what_came_and_what_failed(mirrored: Said) -> None:
    """
    Its answer has all that a good one has, and the failed file with the reason.
    """
    answer = json.loads(mirrored.out)

    assert (True, [LACKING]) == (
        answer["fetched_files"] > 0,
        [each["subject"] for each in answer["failures"]],
    )


@pytest.mark.parametrize("run", ["synced", "mirrored"])
def test_the_error_is_in_the_answer_and_on_standard_error(run: str, request: pytest.FixtureRequest) -> None:
    """
    Both say the same, and the exit code is that of the error.
    """
    said: Said = request.getfixturevalue(run)

    assert (12, json.loads(said.err.splitlines()[-1])) == (said.code, json.loads(said.out)["error"])

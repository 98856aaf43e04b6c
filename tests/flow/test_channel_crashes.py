"""
A publication or roll back that is killed, wherever it was: readers find one whole release, and the same
command brings everything to where an undisturbed one would have.
"""

import json
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import upstream
from tests.support import processes
from tests.support.counter import items
from tundish.tools.run import run

JAMMY = "ubuntu/jammy/amd64/ga-22.04"
POINTS = 4  # kills of each verb
VERBS: dict[str, tuple[tuple[str, ...], tuple[str, str]]] = {  # words, and where counting begins
    "publish": (("publish",), ("publish", "publish/run.py")),
    "rollback": (("channel", "rollback", "stable"), ("roll_back", "publish/moving.py")),
}
MORE = {"publish": (), "rollback": ("--to", "1")}  # so that it may be done twice


@pytest.fixture(scope="module", autouse=True)
def scratch() -> Iterator[None]:
    """
    Killed processes cannot clear up: what they leave, a folder with an agent of gpg, goes with this folder.
    """
    with pytest.MonkeyPatch.context() as environment, tempfile.TemporaryDirectory(prefix="kill-") as folder:
        environment.setenv("TMPDIR", folder)
        yield
        for home in Path(folder).glob("tundish-*"):
            run(["gpgconf", "--kill", "all"], env={"GNUPGHOME": str(home)}, timeout=30)


@pytest.fixture(scope="module")
def offering(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A state whose stable offered both images, and offers one.
    """
    folder = tmp_path_factory.mktemp("offering")
    source, state = upstream(folder), folder / "state"
    for words in (
        ("source", "add", "lab", str(source.root), "--keyring", str(source.keyring)),
        ("select", "add", "ubuntu/*"),
        ("sync",),
        ("publish",),
        ("publish", JAMMY),
    ):
        assert 0 == processes.run(state, *words).code
    return state


@pytest.fixture(scope="module")
def calls(offering: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """
    How many calls each verb makes when nobody disturbs it.
    """
    found = {}
    for verb, (words, begins) in VERBS.items():
        state = tmp_path_factory.mktemp(verb) / "state"
        shutil.copytree(offering, state)
        said = processes.run(state, *words, dying=0, begins=begins).out
        found[verb] = int(said.rpartition("calls: ")[2])
    return found


def listed(state: Path, suffix: str) -> set[str]:
    """
    Every file that readers of one index find named.
    """
    root = state / "channels/stable"
    documents = [
        _json(root / entry["path"]) for entry in _json(root / f"streams/v1/index.{suffix}")["index"].values()
    ]
    return items(documents)


def _json(path: Path) -> dict[str, Any]:
    text = path.read_text()
    found: dict[str, Any] = json.loads(text[text.index("{") : text.rindex("}") + 1])
    return found


def offered(state: Path) -> list[str]:
    """
    What the catalog says of stable.
    """
    answer = json.loads(processes.run(state, "channel", "show", "stable", "--json").out)
    return sorted(each["image"] for each in answer["images"])


@pytest.mark.parametrize("verb", sorted(VERBS))
@pytest.mark.parametrize("seed", range(POINTS))
def test_a_killed_verb_leaves_whole_releases_and_is_finished_by_the_next(
    offering: Path, calls: dict[str, int], tmp_path: Path, verb: str, seed: int
) -> None:
    """
    After the kill each index leads to files that are there; after the same again, both images are offered.
    """
    words, begins = VERBS[verb]
    state = tmp_path / "state"
    shutil.copytree(offering, state)
    point = random.Random(f"{verb}{seed}").randrange(1, calls[verb])

    ended = processes.run(state, *words, dying=point, begins=begins)
    torn = [
        path
        for suffix in ("json", "sjson")
        for path in listed(state, suffix)
        if not (state / "channels/stable" / path).is_file()
    ]
    again = processes.run(state, *words, *MORE[verb])

    assert (-9, [], 0, ["ubuntu/jammy/amd64/ga-22.04", "ubuntu/noble/amd64/ga-24.04"], 8) == (
        ended.code,
        torn,
        again.code,
        offered(state),
        len(listed(state, "sjson")),
    )

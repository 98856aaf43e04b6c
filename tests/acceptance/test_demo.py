"""
The main job on real input: a real Debian image is built, published, synced and booted over the network.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


class Told:
    """
    A finished demo: its summary, and its two states to ask.
    """

    def __init__(self, state: Path) -> None:
        self.state = state / "demo"
        self.steps: list[dict[str, Any]] = tundish(state, "demo", "--json")

    def region(self, *words: str) -> Any:
        return tundish(self.state / "region", *words, "--json")


def tundish(state: Path, *words: str) -> Any:
    command = [sys.executable, "-m", "tundish", "--state", str(state), *words]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def running(state: Path) -> list[str]:
    """
    Command lines of all processes that name this state.
    """
    lines = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ended while we looked
            continue
        if str(state) in line:
            lines.append(line)
    return lines


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told(tmp_path_factory.mktemp("a state with spaces"))


def test_every_step_is_told(told: Told) -> None:
    """
    The summary has a line for each step, in order.
    """
    assert ["build", "publish", "sync", "boot"] == [step["step"] for step in told.steps]


def test_the_region_holds_what_was_built(told: Told) -> None:
    """
    After the demo the region holds both images complete.
    """
    assert ["complete", "complete"] == [image["state"] for image in told.region("image", "list")]


def test_the_machine_reported_the_image_it_was_told(told: Told) -> None:
    """
    The deployment names the version and squashfs digest of the image that the region holds.
    """
    (machine,) = told.region("machine", "list")
    (deployment,) = told.region("machine", "show", machine["mac"])["history"]
    image = told.region("image", "show", f"{deployment['image']}@{deployment['version']}")
    roots = {file["sha256"] for file in image["files"] if file["ftype"] == "squashfs"}

    assert {deployment["root_sha256"]} == roots


def test_the_deployment_is_counted(told: Told) -> None:
    """
    The image that the machine runs counts one deployment.
    """
    assert 1 == sum(image["deployments"] for image in told.region("image", "list"))


def test_nothing_is_left_running(told: Told) -> None:
    """
    No server, machine or agent of the demo is alive at its end.
    """
    assert [] == running(told.state)

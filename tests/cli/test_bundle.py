"""
`tundish bundle` as a person uses it.
"""

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal, Upstream, command
from tundish.core.image import Json

JAMMY, NOBLE = "ubuntu/jammy/amd64/ga-22.04@20260101", "ubuntu/noble/amd64/ga-24.04@20260101"


@pytest.fixture
def region(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """
    Another state, across the gap.
    """
    return Terminal(tmp_path / "region", capsys)


@pytest.fixture
def usb(tmp_path: Path) -> Path:
    (tmp_path / "usb").mkdir()
    return tmp_path / "usb"


def keyring(origin: Terminal) -> Path:
    return origin.state / "keys" / "signing.gpg"


def some(answer: Json, *names: str) -> list[Json]:
    assert isinstance(answer, dict)
    return [answer[name] for name in names]


def test_images_get_across(stocked: Terminal, region: Terminal, usb: Path) -> None:
    """
    Exported, shown, imported, and listed under the name of their origin.
    """
    made = stocked("bundle", "export", usb / "1.bundle")
    shown = stocked("bundle", "show", usb / "1.bundle")
    took = region("bundle", "import", usb / "1.bundle", "--keyring", keyring(stocked), "--as", "hq")
    listed = region("image", "list")

    assert ([0, 0, 0], True, True, True, True) == (
        [made.code, shown.code, took.code],
        "bundle 1, builds on nothing: 2 image versions, 8 blobs" in made.out,
        NOBLE in shown.out and "every byte is as signed" in shown.out,
        "hq, bundle 1: 2 image versions are complete, 0 retired, 8 blobs taken in" in took.out,
        "hq.lab" in listed.out,
    )


def test_programs_are_answered(stocked: Terminal, region: Terminal, usb: Path) -> None:
    """
    Every verb says in JSON what it did.
    """
    stocked("bundle", "export", usb / "1.bundle")
    made = stocked("bundle", "export", "--since-bundle", usb / "1.bundle", usb / "2.bundle", "--json").answer
    shown = region("bundle", "show", usb / "1.bundle", "--keyring", keyring(stocked), "--json").answer
    took = region("bundle", "import", usb / "1.bundle", "--keyring", keyring(stocked), "--json").answer

    assert (
        [2, {"bundle": 1}, 0, 8],
        [1, None, 8, 0, [JAMMY, NOBLE]],
        ["bundle", [JAMMY, NOBLE], [], 8],
    ) == (
        some(made, "serial", "base", "blobs", "expected_blobs"),
        [*some(shown, "serial", "base", "blobs", "expected_blobs"), refs(shown)],
        some(took, "name", "images", "retired", "taken_blobs"),
    )


def refs(shown: Json) -> list[Json]:
    (images,) = some(shown, "images")
    assert isinstance(images, list)
    return [image for each in images for image in some(each, "image")]


def test_a_pipe_will_do(stocked: Terminal, tmp_path: Path) -> None:
    """
    Out of one process into another, without a file between; what is said goes to standard error.
    """
    out = command("--state", stocked.state, "bundle", "export", "-")
    into = command(
        "--state", tmp_path / "other", "bundle", "import", "-", "--keyring", keyring(stocked), "--json"
    )
    stocked("bundle", "export", tmp_path / "first.bundle")  # makes the key
    with subprocess.Popen(out, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as exporting:
        done = subprocess.run(into, stdin=exporting.stdout, capture_output=True, check=False, timeout=60)
        said = exporting.stderr.read() if exporting.stderr else b""

    assert (0, True, 8) == (
        done.returncode,
        said.startswith(b"bundle 2, builds on nothing"),
        json.loads(done.stdout)["taken_blobs"],
    )


def test_a_reader_that_went_away_is_an_error(stocked: Terminal) -> None:
    """
    A bundle that nobody read to its end has not been exported.
    """
    out = command("--state", stocked.state, "bundle", "export", "-")
    with subprocess.Popen(out, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as exporting:
        assert exporting.stdout is not None
        exporting.stdout.close()
        said = exporting.stderr.read() if exporting.stderr else b""

    assert (11, True) == (exporting.returncode, b"Broken pipe" in said)


def test_exit_codes_tell_what_is_wrong(stocked: Terminal, region: Terminal, lab: Upstream, usb: Path) -> None:
    """
    Old, foreign, changed, in the way, not there, both options: each its own family.
    """
    one, two, keys = usb / "1.bundle", usb / "2.bundle", keyring(stocked)
    for each in (one, two):
        stocked("bundle", "export", each)
    changed = usb / "changed.bundle"
    changed.write_bytes(two.read_bytes()[:-2000] + b"x" + two.read_bytes()[-1999:])
    region("bundle", "import", two, "--keyring", keys)

    assert [8, 8, 9, 5, 2, 2, 4] == [
        region("bundle", "import", one, "--keyring", keys).code,
        region("bundle", "import", two, "--keyring", lab.foreign).code,
        stocked("bundle", "show", changed).code,
        stocked("bundle", "export", one).code,
        region("bundle", "import", usb / "none", "--keyring", keys).code,
        stocked("bundle", "export", usb / "3", "--since", "1", "--since-bundle", one).code,
        stocked("bundle", "export", usb / "nowhere" / "3").code,
    ]

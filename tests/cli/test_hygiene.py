"""
`tundish image hygiene`, as it is typed.
"""

import gzip
import json
import tarfile
from pathlib import Path
from typing import Literal

import pytest

from tests.cli.terminal import Terminal
from tests.support.systems import SYSTEMS
from tests.support.tarball import packed

_SPOILED = {
    **SYSTEMS["ubuntu"].tree(),
    "etc/machine-id": "5d5d",
    "etc/ssh/ssh_host_rsa_key": "k",
    "run/x.pid": "1",
    "srv/kept": "kept",
}


@pytest.fixture
def spoiled(tmp_path: Path) -> Path:
    return packed(_SPOILED, tmp_path / "noble.tar.gz")


def test_without_a_target_it_only_shows(terminal: Terminal, spoiled: Path, tmp_path: Path) -> None:
    """
    The difference is told, and nothing is written.
    """
    said = terminal("image", "hygiene", spoiled)

    assert (0, True, ["noble.tar.gz"]) == (
        said.code,
        "  - etc/ssh/ssh_host_rsa_key\n" in said.out,
        [one.name for one in tmp_path.iterdir()],
    )


def test_a_dry_run_writes_nothing(terminal: Terminal, spoiled: Path, tmp_path: Path) -> None:
    """
    --dry-run holds over -o.
    """
    said = terminal("image", "hygiene", spoiled, "-o", tmp_path / "new.tar.gz", "--dry-run")

    assert (0, ["noble.tar.gz"]) == (said.code, [one.name for one in tmp_path.iterdir()])


@pytest.mark.parametrize("how", ["w:gz", "w:xz", "w:bz2"])
def test_the_new_image_has_the_container_of_the_old(
    terminal: Terminal, tmp_path: Path, how: Literal["w:gz", "w:xz", "w:bz2"]
) -> None:
    """
    tgz, txz and tbz stay what they are, all that is not mended stays, and the findings are gone.
    """
    old, new = packed(_SPOILED, tmp_path / "old", how), tmp_path / "new"
    said = json.loads(terminal("image", "hygiene", old, "-o", new, "--json").out)
    with tarfile.open(new) as tar:
        sizes = {one.name: one.size for one in tar}

    assert (old.read_bytes()[:3], {"B08", "B09", "B12", "A14"}, [], 0, None, None, 4) == (
        new.read_bytes()[:3],
        {one["rule"] for one in said["vanished"]} - {"A13"},
        [one for one in said["left"] if one["rule"] != "A13"],
        sizes["./etc/machine-id"],
        sizes.get("./etc/ssh/ssh_host_rsa_key"),
        sizes.get("./run/x.pid"),
        sizes["./srv/kept"],
    )


def test_only_and_except_choose(terminal: Terminal, spoiled: Path) -> None:
    """
    --only names all that is mended, --except takes of it.
    """
    words = ("--only", "machine-id", "--only", "host-keys", "--except", "host-keys")
    said = json.loads(terminal("image", "hygiene", spoiled, *words, "--json").out)

    assert (["machine-id"], [("etc/machine-id", "empty")]) == (
        said["words"],
        [(one["path"], one["act"]) for one in said["changes"]],
    )


def test_a_clean_image_is_left_alone(terminal: Terminal, spoiled: Path, tmp_path: Path) -> None:
    """
    Where nothing is to mend it says so, and writes nothing.
    """
    said = terminal("image", "hygiene", spoiled, "--only", "packer-backup", "-o", tmp_path / "new.tar.gz")

    assert (0, "nothing is to mend in noble.tar.gz; nothing was written\n", ["noble.tar.gz"]) == (
        said.code,
        said.out,
        [one.name for one in tmp_path.iterdir()],
    )


def test_a_file_that_is_there_is_left_alone(terminal: Terminal, spoiled: Path) -> None:
    """
    An image is never mended in place.
    """
    before = spoiled.read_bytes()
    said = terminal("image", "hygiene", spoiled, "-o", spoiled)

    assert (5, before) == (said.code, spoiled.read_bytes())


def test_a_folder_becomes_what_the_target_says(terminal: Terminal, tmp_path: Path) -> None:
    """
    Of a folder an image is made, its container by the name of the new file.
    """
    (tmp_path / "root" / "etc").mkdir(parents=True)
    (tmp_path / "root" / "etc" / "machine-id").write_text("5d5d")
    new = tmp_path / "new.txz"
    said = terminal("image", "hygiene", tmp_path / "root", "--only", "machine-id", "-o", new)
    with tarfile.open(new, "r:xz") as tar:
        size = tar.getmember("./etc/machine-id").size

    assert (0, 0, "5d5d") == (said.code, size, (tmp_path / "root" / "etc" / "machine-id").read_text())


def test_what_is_no_tar_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    """
    What hygiene does not write is refused with the way to go.
    """
    disk = tmp_path / "disk.dd.gz"
    disk.write_bytes(gzip.compress(bytes(4096)))
    said = terminal("image", "hygiene", disk)

    assert (2, True) == (said.code, "tundish pack disk.dd.gz --as tgz -o root.tar.gz" in said.err)


def test_an_unknown_word_is_refused(terminal: Terminal, spoiled: Path) -> None:
    """
    A word that there is not is answered with those there are.
    """
    said = terminal("image", "hygiene", spoiled, "--only", "spoons")

    assert (2, True) == (said.code, "there are: machine-id, host-keys" in said.err)

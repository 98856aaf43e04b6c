"""
`tundish pack` of disks, which come without digests; and that the checks find nothing in what was packed.
"""

import json
import signal
import tarfile
from pathlib import Path
from time import monotonic

import pytest

from tests.cli.terminal import Terminal
from tests.support.processes import SECONDS, tundish
from tests.support.real_disks import run

_STAMPS = {"A07", "A08", "A11"}


def _tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for folder in ("etc", "usr/bin", "dev", "var"):
        (root / folder).mkdir(parents=True)
    (root / "etc" / "os-release").write_text("ID=debian\nVERSION_ID=12\n")
    (root / "etc" / "empty").touch()
    (root / "etc" / "again").hardlink_to(root / "etc" / "os-release")
    (root / "usr" / "bin" / "large").write_bytes(b"tundish " * 40_000)
    (root / "usr" / "bin" / "large").chmod(0o4755)
    (root / "bin").symlink_to("usr/bin")
    return root


def _disk(kind: str, tmp_path: Path) -> Path:
    tree, made = _tree(tmp_path), tmp_path / f"made.{kind}"
    if kind == "squashfs":
        run("mksquashfs", tree, made, "-no-progress", "-quiet", "-all-root")
        return made
    raw = tmp_path / "raw"
    run("mke2fs", "-q", "-t", "ext4", "-d", tree, raw, "8M")
    if kind == "qcow2":
        run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, made)
        return made
    return raw.rename(made)


@pytest.mark.parametrize("kind", ["ext4", "qcow2", "squashfs"])
def test_a_disk_is_packed_and_read_back(terminal: Terminal, tmp_path: Path, kind: str) -> None:
    """
    The tar of a disk holds the content and the modes of its files, and is verified.
    """
    packed = tmp_path / "packed.tgz"
    said = json.loads(terminal("pack", _disk(kind, tmp_path), "--as", "tgz", "-o", packed, "--json").out)
    with tarfile.open(packed) as opened:
        large = opened.extractfile("./usr/bin/large")
        content = large.read() if large else b""
        mode = opened.getmember("./usr/bin/large").mode

    assert (True, b"tundish " * 40_000, 0o4755) == (said["verified"], content, mode)


def test_a_squashfs_is_the_same_bytes_twice_and_read_back(terminal: Terminal, tmp_path: Path) -> None:
    """
    Two squashfs of one folder are equal, and each is compared with the folder before it gets its name.
    """
    tree, made = _tree(tmp_path), [tmp_path / "one.squashfs", tmp_path / "two.squashfs"]
    said = [json.loads(terminal("pack", tree, "--as", "squashfs", "-o", one, "--json").out) for one in made]

    assert ([True, True], made[0].read_bytes()) == ([one["verified"] for one in said], made[1].read_bytes())


def test_lists_that_a_squashfs_cannot_take_are_named(terminal: Terminal, tmp_path: Path) -> None:
    """
    The path that loses its access control list is told, in the answer and to the person.
    """
    tree = _tree(tmp_path)
    run("setfacl", "-m", "u:1234:r", tree / "etc" / "empty")
    said = json.loads(terminal("pack", tree, "--as", "squashfs", "-o", tmp_path / "made", "--json").out)

    assert ["etc/empty"] == said["without_acl"]


def test_the_checks_find_no_stamp_in_what_was_packed(terminal: Terminal, tmp_path: Path) -> None:
    """
    No rule of the archive's form fails, and the header of gzip has neither name nor time.
    """
    packed = tmp_path / "packed.tgz"
    terminal("pack", _tree(tmp_path), "--as", "tgz", "-o", packed)
    found = json.loads(terminal("check", packed, "--json").out)["findings"]
    failed = {one["id"] for one in found if one["status"] == "fail"}
    seen = {each["where"]: each["value"] for one in found if one["id"] == "A15" for each in one["evidence"]}

    assert (set(), "bare") == (failed & _STAMPS, seen["gzip header"])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_leaves_nothing(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """
    Ctrl-C and SIGTERM while a file is written take it away, however often they are sent.
    """
    root, out = tmp_path / "root", tmp_path / "out"
    root.mkdir()
    out.mkdir()
    with (root / "long").open("wb") as long:
        long.truncate(256 << 20)
    with tundish(
        tmp_path / "state", "pack", str(root), "--as", "txz", "-o", str(out / "new"), "--no-verify"
    ) as command:
        until = monotonic() + SECONDS
        while not list(out.iterdir()) and monotonic() < until:
            pass
        for _ in range(2 if number == signal.SIGTERM else 1):  # `timeout` sends it twice
            command.send(number)
        ended = command.ended()

    assert (code, False, []) == (ended.code, "Traceback" in ended.said, list(out.iterdir()))


@pytest.mark.parametrize(
    "container", ["ext4", "qcow2", "ddraw", "ddgz", "ddxz", "ddbz2", "ddtar", "ddtgz", "ddtxz", "ddtbz"]
)
def test_a_root_becomes_a_disk_and_is_read_back(terminal: Terminal, tmp_path: Path, container: str) -> None:
    """
    Twice the same bytes, compared with what was to be written; with what firmware misses.
    """
    tree, one, two = _tree(tmp_path), tmp_path / "one", tmp_path / "two"
    said = json.loads(terminal("pack", tree, "--as", container, "-o", one, "--json").out)
    terminal("pack", tree, "--as", container, "-o", two)
    warnings = 0 if container == "ext4" else 1

    assert (True, warnings, True) == (
        said["verified"],
        len(said["warnings"]),
        one.read_bytes() == two.read_bytes(),
    )


@pytest.mark.parametrize(("option", "fitted"), [((), True), (("--as-it-is",), False)])
def test_a_disk_is_fitted_to_be_started_by_uefi(
    terminal: Terminal, tmp_path: Path, option: tuple[str, ...], fitted: bool
) -> None:
    """
    Loaders of the image go into the ESP, and the checks see that UEFI starts it; unless nothing is to change.
    """
    tree, made = _tree(tmp_path), tmp_path / "made"
    signed = tree / "usr" / "lib" / "grub" / "x86_64-efi-signed"
    for folder in (tree / "boot", tree / "usr" / "lib" / "shim", signed):
        folder.mkdir(parents=True)
    (tree / "usr" / "bin" / "sh").write_bytes(b"\x7fELF\2\1\1".ljust(18, b"\0") + b"\x3e".ljust(40, b"\0"))
    (tree / "boot" / "vmlinuz-6.1.0").write_bytes(b"kernel")
    (tree / "usr" / "lib" / "shim" / "shimx64.efi.signed").write_bytes(b"MZ")
    (signed / "grubx64.efi.signed").write_bytes(b"MZ\0/EFI/debian\0")
    said = json.loads(terminal("pack", tree, "--as", "ddgz", "-o", made, *option, "--json").out)
    firmware = json.loads(terminal("check", made, "--json").out)["plan"]["firmware"]

    assert (fitted, fitted, not fitted) == (
        "etc/fstab" in {one["path"] for one in said["fitted"]},
        "UEFI" in firmware,
        bool(said["warnings"]),
    )


@pytest.mark.parametrize("option", [("--size", "1G"), ("--firmware", "bios"), ("--compress", "zstd")])
def test_a_tar_has_neither_size_nor_partitions(
    terminal: Terminal, tmp_path: Path, option: tuple[str, str]
) -> None:
    """
    What a container does not have cannot be chosen; it is a mistake in the command.
    """
    said = terminal("pack", _tree(tmp_path), "--as", "tgz", "-o", tmp_path / "x", *option)

    assert 2 == said.code

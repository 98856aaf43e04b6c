"""
`tundish image hygiene` of disks: a new one, changed where its root is and nowhere else.
"""

import gzip
import json
import tarfile
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.support.real_disks import run
from tests.support.systems import SYSTEMS
from tests.support.tarball import packed

MIB = 1024 * 1024
KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + b"of this build alone\n" * 300
LISTS = b"deb http://mirror.example/debian bookworm main\ndeb file:/build ./\n" + b"# a note\n" * 2000
START, SIZE = 4 * MIB, 24 * MIB


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """
    A disk of a GPT: something that is no business of ours, the root, and some more of it.
    """
    tree = tmp_path / "tree"
    with tarfile.open(packed(SYSTEMS["ubuntu"].tree(), tmp_path / "tree.tgz")) as tar:
        tar.extractall(tree, filter="tar")
    ssh, apt = tree / "etc" / "ssh", tree / "etc" / "apt"
    for folder in (ssh, apt, tree / "root", tree / "var" / "log", tree / "tmp" / "deep"):
        folder.mkdir(parents=True, exist_ok=True)
    (tree / "etc" / "machine-id").unlink(missing_ok=True)
    (tree / "etc" / "machine-id").write_text("5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d\n")
    (ssh / "ssh_host_rsa_key").write_bytes(KEY)
    (apt / "sources.list").unlink(missing_ok=True)
    (apt / "sources.list").write_bytes(LISTS)
    (tree / "tmp" / "deep" / "file").write_bytes(b"left")
    (tree / "var" / "log" / "syslog").write_bytes(b"logged\n" * 9000)
    disk, root = tmp_path / "disk.raw", tmp_path / "root.ext4"
    run("mke2fs", "-q", "-t", "ext4", "-d", tree, root, f"{SIZE // 1024}k")
    with disk.open("wb") as output:
        output.truncate(32 * MIB)
    table = f"label: gpt\nstart=2048, size=2048\nstart={START // 512}, size={SIZE // 512}\n"
    run("sfdisk", "-q", disk, said=table)
    with disk.open("r+b") as output:
        for at, data in ((MIB, b"other" * 9000), (START, root.read_bytes())):
            output.seek(at)
            output.write(data)
    return disk


def _contained(raw: Path, kind: str, folder: Path) -> Path:
    made = folder / f"old.{kind}"
    if kind == "qcow2":
        run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-c", raw, made)
    elif kind == "ddtgz":
        with tarfile.open(made, "w:gz") as tar:
            tar.add(raw, "disk.raw")
    elif kind == "ddgz":
        made.write_bytes(gzip.compress(raw.read_bytes(), 1))
    else:
        made.write_bytes(raw.read_bytes())
    return made


def _bare(made: Path, kind: str) -> bytes:
    if kind == "qcow2":
        run("qemu-img", "check", made)
        run("qemu-img", "convert", "-f", "qcow2", "-O", "raw", made, made.with_suffix(".bare"))
        return made.with_suffix(".bare").read_bytes()
    if kind == "ddtgz":
        with tarfile.open(made) as tar:
            member = tar.extractfile(tar.getnames()[0])
            return member.read() if member else b""
    return gzip.decompress(made.read_bytes()) if kind == "ddgz" else made.read_bytes()


@pytest.mark.parametrize("kind", ["ddraw", "qcow2", "ddgz", "ddtgz"])
def test_a_disk_is_mended_in_a_new_one(terminal: Terminal, raw: Path, tmp_path: Path, kind: str) -> None:
    """
    What is no business of the root stays byte by byte, the root is clean, and nothing of a key is left.
    """
    old, new = _contained(raw, kind, tmp_path), tmp_path / "new"
    said = json.loads(terminal("image", "hygiene", old, "-o", new, "--json").out)
    before, after = raw.read_bytes(), _bare(new, kind)
    root = tmp_path / "root.after"
    root.write_bytes(after[START : START + SIZE])
    run("e2fsck", "-fn", root)
    listed = run("debugfs", "-R", "cat /etc/apt/sources.list", root)

    assert (
        True,
        True,
        before[:START],
        before[START + SIZE :],
        (True, False),
        (True, False),
        LISTS[-6000:],
    ) == (
        said["verified"],
        {"B08", "B09"} <= {one["rule"] for one in said["vanished"]},
        after[:START],
        after[START + SIZE :],
        (b"PRIVATE KEY" in before, b"PRIVATE KEY" in after),
        (b"of this build" in before, b"of this build" in after),
        listed[-6000:],
    )


def test_the_same_disk_gives_the_same_bytes(terminal: Terminal, raw: Path, tmp_path: Path) -> None:
    """
    No clock of this machine goes into a mended disk; the old one is not touched.
    """
    before, made = raw.read_bytes(), [tmp_path / "one", tmp_path / "two"]
    for one in made:
        terminal("image", "hygiene", raw, "-o", one)

    assert (before, made[0].read_bytes()) == (raw.read_bytes(), made[1].read_bytes())


def test_the_difference_of_a_disk_is_shown_first(terminal: Terminal, raw: Path, tmp_path: Path) -> None:
    """
    Without a target the changes are told, those that `tundish check` names, and nothing is written.
    """
    said = terminal("image", "hygiene", raw)

    assert (0, True, set()) == (
        said.code,
        "  - etc/ssh/ssh_host_rsa_key\n" in said.out,
        {one.name for one in tmp_path.iterdir()} - {"disk.raw", "root.ext4", "tree", "tree.tgz"},
    )


def test_lines_that_go_are_gone(terminal: Terminal, raw: Path, tmp_path: Path) -> None:
    """
    A file that loses lines keeps its inode, gets shorter, and its old end is zeros.
    """
    new, root = tmp_path / "new", tmp_path / "root.after"
    terminal("image", "hygiene", raw, "--only", "proxy-leftovers", "-o", new)
    root.write_bytes(new.read_bytes()[START : START + SIZE])

    assert LISTS.replace(b"deb file:/build ./\n", b"") == run(
        "debugfs", "-R", "cat /etc/apt/sources.list", root
    )


def test_another_filesystem_is_refused_with_the_way_round_it(
    terminal: Terminal, raw: Path, tmp_path: Path
) -> None:
    """
    What cannot be mended where it is can be packed anew.
    """
    made = tmp_path / "xfs"
    run("truncate", "-s", "320M", made)
    run("mkfs.xfs", "-q", "-p", _proto(tmp_path), made)
    said = terminal("image", "hygiene", made, "-o", tmp_path / "new")

    assert (2, True) == (said.code, "tundish pack xfs --as ddraw" in said.err)


def _proto(folder: Path) -> Path:
    (folder / "os-release").write_text("ID=rocky\nVERSION_ID=9\n")
    proto = folder / "proto"
    proto.write_text(f"/\n0 0\nd--755 0 0\netc d--755 0 0\nos-release ---644 0 0 {folder}/os-release\n$\n$\n")
    return proto


def test_a_spoiled_filesystem_is_left_alone(terminal: Terminal, raw: Path, tmp_path: Path) -> None:
    """
    Where e2fsck finds faults nothing is changed.
    """
    run("debugfs", "-w", "-R", "sif /etc/os-release links_count 5", f"{raw}?offset={START}")
    said = terminal("image", "hygiene", raw, "-o", tmp_path / "new")

    assert (True, False) == ("e2fsck finds faults" in said.err, (tmp_path / "new").exists())

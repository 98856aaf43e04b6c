"""
What only folders have: pipes, devices, rights, files that shrink. The rest is in the contract.
"""

import errno
import io
import os
from pathlib import Path

import pytest

from tundish.core.errors import BadStatus, CutShort, Gone, InputError, Unreachable
from tundish.fetch.fetcher import Limits
from tundish.fetch.folder import FolderAnswer, FolderFetcher, path_of

FETCHER = FolderFetcher(Limits(chunk=10))


def test_a_pipe_is_refused_without_hanging(tmp_path: Path) -> None:
    """
    A pipe that nobody writes to does not hold us.
    """
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(BadStatus, match="a device, pipe or socket, not a file"):
        FETCHER.document(str(tmp_path / "pipe"), limit=10)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
def test_a_device_is_refused(path: str) -> None:
    """
    A device is not read.
    """
    with pytest.raises(BadStatus, match="a device, pipe or socket, not a file"):
        FETCHER.document(path, limit=10)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """
    A folder is refused by name.
    """
    with pytest.raises(BadStatus, match="is a folder, not a file"):
        FETCHER.document(str(tmp_path), limit=10)


def test_a_link_is_followed(tmp_path: Path) -> None:
    """
    Symbolic links are the operator's business.
    """
    (tmp_path / "file").write_bytes(b"here")
    (tmp_path / "link").symlink_to(tmp_path / "file")

    assert b"here" == FETCHER.document(str(tmp_path / "link"), limit=10)


@pytest.mark.parametrize("name", ["loop", "file/below", "n" * 300, "nothing"])
def test_what_is_not_there_is_gone(tmp_path: Path, name: str) -> None:
    """
    A loop of links, a path through a file, an impossible name: no such file.
    """
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "file").touch()

    with pytest.raises(Gone, match="no such file"):
        FETCHER.document(str(tmp_path / name), limit=10)


class Failing(io.BytesIO):
    """
    A file on a dying disk.
    """

    def read(self, size: int | None = -1) -> bytes:
        raise OSError(errno.EIO, "Input/output error")


def test_a_read_error_of_the_disk_is_upstream() -> None:
    """
    What the kernel cannot read is an error of ours.
    """
    answer = FolderAnswer(Failing(), "/srv/x", start=0, end=10, mark="", chunk=10)

    with pytest.raises(Unreachable, match=r"/srv/x: cannot be read \(Input/output error\)"):
        list(answer.chunks())


def test_a_file_that_shrinks_is_cut_short(tmp_path: Path) -> None:
    """
    A file that becomes shorter while it is read is not taken for complete.
    """
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100)

    with FETCHER.open(str(file)) as answer:
        os.truncate(file, 10)
        with pytest.raises(CutShort, match="90 bytes shorter"):
            list(answer.chunks())


def test_a_file_that_grows_is_read_as_long_as_it_was(tmp_path: Path) -> None:
    """
    No more bytes come than were promised.
    """
    file = tmp_path / "file"
    file.write_bytes(b"x" * 15)

    with FETCHER.open(str(file)) as answer:
        file.write_bytes(b"x" * 100)
        came = b"".join(answer.chunks())

    assert b"x" * 15 == came


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/srv/a%20b#c?d", "/srv/a%20b#c?d"),
        ("file:///srv/a%20b%23%3F", "/srv/a b#?"),
        ("file://localhost/srv", "/srv"),
        ("FILE:///srv", "/srv"),
    ],
)
def test_which_path_is_meant(url: str, expected: str) -> None:
    """
    A path is literal; an address is decoded.
    """
    assert expected == path_of(url)


@pytest.mark.parametrize(
    "url",
    [
        "file://host/srv",
        "file:srv",
        "srv",
        "",
        "file:///a?b",
        "file:///a#b",
        "/a\0b",
        "file:///a%00",
        "/\ud800",
    ],
)
def test_what_is_no_folder_of_this_machine_is_refused(url: str) -> None:
    """
    Another machine, a relative path, a query, a NUL: the caller's mistake.
    """
    with pytest.raises(InputError):
        path_of(url)

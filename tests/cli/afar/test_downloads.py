"""
Files of a server, fetched to this machine.
"""

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.afar.conftest import Pair
from tests.support.roots import tar_of
from tundish.cli.afar import downloads
from tundish.core.digest import Digest
from tundish.core.errors import BadDocument, Conflict, DigestMismatch, Stalled, StorageError, TundishError
from tundish.core.image import Item
from tundish.core.names import ItemName, ItemPath
from tundish.fetch.sending import Sent
from tundish.remote.server import Server

CONTENT = bytes(range(256)) * 40
ITEM = Item(ItemName("root"), "root-tgz", ItemPath("a/root"), len(CONTENT), Digest.of(CONTENT))
PIECE = 4_000


@dataclass
class Slow:
    """
    A server that answers so many pieces of `content`, and then no more.
    """

    pieces: int = 99
    content: bytes = CONTENT
    status: int = 206
    asked: list[str] = field(default_factory=list)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] = b"",
        limit: int,
    ) -> Sent:
        if len(self.asked) == self.pieces:
            raise Stalled(f"{method} {url}: broken off")
        self.asked.append(headers["Range"])
        first, last = headers["Range"].removeprefix("bytes=").split("-")
        return Sent(self.status, {}, self.content[int(first) : int(last) + 1])


def fetch(slow: Slow, output: Path) -> type[TundishError] | None:
    """
    How it ended.
    """
    server = Server("http://lab", "td_1_2", slow)
    try:
        downloads.fetch(server, "/images/1/files/root", ITEM, output, heard=lambda _a, _b: None, piece=PIECE)
    except TundishError as error:
        return type(error)
    return None


@pytest.fixture
def held(pair: Pair, tmp_path: Path) -> Pair:
    """
    A server with an image that was brought to it.
    """
    file = tmp_path / "down9.tar.gz"
    file.write_bytes(gzip.compress(tar_of().getvalue(), mtime=0))
    pair.here("image", "upload", str(file), "--name", "custom/down9", "--base-image", "rhel/9")
    pair.here("image", "accept", "custom/down9", "--reason", "a test")
    return pair


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_a_file_is_fetched_as_it_is_copied_there(held: Pair, tmp_path: Path, form: tuple[str, ...]) -> None:
    """
    The same bytes, and the same words but for the name of the file.
    """
    words = ("image", "download", "custom/down9/amd64", *form, "-o")
    here, afar = held.here(*words, str(tmp_path / "a")), held.afar(*words, str(tmp_path / "b"))
    known = afar.out.replace(str(tmp_path / "b"), str(tmp_path / "a"))

    assert (0, here.out, (tmp_path / "down9.tar.gz").read_bytes()) == (
        afar.code,
        known,
        (tmp_path / "b").read_bytes(),
    ), afar.err


def test_a_file_that_is_there_stays(held: Pair, tmp_path: Path) -> None:
    """
    Refused in the same words.
    """
    file = tmp_path / "mine"
    file.write_bytes(b"mine")
    words = ("image", "download", "custom/down9/amd64", "-o", str(file))
    here, afar = held.here(*words), held.afar(*words)

    assert (5, here.err, b"mine") == (afar.code, afar.err, file.read_bytes())


def test_what_broke_off_goes_on(tmp_path: Path) -> None:
    """
    Only what lacks is asked for; nothing but the whole file is left.
    """
    output = tmp_path / "root"
    broken, rest = Slow(pieces=2), Slow()
    ends = (fetch(broken, output), output.exists(), fetch(rest, output))

    assert ((Stalled, False, None), ["bytes=8000-10239"], CONTENT, [output]) == (
        ends,
        rest.asked,
        output.read_bytes(),
        list(tmp_path.iterdir()),
    )


def test_other_bytes_are_not_kept(tmp_path: Path) -> None:
    """
    Not even as a beginning: the next run begins anew.
    """
    spoilt = Slow(content=CONTENT[:-1] + b"?")

    assert (DigestMismatch, []) == (fetch(spoilt, tmp_path / "root"), list(tmp_path.iterdir()))


def test_a_longer_beginning_is_cut(tmp_path: Path) -> None:
    """
    Whatever stood behind the bytes that belong there.
    """
    output = tmp_path / "root"
    (tmp_path / f".root.{ITEM.digest.hex[:16]}.part").write_bytes(CONTENT + b"more")

    assert (None, CONTENT) == (fetch(Slow(pieces=0), output), output.read_bytes())


@pytest.mark.parametrize(
    "server", [Slow(status=200), Slow(content=CONTENT[:5_000])], ids=["the whole", "too few"]
)
def test_a_piece_is_what_was_asked_for(tmp_path: Path, server: Slow) -> None:
    """
    A server that knows no ranges, or a file that has become shorter, is told as such.
    """
    assert BadDocument is fetch(server, tmp_path / "root")


def test_a_file_that_came_meanwhile_stays(tmp_path: Path) -> None:
    """
    What was fetched waits beside it.
    """
    output = tmp_path / "root"
    output.write_bytes(b"mine")

    assert (Conflict, b"mine") == (fetch(Slow(), output), output.read_bytes())


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """
    Somebody else may have put it into a folder that all may write to.
    """
    (tmp_path / f".root.{ITEM.digest.hex[:16]}.part").symlink_to(tmp_path / "other")

    assert (StorageError, False) == (fetch(Slow(), tmp_path / "root"), (tmp_path / "other").exists())


def test_two_do_not_fetch_the_same_at_once(tmp_path: Path) -> None:
    """
    The second is told, and asks for nothing.
    """
    first, second = Slow(), Slow()
    ends: list[type[TundishError] | None] = []
    server = Server("http://lab", "td_1_2", first)

    def heard(came: int, _size: int) -> None:
        if came == PIECE:
            ends.append(fetch(second, tmp_path / "root"))

    downloads.fetch(server, "/images/1/files/root", ITEM, tmp_path / "root", heard=heard, piece=PIECE)

    assert ([Conflict], [], CONTENT) == (ends, second.asked, (tmp_path / "root").read_bytes())

"""
The extensions of tus as its protocol says: a first piece at the creation, checksums, lengths said later.
"""

import asyncio
import base64
import gzip
import hashlib
from collections.abc import AsyncIterator

import pytest
from starlette.exceptions import HTTPException

from tests.api.door import Answer, Door
from tests.support.roots import tar_of
from tundish.api import tus
from tundish.api.checked import MOST, Waiting
from tundish.core.errors import Overloaded

ROOT = gzip.compress(tar_of().getvalue(), mtime=0) + bytes(100)
HALF = len(ROOT) // 2
TUS = {"tus-resumable": "1.0.0"}
BODY = {**TUS, "content-type": tus.BODY}
NAME = f"name {base64.b64encode(b'custom/rocky9').decode()}"
LATER = {"upload_defer_length": "1"}


def create(door: Door, piece: bytes = b"", /, **more: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    said = {} if "upload-defer-length" in named else {"upload-length": str(len(ROOT))}
    headers = {**TUS, "upload-metadata": NAME, **said, **named}
    return door.call("POST", "/api/v1/uploads/tus", raw=piece, headers=headers)


def patch(door: Door, content: str, offset: int, piece: bytes, **more: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    headers = {**BODY, "upload-offset": str(offset), **named}
    return door.call("PATCH", content, raw=piece, headers=headers)


def head(door: Door, content: str) -> dict[str, str]:
    return door.call("HEAD", content, headers=TUS).headers


def checksum(algorithm: str, piece: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, piece).digest()).decode()}"


def states(door: Door) -> list[str]:
    return [each.state for each in door.app.catalog.uploads.list()]


@pytest.mark.parametrize("end", [HALF, len(ROOT)], ids=["half", "whole"])
def test_a_creation_brings_its_first_piece(door: Door, end: int) -> None:
    """
    The answer says where the next one belongs.
    """
    begun = create(door, ROOT[:end], content_type=tus.BODY)

    assert (201, str(end), str(end)) == (
        begun.status,
        begun.headers["upload-offset"],
        head(door, begun.headers["location"])["upload-offset"],
    )


def test_a_body_of_another_type_is_no_piece(door: Door) -> None:
    """
    As from a client that sends a type with all that it asks.
    """
    assert (201, "0") == (
        (begun := create(door, b"{}", content_type="application/json")).status,
        begun.headers["upload-offset"],
    )


def test_a_creation_with_more_than_it_says_is_refused(door: Door) -> None:
    """
    Nothing is kept of it.
    """
    refused = create(door, ROOT + b"x", content_type=tus.BODY)

    assert (422, ["refused"], []) == (refused.status, states(door), list(door.app.store.unfinished()))


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_piece_of_its_checksum_is_kept(door: Door, algorithm: str) -> None:
    """
    By each of the algorithms that are told.
    """
    content = create(door).headers["location"]
    sent = patch(door, content, 0, ROOT[:HALF], upload_checksum=checksum(algorithm, ROOT[:HALF]))

    assert (204, str(HALF)) == (sent.status, sent.headers["upload-offset"])


def test_nothing_of_a_piece_of_another_checksum_is_kept(door: Door) -> None:
    """
    It is answered with 460; the offset stays where it was, and the right piece goes on from there.
    """
    content = create(door).headers["location"]
    patch(door, content, 0, ROOT[:10])
    wrong = patch(door, content, 10, ROOT[10:HALF], upload_checksum=checksum("sha1", b"another"))
    stayed = head(door, content)["upload-offset"]
    right = patch(door, content, 10, ROOT[10:], upload_checksum=checksum("sha1", ROOT[10:]))

    assert (460, "10", 204) == (wrong.status, stayed, right.status)


@pytest.mark.parametrize(
    "said",
    ["md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha1", "sha1 %%%", "sha256 " + "2jmj7l5rSw0yVb/vlWAYkK/YBwk="],
    ids=["unknown", "empty", "no base64", "of another length"],
)
def test_a_checksum_that_is_none_is_refused(door: Door, said: str) -> None:
    """
    With 400, as tus says, and before a byte is taken.
    """
    content = create(door).headers["location"]

    assert (400, "0") == (
        patch(door, content, 0, ROOT, upload_checksum=said).status,
        head(door, content)["upload-offset"],
    )


def test_a_creation_with_another_checksum_leaves_nothing(door: Door) -> None:
    """
    Its client never learns the address, so the upload is given up.
    """
    refused = create(door, ROOT, content_type=tus.BODY, upload_checksum=checksum("sha1", b"another"))

    assert (460, ["cancelled"], []) == (refused.status, states(door), list(door.app.store.unfinished()))


def test_a_piece_with_a_checksum_is_not_longer_than_memory_allows(door: Door) -> None:
    """
    By what it says, before it comes.
    """
    content = create(door).headers["location"]
    said = {"upload_checksum": checksum("sha1", b""), "content_length": str(MOST + 1)}

    assert 413 == patch(door, content, 0, ROOT, **said).status


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def verified(waiting: Waiting, size: int, *chunks: bytes) -> list[bytes]:
    promised = tus.checksum(checksum("sha1", b"".join(chunks)))
    assert promised is not None

    async def all_of_them() -> list[bytes]:
        return [chunk async for chunk in waiting.verified(pieces(*chunks), size, promised)]

    return asyncio.run(all_of_them())


def test_a_piece_in_chunks_is_not_longer_either() -> None:
    """
    Where no length is said, what comes is counted.
    """
    with pytest.raises(HTTPException, match="at most"):
        verified(Waiting(), MOST, bytes(MOST), b"x")


def test_pieces_with_checksums_have_room_together() -> None:
    """
    Who finds none is told to come again.
    """
    with pytest.raises(Overloaded, match="send this one again"):
        verified(Waiting(room=10), 11, bytes(11))


def test_room_is_given_back() -> None:
    """
    As soon as a piece has come.
    """
    waiting = Waiting(room=10)

    assert [[bytes(10)]] * 2 == [verified(waiting, 10, bytes(10)) for _ in range(2)]


def test_a_length_may_be_said_with_a_piece(door: Door) -> None:
    """
    Until then, the answer says that it is not known.
    """
    content = create(door, b"", **LATER).headers["location"]
    patch(door, content, 0, ROOT[:HALF])
    before = head(door, content)
    patch(door, content, HALF, ROOT[HALF:], upload_length=str(len(ROOT)))
    after = head(door, content)

    assert ("1", None, None, str(len(ROOT)), ["checking"]) == (
        before["upload-defer-length"],
        before.get("upload-length"),
        after.get("upload-defer-length"),
        after["upload-length"],
        states(door),
    )


def test_a_length_alone_completes_what_has_come(door: Door) -> None:
    """
    A client that learned the end late sends an empty piece.
    """
    content = create(door, b"", **LATER).headers["location"]
    patch(door, content, 0, ROOT)
    patch(door, content, len(ROOT), b"", upload_length=str(len(ROOT)))

    assert ["checking"] == states(door)


@pytest.mark.parametrize("size", [str(HALF - 1), str(2**40), "0", "ten", str(len(ROOT) + 1)])
def test_a_length_that_cannot_be_is_refused(door: Door, size: str) -> None:
    """
    Fewer bytes than have come, more than may, none, no number, and another than was said.
    """
    content = create(door, b"", **LATER).headers["location"]
    patch(door, content, 0, ROOT[:HALF])
    if size == str(len(ROOT) + 1):
        patch(door, content, HALF, b"", upload_length=str(len(ROOT)))
    refused = patch(door, content, HALF, ROOT[HALF:], upload_length=size)

    assert (422, str(HALF)) == (refused.status, head(door, content)["upload-offset"])


@pytest.mark.parametrize("more", [{"upload_defer_length": "2"}, {**LATER, "upload_length": "9"}])
def test_a_length_is_said_or_deferred(door: Door, more: dict[str, str]) -> None:
    """
    Not both, and deferred by the word of tus; nothing is begun.
    """
    assert (422, []) == (create(door, b"", **more).status, states(door))

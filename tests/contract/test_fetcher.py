"""
What every fetcher promises, proved on each: over HTTP, from a folder by path and by file:// address, and
routed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.hostile_server import HostileServer
from tundish.core.errors import Gone, InputError, TooLong
from tundish.fetch.fetcher import Fetcher, Limits
from tundish.fetch.folder import FolderFetcher
from tundish.fetch.http import HttpFetcher
from tundish.fetch.routed import RoutedFetcher, join

CONTENT = bytes(range(256)) * 40
AWKWARD = "a b/100%25 #1?/ü+;=&~.img"
FILES = {"big": CONTENT, "empty": b"", AWKWARD: b"awkward"}
LIMITS = Limits(connect=2.0, stall=2.0, chunk=1000, document=50_000)


@dataclass(frozen=True, slots=True)
class Place:
    """
    A fetcher, where it finds `FILES`, and how to change one.
    """

    fetcher: Fetcher
    base: str
    change: Callable[[str, bytes], None]

    def at(self, path: str) -> str:
        return join(self.base, path)


def _over_http() -> Iterator[Place]:
    with HostileServer(FILES) as server, HttpFetcher(LIMITS) as fetcher:
        yield Place(fetcher, server.url, server.files.__setitem__)


def _in_folder(root: Path, base: str, fetcher: Fetcher) -> Iterator[Place]:
    def change(path: str, content: bytes) -> None:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    for path, content in FILES.items():
        change(path, content)
    yield Place(fetcher, base, change)


@pytest.fixture(params=["http", "path", "file", "routed http", "routed file"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    root, kind = tmp_path / "with #? %20 ü", request.param
    folder = FolderFetcher(LIMITS)
    if kind == "http":
        yield from _over_http()
    elif kind == "path":
        yield from _in_folder(root, str(root), folder)
    elif kind == "file":
        yield from _in_folder(root, root.as_uri(), folder)
    else:
        with HostileServer(FILES) as server, HttpFetcher(LIMITS) as http:
            routed = RoutedFetcher(http, folder)
            if kind == "routed http":
                yield Place(routed, server.url, server.files.__setitem__)
            else:
                yield from _in_folder(root, root.as_uri() + "/", routed)


def test_a_file_comes_whole(place: Place) -> None:
    """
    The chunks of a transfer are the file.
    """
    with place.fetcher.open(place.at("big")) as answer:
        came = b"".join(answer.chunks())

    assert came == CONTENT


def test_no_chunk_is_longer_than_the_limit(place: Place) -> None:
    """
    Chunks are at most `limits.chunk` bytes, and none is empty.
    """
    with place.fetcher.open(place.at("big")) as answer:
        sizes = [len(chunk) for chunk in answer.chunks()]

    assert all(0 < size <= LIMITS.chunk for size in sizes)


def test_an_empty_file_comes_empty(place: Place) -> None:
    """
    An empty file is an answer without chunks.
    """
    with place.fetcher.open(place.at("empty")) as answer:
        came = (answer.offset, answer.length, list(answer.chunks()))

    assert (0, 0, []) == came


def test_awkward_signs_reach_the_file_meant(place: Place) -> None:
    """
    A space, `%25`, `#`, `?` or `ü` in an item path neither ends nor changes the address.
    """
    assert b"awkward" == place.fetcher.document(place.at(AWKWARD), limit=100)


def test_the_length_is_told_before_the_bytes(place: Place) -> None:
    """
    An answer says how many bytes are to come.
    """
    with place.fetcher.open(place.at("big")) as answer:
        assert len(CONTENT) == answer.length


def test_a_transfer_resumes(place: Place) -> None:
    """
    From an offset, with the validator of the same file, only the rest comes.
    """
    with place.fetcher.open(place.at("big")) as answer:
        validator = answer.validator
    with place.fetcher.open(place.at("big"), offset=1234, validator=validator) as answer:
        came = (answer.offset, answer.length, b"".join(answer.chunks()))

    assert (1234, len(CONTENT) - 1234, CONTENT[1234:]) == came


def test_a_transfer_resumes_without_a_validator(place: Place) -> None:
    """
    From an offset alone, the rest of whatever is there comes.
    """
    with place.fetcher.open(place.at("big"), offset=1234) as answer:
        came = (answer.offset, b"".join(answer.chunks()))

    assert (1234, CONTENT[1234:]) == came


def test_a_changed_file_starts_again(place: Place) -> None:
    """
    With the validator of another state of the file, all of it comes, from 0.
    """
    with place.fetcher.open(place.at("big")) as answer:
        validator = answer.validator
    place.change("big", b"new" * 1000)
    with place.fetcher.open(place.at("big"), offset=1234, validator=validator) as answer:
        came = (answer.offset, b"".join(answer.chunks()))

    assert (0, b"new" * 1000) == came


@pytest.mark.parametrize("beyond", [0, 1, 10_000])
def test_a_file_no_longer_than_what_is_held_starts_again(place: Place, beyond: int) -> None:
    """
    An offset at or behind the end means that the file has changed: all of it comes, from 0.
    """
    with place.fetcher.open(place.at("big"), offset=len(CONTENT) + beyond) as answer:
        came = (answer.offset, b"".join(answer.chunks()))

    assert (0, CONTENT) == came


def test_a_missing_file_is_gone(place: Place) -> None:
    """
    What is not there is `Gone`, with status 404.
    """
    with pytest.raises(Gone, match="no such file") as caught, place.fetcher.open(place.at("nothing")):
        pass

    assert 404 == caught.value.status


def test_a_document_comes_whole(place: Place) -> None:
    """
    A document of exactly the limit is allowed.
    """
    assert place.fetcher.document(place.at("big"), limit=len(CONTENT)) == CONTENT


def test_a_document_over_the_limit_is_refused(place: Place) -> None:
    """
    One byte more than the limit is too long.
    """
    with pytest.raises(TooLong, match="longer than the 10239 bytes"):
        place.fetcher.document(place.at("big"), limit=len(CONTENT) - 1)


def test_a_document_is_bounded_whatever_its_caller_allows(place: Place) -> None:
    """
    `limits.document` bounds every document.
    """
    place.change("big", b"x" * (LIMITS.document + 1))

    with pytest.raises(TooLong, match="longer than the 50000 bytes"):
        place.fetcher.document(place.at("big"), limit=10**9)


def test_a_fresh_document_comes_whole(place: Place) -> None:
    """
    Without the name of an earlier state a document comes whole.
    """
    found = place.fetcher.fresh(place.at("big"), limit=len(CONTENT))

    assert found is not None
    assert found.body == CONTENT


def test_an_unchanged_document_does_not_come_again(place: Place) -> None:
    """
    A document that is still in the state named is not sent.
    """
    first = place.fetcher.fresh(place.at("big"), limit=len(CONTENT))

    assert first is not None
    assert None is place.fetcher.fresh(place.at("big"), limit=len(CONTENT), validator=first.validator)


def test_a_changed_document_comes_again(place: Place) -> None:
    """
    A document in another state than the one named comes whole.
    """
    first = place.fetcher.fresh(place.at("big"), limit=len(CONTENT))
    place.change("big", b"new" * 1000)

    assert first is not None
    second = place.fetcher.fresh(place.at("big"), limit=len(CONTENT), validator=first.validator)
    assert second is not None
    assert b"new" * 1000 == second.body


@pytest.mark.parametrize("validator", ["", "no", 'W/"weak"', "x" * 1000, 'a"\r\nX: y'])
def test_a_state_of_no_form_is_not_sent(place: Place, validator: str) -> None:
    """
    What cannot name a state is left out: the document comes whole.
    """
    found = place.fetcher.fresh(place.at("big"), limit=len(CONTENT), validator=validator)

    assert found is not None
    assert found.body == CONTENT


def test_a_fresh_document_over_the_limit_is_refused(place: Place) -> None:
    """
    One byte more than the limit is too long, whatever was known before.
    """
    with pytest.raises(TooLong, match="longer than the 10239 bytes"):
        place.fetcher.fresh(place.at("big"), limit=len(CONTENT) - 1, validator='"other"')


def test_leaving_early_is_allowed(place: Place) -> None:
    """
    Who leaves a transfer half-way can begin the next.
    """
    with place.fetcher.open(place.at("big")) as answer:
        next(answer.chunks())

    assert b"awkward" == place.fetcher.document(place.at(AWKWARD), limit=100)


@pytest.mark.parametrize("url", ["", "ftp://127.0.0.1/x", "x", "http//x", "http://[::1", "file://[x/y"])
def test_what_is_no_address_is_the_callers_mistake(place: Place, url: str) -> None:
    """
    An address of no form we know is an `InputError`.
    """
    with pytest.raises(InputError):
        place.fetcher.document(url, limit=1)

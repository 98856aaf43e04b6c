"""
Digests for an Index whose reader made none.
"""

from collections.abc import Iterator

from tundish.anatomy.hashing import hashed
from tundish.anatomy.index import Entry, Index, Kind, Remark, Trait
from tundish.core.digest import Digest
from tundish.core.errors import BadImage


class Counting:
    """
    Contents that know which files were asked for, in which order.
    """

    def __init__(self) -> None:
        self.read: list[str] = []

    def stream(self, entry: Entry) -> Iterator[bytes]:
        self.read.append(entry.path)
        if entry.path == "damaged":
            raise BadImage("damaged: cluster 7")
        yield b"content of "
        yield entry.path.encode()


def index_of(contents: Counting, *entries: Entry) -> Index:
    return Index("image", [Entry("", Kind.FOLDER), *entries], contents)


def test_each_file_gets_the_sha256_of_its_content() -> None:
    """
    Pieces are hashed in their order; folders have no digest.
    """
    found = hashed(index_of(Counting(), Entry("a", Kind.FILE), Entry("b", Kind.FOLDER)))

    assert [None, Digest.of(b"content of a"), None] == [one.digest for one in found]


def test_files_are_read_in_the_order_of_their_place() -> None:
    """
    A disk is read from its beginning to its end.
    """
    contents = Counting()
    hashed(index_of(contents, Entry("a", Kind.FILE, place=9), Entry("b", Kind.FILE, place=1)))

    assert ["b", "a"] == contents.read


def test_a_file_with_two_names_is_read_once() -> None:
    """
    Both names have the digest.
    """
    contents = Counting()
    found = hashed(index_of(contents, Entry("a", Kind.FILE), Entry("b", Kind.FILE, first="a")))

    assert (["a"], 1) == (contents.read, len({one.digest for one in found if one.path}))


def test_a_damaged_file_is_remarked_and_has_no_digest() -> None:
    """
    The others have theirs.
    """
    found = hashed(index_of(Counting(), Entry("damaged", Kind.FILE), Entry("good", Kind.FILE)))
    expected = {"": None, "damaged": None, "good": Digest.of(b"content of good")}

    assert (expected, (Remark(Trait.UNREADABLE, "damaged", "damaged: cluster 7"),)) == (
        {one.path: one.digest for one in found},
        found.remarks,
    )


def test_more_than_the_limit_is_not_read() -> None:
    """
    A sparse file of an exbibyte is listed without a digest.
    """
    contents = Counting()
    large = Entry("a", Kind.FILE, size=1 << 60)
    found = hashed(index_of(contents, large, Entry("b", Kind.FILE, size=12)), limit=1000)

    assert (["b"], [("a", Trait.UNSUPPORTED)]) == (
        contents.read, [(one.path, one.trait) for one in found.remarks]
    )  # fmt: skip


def test_a_digest_that_is_known_is_kept() -> None:
    """
    What a reader hashed as it passed is not read again.
    """
    contents = Counting()
    hashed(index_of(contents, Entry("a", Kind.FILE, digest=Digest.of(b""))))

    assert [] == contents.read

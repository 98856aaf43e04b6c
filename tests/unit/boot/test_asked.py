from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tundish.boot.asked import Face, Part, Reply, cut, reply

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
NOON_TEXT = "Mon, 04 May 2026 12:00:00 GMT"
LATER_TEXT = "Mon, 04 May 2026 12:00:01 GMT"
EARLIER_TEXT = "Mon, 04 May 2026 11:59:59 GMT"
BLOB = Face(1000, "abc", None)
FILE = Face(1000, "abc", NOON)
WHOLE = Reply(200, (Part(0, 1000),))
SOME = Reply(206, (Part(0, 10),))


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        ("bytes=0-499", (Part(0, 500),)),
        ("bytes=500-", (Part(500, 500),)),
        ("bytes=-200", (Part(800, 200),)),
        ("bytes=-5000", (Part(0, 1000),)),
        ("bytes=990-5000", (Part(990, 10),)),
        ("Bytes=0-0, -1", (Part(0, 1), Part(999, 1))),
        ("bytes=0-9,2000-", (Part(0, 10),)),
        ("bytes=1000-", ()),
        ("bytes=-0", ()),
        ("bytes=2000-3000,5000-", ()),
    ],
)
def test_a_range_names_parts(header: str, parts: tuple[Part, ...]) -> None:
    """
    Each form of a range gives these parts of a file of 1000 bytes; none if all lie outside.
    """
    assert parts == cut(header, 1000)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=5-1",
        "bytes=a-b",
        "bytes=0-1,,2-3",
        "bytes=+1-2",
        "bytes=1-2-3",
        "bytes=\u0660-\u0669",
        "bytes=0-99999999999999999999",
        "lines=0-1",
        "bytes=0-,0-",
        "bytes=" + ",".join(["0-0"] * 17),
    ],
)
def test_a_malformed_or_greedy_range_is_ignored(header: str) -> None:
    """
    A range that is not of its form, has too many parts, or asks for more than the file, is ignored.
    """
    assert cut(header, 1000) is None


def test_no_part_of_an_empty_file_can_be_had() -> None:
    """
    Any range of an empty file lies outside it.
    """
    assert ((), ()) == (cut("bytes=0-", 0), cut("bytes=-5", 0))


@given(header=st.text(alphabet="0123456789-, ", max_size=40), size=st.integers(0, 3000))
def test_parts_lie_in_the_file(header: str, size: int) -> None:
    """
    Whatever is asked, every part lies in the file and all together are no longer than it.
    """
    parts = cut(f"bytes={header}", size) or ()

    assert (True, True) == (
        all(0 <= part.start < part.start + part.length <= size for part in parts),
        sum(part.length for part in parts) <= size,
    )


@pytest.mark.parametrize(
    ("headers", "face", "expected"),
    [
        ({}, BLOB, WHOLE),
        ({"If-None-Match": '"abc"'}, BLOB, Reply(304)),
        ({"If-None-Match": 'W/"abc"'}, BLOB, Reply(304)),
        ({"If-None-Match": '"x", "abc"'}, BLOB, Reply(304)),
        ({"If-None-Match": "*"}, BLOB, Reply(304)),
        ({"If-None-Match": '"x"'}, BLOB, WHOLE),
        ({"If-None-Match": "abc"}, BLOB, WHOLE),
        ({"If-None-Match": '"x"', "If-Modified-Since": NOON_TEXT}, FILE, WHOLE),
        ({"If-Modified-Since": NOON_TEXT}, FILE, Reply(304)),
        ({"If-Modified-Since": EARLIER_TEXT}, FILE, WHOLE),
        ({"If-Modified-Since": "yesterday"}, FILE, WHOLE),
        ({"If-Modified-Since": NOON_TEXT}, BLOB, WHOLE),
        ({"If-Match": '"abc"'}, BLOB, WHOLE),
        ({"If-Match": 'W/"abc"'}, BLOB, Reply(412)),
        ({"If-Match": '"x"'}, BLOB, Reply(412)),
        ({"If-Unmodified-Since": EARLIER_TEXT}, FILE, Reply(412)),
        ({"If-Unmodified-Since": NOON_TEXT}, FILE, WHOLE),
        ({"Range": "bytes=0-9"}, BLOB, SOME),
        ({"Range": "bytes=1000-"}, BLOB, Reply(416)),
        ({"Range": "nonsense"}, BLOB, WHOLE),
        ({"Range": "bytes=0-9", "If-None-Match": '"abc"'}, BLOB, Reply(304)),
        ({"Range": "bytes=0-9", "If-Range": '"abc"'}, BLOB, SOME),
        ({"Range": "bytes=0-9", "If-Range": '"x"'}, BLOB, WHOLE),
        ({"Range": "bytes=0-9", "If-Range": 'W/"abc"'}, BLOB, WHOLE),
        ({"Range": "bytes=0-9", "If-Range": NOON_TEXT}, FILE, SOME),
        ({"Range": "bytes=0-9", "If-Range": LATER_TEXT}, FILE, WHOLE),
        ({"Range": "bytes=0-9", "If-Range": NOON_TEXT}, BLOB, WHOLE),
    ],
)
def test_conditions_and_ranges_are_weighed_in_order(
    headers: dict[str, str], face: Face, expected: Reply
) -> None:
    """
    Preconditions come first, then the range; a stale If-Range gets the whole file.
    """
    assert expected == reply("GET", headers, face)


def test_a_head_request_has_no_range() -> None:
    """
    HEAD is about the whole file, whatever range it names.
    """
    assert WHOLE == reply("HEAD", {"Range": "bytes=0-9"}, BLOB)

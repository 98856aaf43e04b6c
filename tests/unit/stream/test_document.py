"""
The bounds on JSON, and the form of what we write.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.stream.values import JSON, TEXT, payload, quick
from tundish.core.errors import BadDocument, InputError
from tundish.core.image import Json
from tundish.stream import document
from tundish.stream.document import MAX_DEPTH, Object

FORMAT = "index:1.0"


def nested(levels: int) -> bytes:
    """
    An object of the right format, this many levels deep in all.
    """
    return b'{"format": "index:1.0", "x": ' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


def judged(text: bytes) -> str:
    """
    The format of a document, or why it was refused.
    """
    try:
        return str(document.read(payload(text), FORMAT)["format"])
    except BadDocument as error:
        return str(error)


def test_a_document_of_its_format_is_read() -> None:
    """
    The object comes back as it stands.
    """
    expected: Object = {"format": FORMAT, "x": [1, 2.5, None, True, "ä"]}

    assert expected == document.read(payload(json.dumps(expected).encode()), FORMAT)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"", "not JSON"),
        (b"<html>login</html>", "not JSON"),
        (b"\x00\x00\x00", "not JSON"),
        (b'{"format": "index:1.0"', "not JSON"),
        (b'{"format": "index:1.0"}{}', "not JSON"),
        (b'\xef\xbb\xbf{"format": "index:1.0"}', "not JSON"),
        (b'{"format": "\xff"}', "not UTF-8 at byte 12"),
        (b"[]", "the top level must be an object"),
        (b'"index:1.0"', "the top level must be an object"),
        (b"{}", "does not say its format"),
        (b'{"format": "products:1.0"}', "its format is 'products:1.0'"),
        (b'{"format": 1}', "its format is 1"),
        (b'{"format": ["index:1.0"]}', "its format is"),
        (b'{"format": "index:1.0", "format": "index:1.0"}', "the key 'format' stands twice"),
        (b'{"format": "index:1.0", "x": {"a": 1, "a": 1}}', "the key 'a' stands twice"),
        (b'{"format": "index:1.0", "x": NaN}', "NaN is not a number"),
        (b'{"format": "index:1.0", "x": -Infinity}', "-Infinity is not a number"),
        (b'{"format": "index:1.0", "x": 1e999}', "out of bounds"),
        (b'{"format": "index:1.0", "x": 0.' + b"1" * 1000 + b"}", "out of bounds"),
        (b'{"format": "index:1.0", "x": ' + b"1" * 100_000 + b"}", "over 19 digits"),
        (b'{"format": "index:1.0", "x": "\\ud800"}', "half a surrogate pair"),
        (nested(MAX_DEPTH + 1), "deeper than 64 levels"),
        (nested(10_000), "deeper than 64 levels"),
        (b"[" * 100_000, "deeper than 64 levels"),
        (b'{"a":' * 100_000, "deeper than 64 levels"),
    ],
)
def test_what_is_no_such_document_is_refused(text: bytes, fault: str) -> None:
    """
    Each fault is named, and so is the document.
    """
    with pytest.raises(BadDocument, match=f"acme's document.*{fault}"):
        document.read(payload(text), FORMAT)


def test_a_document_of_the_greatest_depth_is_read() -> None:
    """
    64 levels are enough for any real document and still let in.
    """
    assert FORMAT == document.read(payload(nested(MAX_DEPTH)), FORMAT)["format"]


def test_a_whole_surrogate_pair_is_a_sign() -> None:
    """
    JSON writes signs beyond the first plane as two halves.
    """
    text = b'{"format": "index:1.0", "x": "\\ud83d\\ude00"}'

    assert "\N{GRINNING FACE}" == document.read(payload(text), FORMAT)["x"]


def test_a_document_over_the_bound_is_not_parsed() -> None:
    """
    64 MiB of blanks are refused by their length.
    """
    with pytest.raises(BadDocument, match="over 67108864 bytes"):
        document.read(payload(b" " * (document.MAX_BYTES + 1)), FORMAT)


@quick
@given(st.binary(max_size=100) | st.text(max_size=100).map(str.encode))
def test_arbitrary_bytes_are_a_document_or_refused(text: bytes) -> None:
    """
    No bytes break the reader.
    """
    assert judged(text).startswith((FORMAT, "acme's document: "))


@quick
@given(st.dictionaries(TEXT, JSON))
def test_what_is_written_is_read_back(value: dict[str, Json]) -> None:
    """
    Any object survives, if its depth is within the bound.
    """
    whole: Object = {**value, "format": FORMAT}

    assert whole == document.read(payload(document.render(whole)), FORMAT)


@quick
@given(st.dictionaries(TEXT, JSON))
def test_no_line_could_be_changed_by_signing(value: dict[str, Json]) -> None:
    """
    ASCII, no carriage return, no trailing blank, no leading dash, one line feed at the end.
    """
    text = document.render(value)
    lines = text.split(b"\n")

    assert [b""] == [
        line for line in lines if not line or line[-1:] in b" \t\r" or line[:1] == b"-" or b"\r" in line
    ]


def test_one_attribute_stands_on_each_line() -> None:
    """
    Indented by one, keys sorted, integers as integers.
    """
    assert b'{\n "a": 1,\n "b": [\n  "\\u00e4"\n ]\n}\n' == document.render({"b": ["ä"], "a": 1})


def test_a_line_that_cannot_be_signed_is_refused() -> None:
    """
    gpg would cut it and report success.
    """
    with pytest.raises(InputError, match='"subarches": "xxx'):
        document.render({"subarches": "x" * 19_000})

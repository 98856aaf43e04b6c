"""
What the words around an answer say.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tundish.core.errors import BadStatus
from tundish.fetch.headers import Part, address, is_direct, part_of, redirected, renewal, shown


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://host/a", "http://host/a"),
        ("http://me:pass@host/a@b", "http://***@host/a@b"),
        ("https://me@host:1/a?key=x#y", "https://***@host:1/a?***#y"),
        ("http://a:b@c@host/", "http://***@host/"),
        ("//me:pass@host/", "//***@host/"),
        ("/srv/what?/a@b", "/srv/what?/a@b"),
        ("http://host/\x1b[31m\n", "http://host/?[31m?"),
        ("x" * 999, "x" * 297 + "..."),
    ],
)
def test_what_of_an_address_is_shown(url: str, expected: str) -> None:
    """
    Passwords and queries are masked, control signs replaced, long ones cut.
    """
    assert expected == shown(url)


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    """
    Showing never fails, and what is shown is printable and short.
    """
    assert (True, True) == (shown(text).isprintable(), len(shown(text)) <= 300)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes 5-9/10", Part(5, 9, 10)),
        ("bytes 5-9/*", Part(5, 9, None)),
        (" bytes 0-0/1 ", Part(0, 0, 1)),
        ("bytes 9-5/10", None),
        ("bytes 5-10/10", None),
        ("bytes 5-9", None),
        ("bytes */10", None),
        ("bytes -5-9/10", None),
        ("items 5-9/10", None),
        ("bytes 5-9/10, bytes 0-1/10", None),
        ("bytes 5-" + "9" * 5000 + "/*", None),
        ("bytes \u0665-\u0669/10", None),
        ("", None),
        (None, None),
    ],
)
def test_what_a_content_range_says(text: str | None, expected: Part | None) -> None:
    """
    One part that does not contradict itself, or nothing.
    """
    assert expected == part_of(text)


@pytest.mark.parametrize(
    ("asked", "location", "expected"),
    [
        ("http://host/a/b", "c", "http://host/a/c"),
        ("http://host/a/b", "/c?d=e#f", "http://host/c?d=e"),
        ("http://host/a", "https://other/x", "https://other/x"),
        ("https://host/a", "//other/x", "https://other/x"),
        ("http://host/a", "http://me:pass@other/x", "http://other/x"),
    ],
)
def test_where_a_redirect_leads(asked: str, location: str, expected: str) -> None:
    """
    Relative and absolute places are understood; names, passwords and fragments are dropped.
    """
    assert expected == redirected(address(asked), 302, location).url


@pytest.mark.parametrize("location", ["http://host/a", "file:///etc/passwd", "data:,x", "", None])
def test_no_redirect_leads_out_of_https(location: str | None) -> None:
    """
    From https only https is followed.
    """
    with pytest.raises(BadStatus, match="HTTP 302"):
        redirected(address("https://host/a"), 302, location)


@pytest.mark.parametrize(
    ("url", "no_proxy", "expected"),
    [
        ("http://mirror.lab/", "mirror.lab", True),
        ("http://a.mirror.lab/", "mirror.lab", True),
        ("http://a.mirror.lab/", ".mirror.lab", True),
        ("http://xmirror.lab/", "mirror.lab", False),
        ("http://mirror.lab/", "lab.mirror", False),
        ("http://MIRROR.lab/", "mirror.LAB", True),
        ("http://mirror.lab:8080/", "mirror.lab:8080", True),
        ("http://mirror.lab/", "mirror.lab:80", True),
        ("https://mirror.lab/", "mirror.lab:80", False),
        ("http://[::1]:80/", "::1", True),
        ("http://[::1]:80/", "[::1]:80", True),
        ("http://[::1]:81/", "[::1]:80", False),
        ("http://anything/", "*", True),
        ("http://anything/", "", False),
        ("http://anything/", ".", False),
    ],
)
def test_who_is_asked_directly(url: str, no_proxy: str, *, expected: bool) -> None:
    """
    A host is spared the proxy if it, a domain above it, or every host is named, on the port named.
    """
    assert expected is is_direct(address(url), (no_proxy,))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"ETag": '"a"', "Last-Modified": "Wed, 01 Jan 2025 00:00:00 GMT"}, '"a"'),
        (
            {
                "Last-Modified": "Wed, 01 Jan 2025 00:00:00 GMT",
                "Date": "Wed, 01 Jan 2025 00:00:02 GMT",
            },
            "Wed, 01 Jan 2025 00:00:00 GMT",
        ),
        (
            {
                "Last-Modified": "Wed, 01 Jan 2025 00:00:00 GMT",
                "Date": "Wed, 01 Jan 2025 00:00:01 GMT",
            },
            None,
        ),
        ({"Last-Modified": "Wed, 01 Jan 2025 00:00:00 GMT", "Date": "yesterday"}, None),
        ({"Last-Modified": "Wed, 01 Jan 2025 00:00:00 GMT"}, None),
        ({"ETag": 'W/"a"'}, None),
        ({}, None),
    ],
)
def test_what_a_later_question_may_name(headers: dict[str, str], expected: str | None) -> None:
    """
    A strong ETag names a state of a file, and so does its date, once it is two seconds old.
    """
    assert expected == renewal(headers)


@pytest.mark.parametrize(
    "date", ["Fri, 02 Jan 99999999999999999999 03:04:05 GMT", "Fri, 02 Jan 999999 03:04:05 GMT"]
)
def test_a_date_of_no_year_settles_nothing(date: str) -> None:
    """
    A server can say any year; a date that there is not counts as absent.
    """
    assert renewal({"Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT", "Date": date}) is None

"""
Addresses of pages that lie beneath a path.
"""

import pytest

from tundish.web.beneath import beneath, moved


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<a href="/images">', '<a href="/t/images">'),
        ('<form method="post" action="/"', '<form method="post" action="/t/"'),
        ('<p\nhx-get="/jobs?page=1" hx-post="/x">', '<p\nhx-get="/t/jobs?page=1" hx-post="/t/x">'),
        ('<body sse-connect="/live">', '<body sse-connect="/t/live">'),
        ('<a href="https://a.example/">', '<a href="https://a.example/">'),
        ('<a href="#main">', '<a href="#main">'),
        ('<a href="//evil.example/">', '<a href="//evil.example/">'),
        ('<input name="back" value="/images">', '<input name="back" value="/images">'),
        ("<p>href=&#34;/images</p>", "<p>href=&#34;/images</p>"),
    ],
)
def test_addresses_lead_below_the_prefix(text: str, expected: str) -> None:
    """
    Those of ours, in attributes; what forms carry back to us stays as it is.
    """
    assert (expected, text) == (beneath(text, "/t"), beneath(text, ""))


@pytest.mark.parametrize(("to", "expected"), [("/", "/t/"), ("/jobs/1", "/t/jobs/1"), ("x", "x")])
def test_a_browser_is_sent_below_the_prefix(to: str, expected: str) -> None:
    """
    Paths of ours only.
    """
    assert expected == moved(to, "/t")

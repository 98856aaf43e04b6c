"""
What a request says, whichever way it is said.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.maas_cli import multipart, part
from tundish.compat import form
from tundish.compat.form import Faults, Form
from tundish.core.errors import InputError


def forms() -> list[tuple[str, bytes]]:
    headers, body = multipart([part("os", b"ubuntu"), part("arches", b"amd64"), part("arches", b"arm64")])
    return [
        (headers["Content-Type"], body),
        ("application/x-www-form-urlencoded", b"os=ubuntu&arches=amd64&arches=arm64"),
        ("application/json; charset=utf-8", b'{"os": "ubuntu", "arches": ["amd64", "arm64"]}'),
        ("", b"os=ubuntu&arches=amd64&arches=arm64"),
    ]


@pytest.mark.parametrize(("kind", "body"), forms())
def test_all_ways_say_the_same(kind: str, body: bytes) -> None:
    """
    Multipart, urlencoded, JSON, and a body that does not say what it is.
    """
    found = form.of_body(kind, body)

    assert ("ubuntu", ("amd64", "arm64")) == (found.text("os"), found.texts("arches"))


def test_what_is_not_said_is_none() -> None:
    """
    A field that is left out is told from one that is empty.
    """
    found = form.of_query("a=")

    assert (None, "") == (found.text("b"), found.text("a"))


@pytest.mark.parametrize(
    ("text", "said"), [("true", True), ("True", True), ("1", True), ("false", False), ("0", False)]
)
def test_flags_have_several_spellings(text: str, said: bool) -> None:
    """
    Clients write them as their languages do.
    """
    assert said is form.of_query(f"on={text}").flag("on")


def test_numbers_and_flags_of_json_are_words() -> None:
    """
    JSON has types where forms have text.
    """
    found = form.of_body("application/json", b'{"priority": 3, "enabled": false, "name": null}')

    assert (3, False, "") == (found.number("priority"), found.flag("enabled"), found.text("name"))


@pytest.mark.parametrize("text", ["many", "1.5", "-3", "9" * 19])
def test_other_numbers_are_refused(text: str) -> None:
    """
    A number is a row of digits, and not a long one.
    """
    with pytest.raises(InputError):
        form.of_query(f"priority={text}").number("priority")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"[1]"),
        ("application/json", b"{"),
        ("application/json", b"[" * 100_000),
        ("application/x-www-form-urlencoded", b"\xff\xfe"),
        ("application/x-www-form-urlencoded", b"a=1&" * 1001 + b"a=1"),
    ],
)
def test_other_bodies_are_refused(kind: str, body: bytes) -> None:
    """
    What is no form is said to be none.
    """
    with pytest.raises(InputError):
        form.of_body(kind, body)


def test_faults_are_listed_by_field() -> None:
    """
    As clients show them.
    """
    faults = Faults()
    with faults.of("size"):
        form.of_query("size=many").number("size")
    faults.add("size", "This field is required.")

    assert {"size": ["Enter a whole number.", "This field is required."]} == faults.shown


@given(st.binary(max_size=200), st.sampled_from(["application/json", "", "text/plain"]))
def test_any_body_is_read_or_refused(body: bytes, kind: str) -> None:
    """
    A body is anybody's.
    """
    try:
        found = form.of_body(kind, body)
    except InputError:
        found = Form()

    assert all(isinstance(name, str) for name, _ in found.pairs)


def test_half_a_character_is_no_bug() -> None:
    """
    JSON can name one that no text may have.
    """
    assert "?" == form.of_body("application/json", b'{"name": "\\ud800"}').text("name")

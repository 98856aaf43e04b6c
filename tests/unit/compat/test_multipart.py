"""
Forms as MAAS's clients send them.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.maas_cli import multipart as sent
from tests.support.maas_cli import part
from tundish.compat import multipart
from tundish.compat.multipart import Part
from tundish.core.errors import InputError

TYPE = 'multipart/form-data; boundary="===12=="'
PLAIN = b'--===12==\r\nContent-Disposition: form-data; name="a"\r\n\r\n%s\r\n--===12==--\r\n'


def read(*parts: bytes) -> tuple[Part, ...]:
    headers, body = sent(parts)
    return multipart.parts(headers["Content-Type"], body)


def test_parts_in_base64_are_decoded() -> None:
    """
    The `maas` command sends every field so.
    """
    assert (Part("architecture", b"amd64/generic", None),) == read(part("architecture", b"amd64/generic"))


def test_a_file_keeps_its_name() -> None:
    """
    A keyring is told from a text by having one.
    """
    assert (Part("keyring_data", b"\x99\0key", "keyring_data"),) == read(
        part("keyring_data", b"\x99\0key", is_file=True)
    )


def test_fields_come_repeatedly_in_order() -> None:
    """
    A list is a field that comes again.
    """
    assert [b"amd64", b"arm64"] == [each.value for each in read(part("a", b"amd64"), part("a", b"arm64"))]


def test_a_form_may_have_no_fields() -> None:
    """
    Clients send one with every operation that takes none.
    """
    assert () == read()


def test_parts_without_an_encoding_are_taken_as_they_are() -> None:
    """
    Other clients send plain parts.
    """
    assert (Part("a", b"YWJj", None),) == multipart.parts(TYPE, PLAIN % b"YWJj")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", PLAIN),
        ("multipart/form-data", PLAIN),
        (f"multipart/form-data; boundary={'x' * 201}", PLAIN),
        (TYPE, b""),
        (TYPE, PLAIN[:-8]),
        (TYPE, PLAIN[:30]),
        (TYPE, b"nothing"),
        (TYPE, PLAIN.replace(b'; name="a"', b"")),
        (TYPE, PLAIN.replace(b"form-data", b"attachment")),
        (TYPE, PLAIN.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n") % b"!"),
        (TYPE, PLAIN.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: x-uu\r\n\r\n")),
        (TYPE, PLAIN.replace(b'"a"', b'"' + b"a" * 9000 + b'"')),
        (
            TYPE,
            (b'--===12==\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 1001) + b"--===12==--",
        ),
    ],
)
def test_other_bodies_are_refused(kind: str, body: bytes) -> None:
    """
    Another type, no boundary, cut short, nameless, of another encoding, or over the bounds.
    """
    with pytest.raises(InputError):
        multipart.parts(kind, body)


@given(
    st.lists(
        st.tuples(
            st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=20),
            st.binary(max_size=300),
            st.booleans(),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_what_the_command_sends_is_what_is_read(fields: list[tuple[str, bytes, bool]]) -> None:
    """
    Whatever bytes a field has.
    """
    found = read(*(part(name, value, is_file=is_file) for name, value, is_file in fields))

    assert [(name, value) for name, value, _ in fields] == [(each.name, each.value) for each in found]


@given(st.binary(max_size=400))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    """
    A body is anybody's.
    """
    try:
        found = multipart.parts(TYPE, b"--===12==\r\n" + body)
    except InputError:
        found = ()

    assert all(isinstance(each, Part) for each in found)


def test_broken_lines_of_base64_are_one_value() -> None:
    """
    Long values are sent in lines of 76 signs.
    """
    value = bytes(range(256))

    assert value == read(part("a", value))[0].value

"""
Documents of streams: what a source, a mirror or anybody between may send.
"""

import json
from collections.abc import Iterator

from fuzz import documents
from fuzz.mutation import of_json
from fuzz.target import KIB, target, text
from tundish.core import names
from tundish.core.errors import BadDocument, InputError
from tundish.core.payload import unverified
from tundish.core.selection import Selection
from tundish.stream import announcements, dates, filters, index, products, select
from tundish.stream.remarks import Remarks

_KEYS = (b'"format"', b'"index"', b'"products"', b'"versions"', b'"items"', b'"path"', b'"sha256"', b'"size"')


def _all(first: Iterator[bytes]) -> Iterator[bytes]:
    yield from first
    yield from documents.hostile()


@target(BadDocument, seeds=lambda: _all(documents.indexes()), words=(*_KEYS, b"index:1.0"), mutation=of_json)
def stream_index(data: bytes) -> None:
    """
    An index is read or refused, and what was read is written and read again as the same.
    """
    found, _ = index.parse(unverified(data, "fuzz"))
    again, _ = index.parse(unverified(index.render(found), "fuzz"))
    assert found == again


@target(
    BadDocument,
    seeds=lambda: _all(documents.products_files()),
    words=(*_KEYS, b"products:1.0", b'"_aliases"', b'"content_id"'),
    mutation=of_json,
    longest=8 * KIB,  # longer ones say the same more often
)
def stream_products(data: bytes) -> None:
    """
    A products file is read or refused, and what was read is written and read again as the same.
    """
    found, _ = products.parse(unverified(data, "fuzz"))
    again, _ = products.parse(unverified(products.render(found), "fuzz"))
    assert found.products == again.products
    for product in found.products:
        select.matches(Selection("*", "*", kernels=("ga-24.04",)), product, names.source_name("fuzz"))


@target(BadDocument, seeds=lambda: _all(documents.products_files()), mutation=of_json, longest=8 * KIB)
def nameless_products(data: bytes) -> None:
    """
    The same as bundles and mirrors read it, whose products need no name.
    """
    products.parse(unverified(data, "fuzz"), nameless=True)


@target(seeds=documents.products_files, mutation=of_json)
def stream_announcements(data: bytes) -> None:
    """
    Any JSON holds announcements or none, each of one bounded line.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return
    listed = document.get("products") if isinstance(document, dict) else None
    for product in listed.values() if isinstance(listed, dict) else (document,):
        for each in announcements.announced(product):
            assert each.text.isprintable()


@target(
    seeds=lambda: (
        b"Fri, 02 Jan 2026 03:04:05 +0000",
        b"2026-01-02T03:04:05Z",
        b"Thu, 1 Jan 1970 00:00:00 GMT",
    ),
    longest=KIB,
    words=(b"+0000", b"GMT", b"-9999", b"9999", b"0000", b"Jan"),
)
def stream_dates(data: bytes) -> None:
    """
    A text is a date that can be written and read again, or a remark.
    """
    remarks = Remarks()
    found = dates.parse(text(data), "fuzz", remarks)
    if found is not None:
        assert found == dates.parse(dates.render(found), "fuzz", remarks)


@target(
    InputError,
    seeds=lambda: (
        b"arch=amd64",
        b"release!=noble",
        b"release~(noble|jammy)",
        b"path!~\\.tar$",
        b"version_name>=20260101",
        b"size<1000",
        b"(arch=amd64||arch~arm.*||size>5)",
    ),
    longest=KIB + 64,
    words=(b"||", b"!=", b"!~", b"<=", b">=", b"(", b")", b"version_name", b"{9999}", b"(?P<a>", b"(?i)"),
)
def stream_filters(data: bytes) -> None:
    """
    A filter is read or refused, and says of an item whether it passes.
    """
    found = filters.parse(text(data))
    found.passes(({"size": 10, "arch": "a"}, {"version_name": "20260101", "release": True}))


@target(seeds=lambda: (b"ga-24.04", b"hwe-24.04-edge", b"hwe-t-lowlatency", b"hwe-z", b"*"), longest=KIB)
def kernel_names(data: bytes) -> None:
    """
    Any word for a kernel has one plain form, which is its own plain form.
    """
    plain = select.plain_kernel(text(data))
    assert plain == select.plain_kernel(plain)


@target(
    InputError,
    seeds=lambda: (b"a/b/c.tar", b"com.ubuntu.maas:v3:boot:24.04:amd64:ga-24.04", b"20260101.1", b"stable"),
    longest=2 * KIB,
)
def names_of_streams(data: bytes) -> None:
    """
    Each kind of name takes a text or refuses it; what a path lets in stays below its root.
    """
    word = text(data)
    for kind in (names.content_id, names.product_name, names.version_name, names.item_name):
        try:
            assert kind(word).isprintable()
        except InputError:
            continue
    path = names.item_path(word)
    assert not path.startswith("/")
    assert not {"", ".", ".."}.intersection(path.split("/"))

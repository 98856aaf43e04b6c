"""
The publisher rules that satisfy all clients at once, each proved over a published tree.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.conformance import reference
from tests.conformance.foundry import Foundry

MULTI_FILE = frozenset({"boot-initrd", "boot-kernel", "manifest", "squashfs"})
SINGLE_FILE = frozenset({"manifest", "root-tgz"})
COMMON = {"arch", "label", "os", "release", "release_title", "subarch", "subarches", "support_eol", "version"}
MORE = {MULTI_FILE: {"kflavor", "krel", "release_codename"}, SINGLE_FILE: set[str]()}
SUFFIXES = pytest.mark.parametrize("suffix", ["json", "sjson"])
MAX_LINE = 19_000  # bytes; gpg cuts a longer one and still reports success


def products(foundry: Foundry) -> Iterator[tuple[str, dict[str, Any]]]:
    for document in foundry.documents().values():
        yield from document["products"].items()


def items(foundry: Foundry) -> Iterator[dict[str, Any]]:
    for _, product in products(foundry):
        for version in product["versions"].values():
            yield from version["items"].values()


def shape(product: dict[str, Any]) -> set[frozenset[str]]:
    """
    The kinds of files its versions are made of.
    """
    return {
        frozenset(item["ftype"] for item in version["items"].values())
        for version in product["versions"].values()
    }


def signed_text(message: str) -> str:
    """
    What stands between the header of a clearsigned message and its signature.
    """
    return message.partition("\n\n")[2].partition("\n-----BEGIN PGP SIGNATURE-----")[0] + "\n"


def dates(foundry: Foundry) -> set[str]:
    index = json.loads(foundry.text("streams/v1/index.json"))
    return {
        index["updated"],
        *(entry["updated"] for entry in foundry.entries().values()),
        *(document["updated"] for document in foundry.documents().values()),
    }


def test_p1_every_item_says_all_of_itself(published: Foundry) -> None:
    """
    No item inherits what its readers want of it.
    """
    wanted = {"ftype", "path", "sha256", "size"}

    assert {frozenset(wanted)} == {frozenset(wanted & set(item)) for item in items(published)}


def test_p1_nothing_is_aliased(published: Foundry) -> None:
    """
    No document has `_aliases`.
    """
    assert [] == [name for name, document in published.documents().items() if "_aliases" in document]


@SUFFIXES
def test_p2_every_entry_is_complete(published: Foundry, suffix: str) -> None:
    """
    Each line of an index has the five keys that some client or other demands.
    """
    wanted = {"datatype", "format", "path", "products", "updated"}

    assert [] == [wanted - set(entry) for entry in published.entries(suffix).values() if wanted - set(entry)]


def test_p2_the_products_listed_are_the_products_there(published: Foundry) -> None:
    """
    An index lists the products of each file, sorted, and none is empty.
    """
    listed = {name: entry["products"] for name, entry in published.entries().items()}

    assert {name: sorted(document["products"]) for name, document in published.documents().items()} == listed


def test_p3_dates_are_of_the_form_that_all_clients_read(published: Foundry) -> None:
    """
    Every date is RFC 2822 with a numeric offset, never GMT.
    """
    form = r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000"

    assert [] == [date for date in dates(published) if not re.fullmatch(form, date)]


def test_p3_one_release_has_one_date(published: Foundry) -> None:
    """
    Index, entries and products files carry the same moment.
    """
    assert 1 == len(dates(published))


def test_p3_dates_rise(works: Foundry) -> None:
    """
    The next release, made at the same moment, is a second later.
    """
    (before,) = map(parsedate_to_datetime, dates(works))

    works.build("20260102")
    works.publish()

    assert {before + timedelta(seconds=1)} == set(map(parsedate_to_datetime, dates(works)))


def test_p4_a_products_file_names_itself_as_the_index_does(published: Foundry) -> None:
    """
    Content id and datatype are the same in the index and in the file.
    """
    listed = {name: (name, entry["datatype"]) for name, entry in published.entries().items()}

    assert listed == {
        name: (document["content_id"], document["datatype"])
        for name, document in published.documents().items()
    }


def test_p5_sizes_are_integers(published: Foundry) -> None:
    """
    Every size is a JSON integer.
    """
    assert {int} == {type(item["size"]) for item in items(published)}


def test_p5_hashes_are_lower_case_sha256(published: Foundry) -> None:
    """
    Every item has a sha256 of 64 lower-case digits.
    """
    assert [] == [item for item in items(published) if not re.fullmatch("[0-9a-f]{64}", item["sha256"])]


def test_p5_sizes_and_hashes_are_true(published: Foundry) -> None:
    """
    Every file has the size and the sha256 that its item gives.
    """
    listed = {item["path"]: (item["size"], item["sha256"]) for item in items(published)}

    assert listed == {
        path: (len(data), hashlib.sha256(data).hexdigest()) for path, data in published.items().items()
    }


def test_p6_the_end_of_support_is_a_date(published: Foundry) -> None:
    """
    `support_eol` is a day or absent.
    """
    ends = [product["support_eol"] for _, product in products(published) if "support_eol" in product]

    assert [] == [end for end in ends if not re.fullmatch(r"\d{4}-\d\d-\d\d", end)]


def test_p7_documents_are_plain_text(published: Foundry) -> None:
    """
    Every unsigned document is ASCII with line feeds, without blanks at the end of a line or a leading dash.
    """
    documents = [data for path, data in reference.tree(published.root).items() if path.endswith(".json")]

    assert [] == [data for data in documents if re.search(rb"[^\x20-\x7e\n]|[ ]$|^-", data, re.MULTILINE)]


def test_p7_no_line_is_too_long_to_sign(published: Foundry) -> None:
    """
    No line of any document is over 19,000 bytes.
    """
    paths = [path for path in reference.tree(published.root) if path.endswith("json")]
    lines = [line for path in paths for line in (published.root / path).read_bytes().split(b"\n")]

    assert [] == [line for line in lines if len(line) > MAX_LINE]


def test_p7_each_attribute_has_its_line(published: Foundry) -> None:
    """
    No line of a document holds two attributes.
    """
    texts = [published.text(entry["path"]) for entry in published.entries().values()]

    assert [] == [line for text in texts for line in text.splitlines() if line.count('": ') > 1]


def test_p8_versions_begin_with_their_day(published: Foundry) -> None:
    """
    The version names of a release begin with eight digits, so that the order of letters is that of time.
    """
    names = {name for _, product in products(published) for name in product["versions"]}

    assert [] == [name for name in names if not re.match(r"\d{8}(?!\d)", name)]


def _fewest(shapes: set[frozenset[str]]) -> int:
    return min(map(len, shapes))


def test_p9_each_products_file_has_one_shape(published: Foundry) -> None:
    """
    Each file is wholly of images that boot, or wholly of roots to unpack; nothing else is listed.
    """
    shapes = [
        set().union(*(shape(product) for product in document["products"].values()))
        for document in published.documents().values()
    ]

    assert [{SINGLE_FILE}, {MULTI_FILE}, {MULTI_FILE}] == sorted(shapes, key=_fewest)


def test_p10_products_have_every_key_of_their_shape(published: Foundry) -> None:
    """
    No product lacks a key that MAAS requires of its shape.
    """
    lacking = {
        name: COMMON.union(*(MORE[each] for each in shape(product))) - set(product)
        for name, product in products(published)
    }

    assert {} == {name: keys for name, keys in lacking.items() if keys}


def test_p10_names_of_images_that_boot_say_their_generation(published: Foundry) -> None:
    """
    Products of the multi-file shape have `:v3:` in their names, which MAAS goes by.
    """
    names = [name for name, product in products(published) if MULTI_FILE in shape(product)]

    assert [] == [name for name in names if ":v3:" not in name]


def test_p11_everything_is_of_the_datatype_that_maas_reads(published: Foundry) -> None:
    """
    The datatype is `image-ids`, although these have files.
    """
    assert {"image-ids"} == {document["datatype"] for document in published.documents().values()}


@SUFFIXES
def test_p12_each_index_is_a_closed_tree(published: Foundry, suffix: str) -> None:
    """
    index.json names .json documents only, and index.sjson .sjson ones.
    """
    paths = [entry["path"] for entry in published.entries(suffix).values()]

    assert [] == [path for path in paths if not path.endswith("." + suffix)]


def test_p12_both_renderings_say_the_same(published: Foundry) -> None:
    """
    The text that is signed is the unsigned document, to the last byte.
    """
    bare, signed = ([entry["path"] for entry in published.entries(s).values()] for s in ("json", "sjson"))

    assert [(published.root / path).read_text() for path in bare] == [
        signed_text((published.root / path).read_text()) for path in signed
    ]


@SUFFIXES
def test_p13_documents_are_named_by_their_bytes(published: Foundry, suffix: str) -> None:
    """
    The name of a products file is the sha256 of what it holds.
    """
    paths = [entry["path"] for entry in published.entries(suffix).values()]
    digests = [hashlib.sha256((published.root / path).read_bytes()).hexdigest() for path in paths]

    assert [f"streams/v1/products-{digest}.{suffix}" for digest in digests] == paths


def test_p13_only_the_indexes_are_ever_replaced(works: Foundry) -> None:
    """
    After another release every older file still holds its bytes, but for the two indexes.
    """
    before = reference.tree(works.root)

    works.sync("20260102")
    works.publish()

    after = reference.tree(works.root)
    assert {"streams/v1/index.json", "streams/v1/index.sjson"} == {
        path for path, data in before.items() if after.get(path) != data
    }


@SUFFIXES
def test_p18_the_index_chains_its_documents(published: Foundry, suffix: str) -> None:
    """
    Each entry carries the size and the sha256 of its products file.
    """
    entries = published.entries(suffix).values()
    documents = [(published.root / entry["path"]).read_bytes() for entry in entries]

    assert [(len(data), hashlib.sha256(data).hexdigest()) for data in documents] == [
        (entry["size"], entry["sha256"]) for entry in entries
    ]


def test_p20_a_signed_document_holds_one_message(published: Foundry) -> None:
    """
    Each is one clearsigned message with one hash line, and nothing before or behind it.
    """
    form = re.compile(
        r"-----BEGIN PGP SIGNED MESSAGE-----\nHash: \w+\n\n\{[^-]*\n[\s\S]*\}\n"
        r"-----BEGIN PGP SIGNATURE-----\n[^-]+-----END PGP SIGNATURE-----\n"
    )
    paths = [path for path in reference.tree(published.root) if path.endswith(".sjson")]

    assert [] == [path for path in paths if not form.fullmatch((published.root / path).read_text())]

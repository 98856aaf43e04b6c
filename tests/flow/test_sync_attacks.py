"""
Lies in documents: each is refused by name, and leaves store, catalog and marks as they were.

`SIGNED` lies to a source with a keyring; `SHAPES` are documents of the wrong form, from a source that is
set to unsigned, because there is no difference behind the verifier.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.support.keys import MADE_AT, expired_key, gpg_sign, key
from tests.support.region import DAY, SOURCE, Region, region
from tests.support.stream_simulator import CONTENT_ID, StreamSimulator
from tundish.core.errors import (
    BadDocument,
    BadSignature,
    Expired,
    Gone,
    Partial,
    RolledBack,
    TundishError,
    UnknownSigner,
    Unsigned,
)
from tundish.core.names import source_name
from tundish.core.selection import Source
from tundish.sync import run

Lie: TypeAlias = Callable[[StreamSimulator], None]

FIRST = "ubuntu/noble/amd64/ga-24.04@20260101"
INDEX, PRODUCTS = "streams/v1/index", f"streams/v1/{CONTENT_ID}"
AT_INDEX = r"source lab, http://stream\.test/maas/streams/v1/index\.s?json"
AT_PRODUCTS = r"source lab, http://stream\.test/maas/streams/v1/com\.example\.maas:stable:v3:download\.s?json"
OWNER = "tell the source's owner"
DEEP = 10_000
EARLIER = ("--faked-system-time", "20200601T000000", "--clearsign")


class Snapshot(tuple[set[str], dict[str, str], dict[str, str], set[str]]):
    """
    What a refused sync may not change: blobs, images, marks and the files of the region's folder.
    """

    __slots__ = ()


def snapshot(lab: Region) -> Snapshot:
    marks = {name: mark.digest for name, mark in lab.catalog.sources.seen(SOURCE).items()}
    files = {str(path.relative_to(lab.folder.parent)) for path in lab.folder.parent.rglob("*")}
    return Snapshot((lab.blobs(), lab.states(), marks, {name for name in files if "catalog" not in name}))


def synced(folder: Path, stream: StreamSimulator) -> None:
    """
    A region that has synced the stream once.
    """
    with region(folder, stream) as lab:
        lab.add(stream)
        lab.select()
        lab.sync()


# ---- a source with a keyring


@pytest.fixture(scope="module")
def made() -> StreamSimulator:
    stream = StreamSimulator(key().signer(at=MADE_AT))
    stream.add()
    stream.publish(DAY)
    return stream


@pytest.fixture(scope="module")
def held(made: StreamSimulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("held")
    synced(folder, deepcopy(made))
    return folder


@pytest.fixture
def stream(made: StreamSimulator) -> StreamSimulator:
    return deepcopy(made)


@pytest.fixture
def lab(held: Path, tmp_path: Path, stream: StreamSimulator) -> Iterator[Region]:
    shutil.copytree(held, tmp_path / "region")
    with region(tmp_path / "region", stream) as opened:
        yield opened


@pytest.fixture
def empty(tmp_path: Path, stream: StreamSimulator) -> Iterator[Region]:
    """
    A region that has never synced.
    """
    with region(tmp_path / "empty", stream) as opened:
        opened.select()
        yield opened


def tampered_index(stream: StreamSimulator) -> None:
    stream.files[f"{INDEX}.sjson"] = stream.files[f"{INDEX}.sjson"].replace(b"image-ids", b"image-idz")


def tampered_products(stream: StreamSimulator) -> None:
    body = stream.files[f"{PRODUCTS}.sjson"]
    stream.files[f"{PRODUCTS}.sjson"] = body.replace(b'"size": 9000', b'"size": 9001')


def signed_by_another_key(stream: StreamSimulator) -> None:
    stream.signer = key("other").signer(at=MADE_AT)
    stream.publish(DAY + timedelta(days=1))


def products_signed_by_another_key(stream: StreamSimulator) -> None:
    foreign = key("other").signer(at=MADE_AT).clearsign(stream.files[f"{PRODUCTS}.json"])
    stream.files[f"{PRODUCTS}.sjson"] = foreign


def unsigned_in_the_place_of_signed(stream: StreamSimulator) -> None:
    stream.files[f"{INDEX}.sjson"] = stream.files[f"{INDEX}.json"]


def products_unsigned(stream: StreamSimulator) -> None:
    stream.files[f"{PRODUCTS}.sjson"] = stream.files[f"{PRODUCTS}.json"]


def signed_index_withheld(stream: StreamSimulator) -> None:
    del stream.files[f"{INDEX}.sjson"]


def two_messages_in_one_file(stream: StreamSimulator) -> None:
    stream.files[f"{INDEX}.sjson"] *= 2


def foreign_message_before_ours(stream: StreamSimulator) -> None:
    foreign = key("other").signer(at=MADE_AT).clearsign(b'{"format": "index:1.0", "index": {}}\n')
    stream.files[f"{INDEX}.sjson"] = foreign + stream.files[f"{INDEX}.sjson"]


def expired_signature(stream: StreamSimulator) -> None:
    lapsed = key().signer(expires_days=1, at=datetime(2020, 2, 1, tzinfo=UTC))
    stream.files[f"{INDEX}.sjson"] = lapsed.clearsign(stream.files[f"{INDEX}.json"])


def changed_under_the_same_date(stream: StreamSimulator) -> None:
    stream.add(version="20260102")
    stream.publish(DAY)


def without_a_date(stream: StreamSimulator) -> None:
    index = json.loads(stream.files[f"{INDEX}.json"])
    del index["updated"]
    stream.put(INDEX, index)


def index_lists_the_unsigned_file(stream: StreamSimulator) -> None:
    index = json.loads(stream.files[f"{INDEX}.json"])
    index["updated"] = format_datetime(DAY + timedelta(days=1))
    body = json.dumps(index, indent=1).encode() + b"\n"
    stream.files[f"{INDEX}.sjson"] = key().signer(at=MADE_AT).clearsign(body)


@pytest.mark.parametrize(
    ("lie", "error", "words"),
    [
        (tampered_index, BadSignature, f"{AT_INDEX}: .*{OWNER}"),
        (tampered_products, BadSignature, f"{AT_PRODUCTS}: .*{OWNER}"),
        (signed_by_another_key, UnknownSigner, f"{AT_INDEX} .*not in the source's keyring.*add the key"),
        (products_signed_by_another_key, UnknownSigner, f"{AT_PRODUCTS} .*add the key"),
        (unsigned_in_the_place_of_signed, Unsigned, f"{AT_INDEX} is not signed.*check its URL"),
        (products_unsigned, Unsigned, f"{AT_PRODUCTS} is not signed.*check its URL"),
        (index_lists_the_unsigned_file, Unsigned, f"{AT_PRODUCTS} is not signed.*check its URL"),
        (signed_index_withheld, Gone, r"index\.sjson: .*404"),
        (two_messages_in_one_file, BadSignature, f"{AT_INDEX}: not exactly one signed text.*{OWNER}"),
        (foreign_message_before_ours, BadSignature, f"{AT_INDEX}: not exactly one signed text.*{OWNER}"),
        (expired_signature, Expired, f"{AT_INDEX}: its signature has expired.*sign it anew"),
        (changed_under_the_same_date, RolledBack, f"{AT_PRODUCTS} has changed.*--allow-rollback"),
        (without_a_date, RolledBack, f"{AT_INDEX} carries no date.*--allow-rollback"),
    ],
)
def test_a_lie_of_a_signed_source_is_named_and_leaves_no_trace(
    lab: Region, stream: StreamSimulator, lie: Lie, error: type[TundishError], words: str
) -> None:
    """
    Each lie gets its own error, which names document, source and mend; everything held stays as it was.
    """
    before = snapshot(lab)
    lie(stream)

    with pytest.raises(error, match=words):
        lab.sync()

    assert before == snapshot(lab)


def test_no_file_is_asked_for_when_the_products_file_lies(lab: Region, stream: StreamSimulator) -> None:
    """
    A tampered products file ends the reading: nothing but the two documents was requested.
    """
    tampered_products(stream)

    with pytest.raises(BadSignature):
        lab.sync()

    assert [f"{INDEX}.sjson", f"{PRODUCTS}.sjson"] == stream.requests


def test_a_signed_source_never_falls_back_to_unsigned(lab: Region, stream: StreamSimulator) -> None:
    """
    When the signed index is withheld, the unsigned one beside it is not even asked for.
    """
    signed_index_withheld(stream)

    with pytest.raises(Gone):
        lab.sync()

    assert {f"{INDEX}.sjson"} == set(stream.requests)


def test_an_expired_key_is_refused(empty: Region, stream: StreamSimulator) -> None:
    """
    A signature made while the key was good is not good any more when the key has expired.
    """
    old = expired_key()
    stream.signer = old.signer(at=datetime(2020, 1, 10, tzinfo=UTC))
    stream.publish(DAY)
    empty.add(stream, keyring=old.keyring)

    with pytest.raises(Expired, match=f"{AT_INDEX}: the key that signed it has expired; get"):
        empty.sync()

    assert (set(), {}) == (empty.blobs(), empty.states())


def test_a_second_signature_by_a_stranger_does_no_harm(empty: Region, stream: StreamSimulator) -> None:
    """
    Signed by a key of ours and one we do not know, a stream is accepted: that is how keys are changed.
    """
    for stem in (INDEX, PRODUCTS):
        text = stream.files[f"{stem}.json"].replace(b'.json"', b'.sjson"')
        stream.files[f"{stem}.sjson"] = gpg_sign(text, [key("other"), key()], EARLIER)
    empty.add(stream)

    empty.sync()

    assert {FIRST: "complete"} == empty.states()


def test_what_stands_around_the_armour_is_never_parsed(empty: Region, stream: StreamSimulator) -> None:
    """
    Hostile documents before and after the signed text bring nothing: only what was signed is fetched.
    """
    wanted = {path for path in stream.files if path.startswith("noble/")}
    evil = StreamSimulator(content_id=CONTENT_ID)
    evil.add(series="evil")
    evil.publish(DAY + timedelta(days=9))
    stream.files |= {path: body for path, body in evil.files.items() if path.startswith("evil/")}
    for stem in (INDEX, PRODUCTS):
        junk = evil.files[f"{stem}.json"]
        stream.files[f"{stem}.sjson"] = junk + stream.files[f"{stem}.sjson"] + junk
    empty.add(stream)

    empty.sync()

    assert {f"{INDEX}.sjson", f"{PRODUCTS}.sjson", *wanted} == set(stream.requests)


# ---- replay


def yesterdays_tree(stream: StreamSimulator) -> None:
    """
    The whole tree as it was signed before the second version.
    """


def products_file_alone(stream: StreamSimulator) -> None:
    """
    Today's index, and the products file of yesterday.
    """
    stream.add(version="20260102")
    with stream.signer.session() if stream.signer else pytest.fail("it has a signer"):
        index = json.loads(stream.files[f"{INDEX}.json"])
        index["updated"] = format_datetime(DAY + timedelta(days=2))
        stream.put(INDEX, index)


@pytest.fixture(scope="module")
def newer(made: StreamSimulator, held: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A region that has synced the second version as well.
    """
    folder = tmp_path_factory.mktemp("newer") / "region"
    shutil.copytree(held, folder)
    stream = deepcopy(made)
    stream.add(version="20260102")
    stream.publish(DAY + timedelta(days=1))
    with region(folder, stream) as lab:
        lab.tomorrow()
        lab.sync()
    return folder


@pytest.fixture
def ahead(newer: Path, tmp_path: Path, stream: StreamSimulator) -> Iterator[Region]:
    shutil.copytree(newer, tmp_path / "region")
    with region(tmp_path / "region", stream) as opened:
        yield opened


@pytest.mark.parametrize(
    ("replay", "words"),
    [
        (yesterdays_tree, f"{AT_INDEX} is of 2026-01-02 .*accepted on 2026-01-03.*pass --allow-rollback"),
        (products_file_alone, f"{AT_PRODUCTS} is of 2026-01-02 .*pass --allow-rollback"),
    ],
)
def test_a_replay_is_refused(ahead: Region, stream: StreamSimulator, replay: Lie, words: str) -> None:
    """
    What was signed yesterday carries a good signature, and is refused all the same.
    """
    before = snapshot(ahead)
    replay(stream)

    with pytest.raises(RolledBack, match=words):
        ahead.sync()

    assert before == snapshot(ahead)


def test_a_replay_passes_when_that_is_wanted(ahead: Region, stream: StreamSimulator) -> None:
    """
    With --allow-rollback yesterday's tree is synced, and its version is whole again.
    """
    ahead.sync(allow_rollback=True)

    assert "complete" == ahead.states()[FIRST]


def test_after_a_rollback_the_older_documents_are_the_mark(ahead: Region, stream: StreamSimulator) -> None:
    """
    What was accepted on purpose is accepted from then on.
    """
    ahead.sync(allow_rollback=True)

    ahead.sync()

    assert "complete" == ahead.states()[FIRST]


# ---- a source set to unsigned: documents of the wrong form


@pytest.fixture(scope="module")
def plainly_held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    synced(folder, plain_stream())
    return folder


def plain_stream() -> StreamSimulator:
    stream = StreamSimulator()
    stream.add()
    stream.publish(DAY)
    return stream


@pytest.fixture
def plain() -> StreamSimulator:
    return plain_stream()


@pytest.fixture
def open_lab(plainly_held: Path, tmp_path: Path, plain: StreamSimulator) -> Iterator[Region]:
    """
    A region whose source is set to unsigned, and that has synced it once.
    """
    shutil.copytree(plainly_held, tmp_path / "region")
    with region(tmp_path / "region", plain) as opened:
        yield opened


def index_of(**entries: object) -> dict[str, object]:
    return {
        "format": "index:1.0",
        "updated": format_datetime(DAY + timedelta(days=1)),
        "index": entries,
    }


def nested(path: str) -> dict[str, object]:
    return {"format": "index:1.0", "path": path}


def index(document: object) -> Lie:
    """
    Put a document, or bytes, in the place of the index.
    """

    def lie(stream: StreamSimulator) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        stream.files[f"{INDEX}.json"] = body

    return lie


def indexes(*documents: object) -> Lie:
    """
    An index and the ones it leads to: streams/v1/1.json, 2.json, ...
    """

    def lie(stream: StreamSimulator) -> None:
        for number, document in enumerate(documents):
            path = f"streams/v1/{number}.json" if number else f"{INDEX}.json"
            stream.files[path] = json.dumps(document).encode()

    return lie


def wide() -> Lie:
    """
    Three levels of indexes that each name the next one a hundred times: a million readings, if believed.
    """
    levels = [
        {f"{number}": nested(f"streams/v1/{level + 1}.json") for number in range(100)} for level in range(3)
    ]
    return indexes(*(index_of(**level) for level in levels), index_of())


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        pytest.param(index({"index": {}}), "does not say its format", id="no_format"),
        pytest.param(index({"format": "products:1.0", "index": {}}), "its format is", id="other_format"),
        pytest.param(index({"format": ["index:1.0"], "index": {}}), "its format is", id="format_is_a_list"),
        pytest.param(index([]), "must be an object", id="a_list"),
        pytest.param(index("index:1.0"), "must be an object", id="a_text"),
        pytest.param(index({"format": "index:1.0"}), "no entries", id="no_entries"),
        pytest.param(index({"format": "index:1.0", "index": []}), "no entries", id="entries_are_a_list"),
        pytest.param(index(b""), "not JSON", id="nothing"),
        pytest.param(index(b"<html>out of order</html>"), "not JSON", id="an_error_page"),
        pytest.param(index(b'{"format": "\xff"}'), "not UTF-8", id="not_utf8"),
        pytest.param(index(b"[" * DEEP + b"]" * DEEP), "nests deeper", id="deep_lists"),
        pytest.param(index(b'{"a":' * DEEP + b"1" + b"}" * DEEP), "nests deeper", id="deep_objects"),
        pytest.param(index(b'{"format": NaN}'), "NaN", id="not_a_number"),
        pytest.param(index(b'{"format": 1' + b"0" * 5000 + b"}"), "digits", id="a_number_without_end"),
        pytest.param(index(b'{"format": 1, "format": 2}'), "stands twice", id="a_key_twice"),
        pytest.param(index(index_of(me=nested(f"{INDEX}.json"))), "names itself", id="names_itself"),
        pytest.param(
            indexes(index_of(a=nested("streams/v1/1.json")), index_of(b=nested(f"{INDEX}.json"))),
            "names itself",
            id="a_ring_of_two",
        ),
        pytest.param(
            indexes(*(index_of(a=nested(f"streams/v1/{level}.json")) for level in range(1, 9))),
            "nest deeper",
            id="nested_too_deep",
        ),
        pytest.param(
            indexes(*(index_of(a=nested(f"streams/v1/{level}.json")) for level in range(1, 1_001))),
            "nest deeper",
            id="nested_a_thousand_deep",
        ),
        pytest.param(
            index(index_of(**{str(number): {} for number in range(1_001)})), "entries", id="too_many_entries"
        ),
    ],
)
def test_an_index_of_the_wrong_form_is_refused(
    open_lab: Region, plain: StreamSimulator, lie: Lie, words: str
) -> None:
    """
    The error names index and source, says what is wrong and whom to tell; everything stays as it was.
    """
    before = snapshot(open_lab)
    lie(plain)

    with pytest.raises(BadDocument, match=f"source lab, {plain.url}streams/v1/.*{words}.*{OWNER}"):
        open_lab.sync()

    assert before == snapshot(open_lab)


def test_each_index_is_read_once(open_lab: Region, plain: StreamSimulator) -> None:
    """
    Indexes that name each other over and over do not multiply the requests.
    """
    wide()(plain)

    open_lab.sync()

    assert 4 == len(plain.requests)


def test_a_source_has_a_bounded_number_of_documents(open_lab: Region, plain: StreamSimulator) -> None:
    """
    A source whose indexes lead to ever more documents is left at a bound.
    """
    for first in range(30):
        entries = {f"{second}": {"path": f"streams/v1/x.{first}.{second}.json"} for second in range(50)}
        for entry in entries.values():
            entry["datatype"] = "image-ids"
        plain.files[f"streams/v1/{first}.json"] = json.dumps(index_of(**entries)).encode()
    index(index_of(**{f"{first}": nested(f"streams/v1/{first}.json") for first in range(30)}))(plain)

    with pytest.raises(BadDocument, match=f"over 1000 documents.*{OWNER}"):
        open_lab.sync()

    assert 1_000 == len(plain.requests)


def products(document: object) -> Lie:
    """
    Put a document, or bytes, in the place of the products file.
    """

    def lie(stream: StreamSimulator) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        stream.files[f"{PRODUCTS}.json"] = body

    return lie


def named(content_id: object) -> Lie:
    return products(
        {
            "format": "products:1.0",
            "content_id": content_id,
            "datatype": "image-ids",
            "updated": format_datetime(DAY + timedelta(days=1)),
            "products": {},
        }
    )


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        pytest.param(products({"products": {}}), "does not say its format", id="no_format"),
        pytest.param(products({"format": "index:1.0", "index": {}}), "its format is", id="an_index"),
        pytest.param(products([]), "must be an object", id="a_list"),
        pytest.param(products({"format": "products:1.0"}), "no products", id="no_products"),
        pytest.param(
            products({"format": "products:1.0", "products": []}), "no products", id="products_are_a_list"
        ),
        pytest.param(products(b"[" * DEEP + b"]" * DEEP), "nests deeper", id="deep"),
        pytest.param(products(b"\0"), "not JSON", id="nul"),
        pytest.param(named(None), "content id", id="content_id_missing"),
        pytest.param(named(""), "content id", id="content_id_empty"),
        pytest.param(named("../../evil"), "content id", id="content_id_climbs"),
        pytest.param(named("a/../../evil"), "content id", id="content_id_climbs_inside"),
        pytest.param(named("/etc/passwd"), "content id", id="content_id_absolute"),
        pytest.param(named("evil\0"), "content id", id="content_id_with_nul"),
        pytest.param(named("http://evil.test/x"), "content id", id="content_id_is_a_url"),
        pytest.param(named("//evil.test/x"), "content id", id="content_id_without_scheme"),
        pytest.param(named("x" * 256), "content id", id="content_id_long"),
        pytest.param(named(["x"]), "content id", id="content_id_is_a_list"),
    ],
)
def test_a_products_file_of_the_wrong_form_is_refused(
    open_lab: Region, plain: StreamSimulator, lie: Lie, words: str
) -> None:
    """
    The run says which file of which source was left out and why; what we hold of it stays as it was.
    """
    before = snapshot(open_lab)
    lie(plain)

    with pytest.raises(Partial, match=rf"source lab, {plain.url}{PRODUCTS}\.json: (.|\n)*{words}"):
        open_lab.sync()

    assert before == snapshot(open_lab)


# ---- names


HOSTILE = {
    "climbs": "../../evil",
    "climbs_inside": "noble/../../../evil",
    "absolute": "/etc/evil",
    "empty": "",
    "nul": "noble/evil\0",
    "a_url": "http://evil.test/evil",
    "a_url_without_scheme": "//evil.test/evil",
    "backslashes": "..\\..\\evil",
    "an_empty_segment": "noble//evil",
    "a_dot_segment": "noble/./evil",
    "a_query": "noble/evil?x=1",
    "a_line_feed": "noble/evil\nX: y",
    "long": "x" * 1025,
    "a_number": 7,
    "a_list": ["noble/evil"],
    "nothing": None,
}


def bare_item(path: object) -> dict[str, object]:
    return {"ftype": "squashfs", "path": path, "size": 3, "sha256": "0" * 64}


def with_bad_product(stream: StreamSimulator, versions: Any) -> None:
    """
    Publish a product that cannot be used beside a good one that is new.
    """
    stream.products["bad"] = {"os": "ubuntu", "release": "evil", "arch": "amd64", "versions": versions}
    stream.add(series="jammy", kernel="ga-22.04")
    stream.publish(DAY + timedelta(days=1))


def synced_and_said(lab: Region) -> tuple[set[str], str]:
    """
    Sync; the refs complete afterwards, and all remarks.
    """
    said: list[str] = []
    run.sync(
        lab.desk(),
        watch=lab.watch,
        stop=lab.stop,
        planned=lambda prepared: said.extend(
            f"{remark.subject}: {remark.text}" for offer in prepared.offers for remark in offer.remarks
        ),
    )
    return {ref for ref, state in lab.states().items() if state == "complete"}, "\n".join(said)


@pytest.mark.parametrize("path", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_path_takes_its_version_with_it_and_no_other(
    open_lab: Region, plain: StreamSimulator, path: object
) -> None:
    """
    The bad product is skipped with a remark that names it and never asked for; the good ones are synced.
    """
    with_bad_product(plain, {"20260101": {"items": {"squashfs": bare_item(path)}}})

    complete, said = synced_and_said(open_lab)

    assert ({FIRST, "ubuntu/jammy/amd64/ga-22.04@20260101"}, True, False) == (
        complete,
        "bad/20260101: skipped: its item squashfs cannot be used" in said,
        any("evil" in request for request in plain.requests),
    )


@pytest.mark.parametrize(
    "name", ["../evil", "/evil", "", "a/b", "evil\0", "http://evil", ".", "..", "x" * 256, "a b\n"]
)
def test_a_hostile_version_name_takes_its_version_with_it(
    open_lab: Region, plain: StreamSimulator, name: str
) -> None:
    """
    A version of such a name is skipped with a remark; the good product is synced.
    """
    with_bad_product(plain, {name: {"items": {"squashfs": bare_item("evil/squashfs")}}})

    complete, said = synced_and_said(open_lab)

    assert ({FIRST, "ubuntu/jammy/amd64/ga-22.04@20260101"}, True) == (
        complete,
        "is not a valid version name" in said and "bad: skipped" in said,
    )


@pytest.mark.parametrize("path", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_path_in_the_index_is_never_asked_for(
    open_lab: Region, plain: StreamSimulator, path: object
) -> None:
    """
    An entry of the index with such a path is skipped with a remark, and the others are read.
    """
    document = json.loads(plain.files[f"{INDEX}.json"])
    document["index"]["evil"] = {"format": "products:1.0", "datatype": "image-ids", "path": path}
    document["updated"] = format_datetime(DAY + timedelta(days=1))
    plain.put(INDEX, document)

    complete, said = synced_and_said(open_lab)

    assert ({FIRST}, True, [f"{INDEX}.json", f"{PRODUCTS}.json"]) == (
        complete,
        "evil: skipped" in said,
        plain.requests,
    )


@pytest.mark.parametrize(
    "name", ["../../evil", "/evil", "", "evil\0", "http://evil.test/x", "a//b", "x" * 256]
)
def test_a_hostile_content_id_in_the_index_is_skipped(
    open_lab: Region, plain: StreamSimulator, name: str
) -> None:
    """
    An entry of such a name is skipped with a remark, and the others are read.
    """
    document = json.loads(plain.files[f"{INDEX}.json"])
    document["index"][name] = {"datatype": "image-ids", "path": "streams/v1/evil.json"}
    document["updated"] = format_datetime(DAY + timedelta(days=1))
    plain.put(INDEX, document)

    complete, said = synced_and_said(open_lab)

    assert ({FIRST}, True, [f"{INDEX}.json", f"{PRODUCTS}.json"]) == (
        complete,
        "is not a valid content id" in said,
        plain.requests,
    )


def test_nothing_hostile_is_written_outside_the_store(open_lab: Region, plain: StreamSimulator) -> None:
    """
    With every hostile name at once, the folder above the region holds nothing but the region.
    """
    for number, path in enumerate(HOSTILE.values()):
        plain.products[f"bad{number}"] = {
            "os": "ubuntu",
            "release": "evil",
            "arch": "amd64",
            "versions": {"../../evil": {"items": {}}, "1": {"items": {"../evil": bare_item(path)}}},
        }
    plain.publish(DAY + timedelta(days=1))

    open_lab.sync()

    assert ({"region"}, {"catalog.sqlite", "store"}) == (
        {path.name for path in open_lab.folder.parent.iterdir()},
        {path.name for path in open_lab.folder.iterdir() if "." not in path.name or path.suffix == ".sqlite"},
    )


def test_one_path_with_two_contents_takes_the_second_with_it(
    open_lab: Region, plain: StreamSimulator
) -> None:
    """
    A path that is said to hold other bytes than before cannot be right: the later version is skipped.
    """
    again = {**bare_item("noble/amd64/20260101/squashfs"), "size": 9_000}
    plain.products["zz"] = {
        "os": "ubuntu",
        "release": "zz",
        "arch": "amd64",
        "versions": {"1": {"items": {"squashfs": again}}},
    }
    plain.publish(DAY + timedelta(days=1))

    complete, said = synced_and_said(open_lab)

    assert ({FIRST}, True) == (complete, "zz/1: skipped" in said and "another content" in said)


def test_a_document_of_another_id_takes_nothing_away(open_lab: Region, plain: StreamSimulator) -> None:
    """
    A products file in the place of another one brings its own products; what we hold of the other stays.
    """
    other = StreamSimulator(content_id="com.example.maas:other:download")
    other.add(series="jammy", kernel="ga-22.04")
    other.publish(DAY + timedelta(days=1))
    plain.files |= {path: body for path, body in other.files.items() if path.startswith("jammy/")}
    plain.files[f"{PRODUCTS}.json"] = other.files[other.products_path]

    complete, said = synced_and_said(open_lab)

    assert (True, True) == (FIRST in complete, f"lists this products file as {CONTENT_ID}" in said)


def test_a_products_file_that_is_not_the_one_its_index_names_is_refused(
    open_lab: Region, plain: StreamSimulator
) -> None:
    """
    Where an index says the digest of its products file, as ours do, no other file is taken for it.
    """
    before = snapshot(open_lab)
    document = json.loads(plain.files[f"{INDEX}.json"])
    document["index"][CONTENT_ID]["sha256"] = "0" * 64
    plain.put(INDEX, {**document, "updated": format_datetime(DAY + timedelta(days=1))})

    with pytest.raises(Partial, match=f"{AT_PRODUCTS}: not the file that the index names.*run it again"):
        open_lab.sync()

    assert (before[0], before[1]) == (open_lab.blobs(), open_lab.states())


def test_a_source_that_lies_does_not_keep_the_others_from_syncing(
    open_lab: Region, plain: StreamSimulator
) -> None:
    """
    One source is refused by name, the other one is synced.
    """
    open_lab.catalog.sources.add(
        Source(source_name("liar"), f"{plain.url}elsewhere/", key().keyring), open_lab.now
    )
    plain.files["elsewhere/streams/v1/index.sjson"] = plain.files[f"{INDEX}.json"]
    plain.add(version="20260102")
    plain.publish(DAY + timedelta(days=1))

    with pytest.raises(Partial, match=r"source liar.* is not signed"):
        open_lab.sync()

    assert "complete" == open_lab.states()["ubuntu/noble/amd64/ga-24.04@20260102"]

"""
A reader believes nothing: whatever was changed, moved, cut off or added is a named error, and shows nothing.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.airgap import OneMessage, Pipe, Side, side
from tests.support.keys import key
from tundish.bundle import ustar
from tundish.bundle.manifest import OPENING, Manifest, parse
from tundish.core.errors import (
    BadDocument,
    BadSignature,
    CutShort,
    DigestMismatch,
    IntegrityError,
    TundishError,
    Unsigned,
)
from tundish.core.payload import unverified
from tundish.store.memory import MemoryStore
from tundish.tools.gpg import Gpgv

BLOCK = ustar.BLOCK
many = settings(
    max_examples=120,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True)
class Case:
    """
    A good bundle, where its members begin, and a state that takes it in and believes its signature.
    """

    bundle: bytes
    manifest: Manifest
    starts: dict[str, int]  # of the headers
    reader: Side

    def taken(self, bundle: bytes) -> TundishError | None:
        """
        What was said of a bundle by a state that holds nothing.
        """
        self.reader.store = MemoryStore()
        try:
            self.reader.take_in(bundle)
        except TundishError as error:
            return error
        return None


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("reader")
    with side(folder / "from") as origin, side(folder / "to") as reader:
        origin.hold("bookworm", "1")
        origin.hold("trixie", "1", sizes=(1, 1024))
        bundle = origin.export()
        size = ustar.size_in(bundle[:BLOCK], OPENING) or 0
        message = bundle[BLOCK : BLOCK + size]
        inspection = Gpgv().inspect(message, key().keyring)
        reader.verifier = OneMessage(message, inspection)
        manifest = parse(unverified(inspection.text, "the bundle"))
        yield Case(bundle, manifest, starts(manifest, size), reader)


def starts(manifest: Manifest, opening: int) -> dict[str, int]:
    found, place = {OPENING: 0}, BLOCK + opening + ustar.padding(opening)
    for member in (*manifest.documents, *manifest.carried):
        found[member.name] = place
        place += BLOCK + member.size + ustar.padding(member.size)
    return found | {"end": place}


@many
@given(st.data())
def test_nothing_that_was_changed_is_believed(case: Case, data: st.DataObject) -> None:
    """
    Bytes flipped, cut out, put in, moved or cut off anywhere: a named error, and no image is shown.
    """
    bundle, whole = case.bundle, len(case.bundle)
    start = data.draw(st.integers(0, whole - 1))
    kind = data.draw(st.sampled_from(["flip", "cut", "put", "end", "swap"]))
    if kind == "flip":
        other = bytes([bundle[start] ^ data.draw(st.integers(1, 255))])
        changed = bundle[:start] + other + bundle[start + 1 :]
    elif kind == "cut":
        changed = bundle[:start] + bundle[start + data.draw(st.sampled_from([1, 100, 512, 1024])) :]
    elif kind == "put":
        changed = bundle[:start] + data.draw(st.binary(min_size=1, max_size=600)) + bundle[start:]
    elif kind == "end":
        changed = bundle[:start]
    else:
        other_start = data.draw(st.integers(0, whole // BLOCK - 1)) * BLOCK
        start = start // BLOCK * BLOCK
        blocks = bytearray(bundle)
        blocks[start : start + BLOCK], blocks[other_start : other_start + BLOCK] = (
            bundle[other_start : other_start + BLOCK],
            bundle[start : start + BLOCK],
        )
        changed = bytes(blocks)
    error = case.taken(changed) if changed != bundle else BadDocument()

    assert (True, ()) == (error is not None, case.reader.catalog.images.list())


@many
@given(st.binary(max_size=3000))
def test_noise_is_no_bundle(case: Case, noise: bytes) -> None:
    """
    Whatever does not begin like a bundle is called none.
    """
    assert isinstance(case.taken(noise), BadDocument)


def at(name: str, offset: int, data: bytes) -> Callable[[Case], bytes]:
    """
    Other bytes at some place behind the beginning of a member.
    """

    def changed(case: Case) -> bytes:
        start = case.starts[name] + offset
        return case.bundle[:start] + data + case.bundle[start + len(data) :]

    return changed


def header_of_a_blob(change: Callable[[bytes], bytes]) -> Callable[[Case], bytes]:
    def changed(case: Case) -> bytes:
        start = case.starts[first_blob(case)]
        return case.bundle[:start] + change(case.bundle[start : start + BLOCK]) + case.bundle[start + BLOCK :]

    return changed


def first_blob(case: Case) -> str:
    """
    The first blob that has bytes and padding.
    """
    return next(each.name for each in case.manifest.carried if each.size % BLOCK)


def mended(header: bytes) -> bytes:
    """
    The header with the checksum that it should have.
    """
    blank = header[:148] + b" " * 8 + header[156:]
    return header[:148] + b"%06o\0 " % sum(blank) + header[156:]


HOSTILE: dict[str, Callable[[Case], bytes]] = {
    "a_link": header_of_a_blob(lambda old: mended(old[:156] + b"2" + old[157:])),
    "a_hard_link": header_of_a_blob(lambda old: mended(old[:156] + b"1/etc/shadow" + old[168:])),
    "a_sparse_file": header_of_a_blob(lambda old: mended(old[:156] + b"S" + old[157:])),
    "pax_attributes": header_of_a_blob(lambda old: mended(old[:156] + b"x" + old[157:])),
    "a_long_name": header_of_a_blob(lambda old: mended(old[:156] + b"L" + old[157:])),
    "a_device": header_of_a_blob(lambda old: mended(old[:156] + b"3" + old[157:])),
    "an_absolute_name": header_of_a_blob(lambda old: mended(b"/" + old[:99] + old[100:])),
    "a_way_out": header_of_a_blob(lambda old: mended(b"../../etc/passwd".ljust(100, b"\0") + old[100:])),
    "a_huge_size": header_of_a_blob(lambda old: mended(old[:124] + b"\x80" + b"\x7f" * 11 + old[136:])),
    "another_size": header_of_a_blob(lambda old: mended(old[:124] + b"00000000001" + old[135:])),
    "a_wrong_checksum": header_of_a_blob(lambda old: old[:148] + b"000000\0 " + old[156:]),
    "an_end_too_early": header_of_a_blob(lambda _: bytes(BLOCK)),
    "another_products_file": at("products/1.json", BLOCK + 10, b"x"),
    "more_behind_the_end": lambda case: case.bundle + b"\0",
    "a_second_bundle_behind": lambda case: case.bundle + case.bundle,
    "a_filled_end_mark": at("end", 1023, b"x"),
    "a_filled_padding": lambda case: at(first_blob(case), -1, b"x")(case),
    "a_changed_blob": lambda case: at(first_blob(case), BLOCK, b"other")(case),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_member_that_is_not_as_signed_is_refused(case: Case, name: str) -> None:
    """
    Links, ways out, sizes, other bytes: it is not what was signed, and the error says that.
    """
    error = case.taken(HOSTILE[name](case))

    assert (True, ()) == (isinstance(error, IntegrityError), case.reader.catalog.images.list())


def test_a_changed_blob_is_named(case: Case) -> None:
    """
    The error names the bundle and the member.
    """
    error = case.taken(HOSTILE["a_changed_blob"](case))

    assert (DigestMismatch, True) == (type(error), str(error).startswith(f"usb.bundle, {first_blob(case)}:"))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda message: message.replace(b'"serial": 1', b'"serial": 2'), BadSignature),
        (lambda message: message.replace(b'"products"', b'"Products"'), BadSignature),
        (lambda message: b"x" * len(message), Unsigned),
    ],
    ids=["serial", "a_key", "noise"],
)
def test_a_changed_manifest_is_refused(
    case: Case, change: Callable[[bytes], bytes], expected: type[TundishError]
) -> None:
    """
    The signature covers all of it.
    """
    size = ustar.size_in(case.bundle[:BLOCK], OPENING) or 0
    message = change(case.bundle[BLOCK : BLOCK + size])
    changed = case.bundle[:BLOCK] + message + case.bundle[BLOCK + size :]

    assert expected is type(case.taken(changed))


def test_a_first_member_of_any_size_is_not_read(case: Case) -> None:
    """
    A manifest of 8 GiB is no manifest; nothing is read for it.
    """
    stream = io.BytesIO(ustar.header(OPENING, 8**11 - 1) + b"x" * 1000)
    with pytest.raises(BadDocument):
        case.reader.take_in(stream)

    assert stream.tell() == BLOCK


@pytest.mark.parametrize("offset", [1, BLOCK, BLOCK + 1])
def test_a_cut_names_the_member(case: Case, offset: int) -> None:
    """
    A bundle that ends in the middle of a member, or where one should begin, says in which.
    """
    name = first_blob(case)
    error = case.taken(case.bundle[: case.starts[name] + offset])

    assert (CutShort, True) == (type(error), f"ends before the end of {name}" in str(error))


def test_a_cut_end_mark_is_noticed(case: Case) -> None:
    """
    All members are there, but who knows what was behind them.
    """
    assert isinstance(case.taken(case.bundle[:-1]), CutShort)


@pytest.mark.parametrize("stream", [io.BytesIO, Pipe])
def test_the_unchanged_one_is_taken(tmp_path: Path, case: Case, stream: Callable[[bytes], BinaryIO]) -> None:
    """
    From a file or a pipe; what is held already is passed over in both.
    """
    with side(tmp_path) as other:
        other.verifier = case.reader.verifier
        member = case.manifest.carried[0]
        start = case.starts[member.name] + BLOCK
        other.store.add([case.bundle[start : start + member.size]])
        other.take_in(stream(case.bundle))

        assert {blob.digest.hex for blob in case.manifest.blobs} == other.blobs()

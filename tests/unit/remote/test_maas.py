"""
Pushing an image to a region, against a server that answers as MAAS does, or as it should not.
"""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import pytest

from tundish.core.digest import Digest
from tundish.core.errors import (
    BadDocument,
    Conflict,
    InputError,
    StorageError,
    Unauthorised,
    UpstreamError,
)
from tundish.fetch.sending import Sent
from tundish.remote.maas import PIECE, Key, Offer, Pushed, Region, key_of, region_url

DATA = bytes(PIECE) + b"the rest"
OFFER = Offer("custom/rocky9", "amd64/generic", "tgz", len(DATA), Digest.of(DATA), "Rocky 9", "rhel/9")
URL = "http://maas.lab:5240/MAAS"
TARGET = "/MAAS/api/2.0/boot-resources/7/upload/18/"


def held(version: str, digest: str, *, complete: bool = False, target: str = TARGET) -> dict[str, object]:
    file = {"sha256": digest, "complete": complete, **({} if complete else {"upload_uri": target})}
    return {version: {"version": version, "files": {"root.tgz": file}}}


@dataclass
class Maas:
    """
    Remembers what it was sent; answers a form with `sets`, and pieces with `statuses` in turn.
    """

    sets: Mapping[str, object]
    statuses: Iterator[int] = field(default_factory=lambda: iter([]))
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    signed: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    status: int = 201

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", limit: int
    ) -> Sent:
        self.signed.append(headers["Authorization"])
        self.targets.append(url)
        if method == "POST":
            self.forms.append(parse_qs(body.decode()))
            return Sent(self.status, {}, json.dumps({"id": 7, "sets": self.sets}).encode())
        status = next(self.statuses, 200)
        self.pieces.append(body)
        return Sent(status, {}, b"OK" if status == 200 else b"No space\n left on device")


def pushed(maas: Maas, offer: Offer = OFFER) -> Pushed:
    told: list[tuple[int, int]] = []
    region = Region(URL, Key("consumer", "token", "secret"), maas)
    return region.push(offer, lambda: io.BytesIO(DATA), lambda sent, size: told.append((sent, size)))


def test_an_image_goes_in_pieces() -> None:
    """
    Each of them short enough for MAAS, in order, to the address that was named.
    """
    maas = Maas(held("20261125", OFFER.sha256.hex))

    assert (
        Pushed(7, "20261125", len(DATA)),
        [DATA[:PIECE], DATA[PIECE:]],
        f"http://maas.lab:5240{TARGET}",
    ) == (
        pushed(maas),
        maas.pieces,
        maas.targets[-1],
    )


def test_the_form_says_what_comes() -> None:
    """
    Older versions stay unless somebody says otherwise, since MAAS drops them before the new bytes come.
    """
    maas = Maas(held("20261125", OFFER.sha256.hex))
    pushed(maas)

    assert [
        {
            "name": ["custom/rocky9"],
            "architecture": ["amd64/generic"],
            "filetype": ["tgz"],
            "size": [str(len(DATA))],
            "sha256": [OFFER.sha256.hex],
            "title": ["Rocky 9"],
            "base_image": ["rhel/9"],
            "keep_old": ["true"],
        }
    ] == maas.forms


def test_each_request_is_signed_anew() -> None:
    """
    MAAS refuses a nonce that comes twice.
    """
    maas = Maas(held("20261125", OFFER.sha256.hex))
    pushed(maas)

    assert (3, True) == (
        len(set(maas.signed)),
        all('oauth_signature="%26secret"' in each for each in maas.signed),
    )


def test_what_the_region_has_is_not_sent() -> None:
    """
    It says at once that the version is complete.
    """
    maas = Maas(held("20261125", OFFER.sha256.hex, complete=True))

    assert (0, []) == (pushed(maas).sent, maas.pieces)


def test_the_eleventh_version_of_a_day_is_found() -> None:
    """
    By its digest: of the names, the second one sorts last.
    """
    other = Digest.of(b"other").hex
    maas = Maas({**held("20261125.2", other, complete=True), **held("20261125.10", OFFER.sha256.hex)})

    assert "20261125.10" == pushed(maas).version


@pytest.mark.parametrize("target", ["http://evil.example/x", "//evil.example/x", "https://maas.lab:5240/x"])
def test_the_key_goes_nowhere_else(target: str) -> None:
    """
    Whatever address the region names.
    """
    maas = Maas(held("20261125", OFFER.sha256.hex, target=target))

    with pytest.raises(BadDocument, match="an upload at"):
        pushed(maas)


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, InputError), (401, Unauthorised), (409, Conflict), (507, StorageError), (502, UpstreamError)],
)
def test_a_refusal_is_told_in_the_words_of_maas(status: int, error: type[Exception]) -> None:
    """
    On one line, with the status.
    """
    maas = Maas(held("20261125", OFFER.sha256.hex), iter([status]))

    with pytest.raises(error, match=f"answers {status}: No space left on device"):
        pushed(maas)


def test_an_upload_that_breaks_off_is_told_as_such() -> None:
    """
    With what was sent, and that it begins anew; nothing is sent twice, since MAAS would append it.
    """
    maas = Maas(held("20261125", OFFER.sha256.hex), iter([200, 503]))

    with pytest.raises(UpstreamError, match=rf"{PIECE} of {len(DATA)} bytes were sent. MAAS cannot go on"):
        pushed(maas)


@pytest.mark.parametrize(
    "sets",
    [{}, {"1": 7}, {"1": {"files": {"x": {"complete": False}}}}, held("1", Digest.of(b"other").hex)],
    ids=["none", "number", "file", "other"],
)
def test_who_does_not_answer_as_maas_is_told_so(sets: dict[str, object]) -> None:
    """
    Nothing is sent there.
    """
    with pytest.raises(BadDocument, match="is it a region of MAAS"):
        pushed(Maas(sets))


@pytest.mark.parametrize(
    "text",
    [
        "http://maas.lab:5240",
        "http://maas.lab:5240/MAAS/",
        "http://maas.lab:5240/MAAS/api/2.0/",
        "http://maas.lab:5240/MAAS/r/",
    ],
)
def test_an_address_is_taken_as_people_paste_it(text: str) -> None:
    """
    With or without what stands behind it.
    """
    assert URL == region_url(text)


@pytest.mark.parametrize("text", ["maas.lab", "ftp://maas.lab/MAAS", "http://u:p@maas.lab/", "http://", ""])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    """
    Before a key goes anywhere.
    """
    with pytest.raises(InputError, match="no address of a region"):
        region_url(text)


@pytest.mark.parametrize("text", ["", "a:b", "a:b:c:d", "a::c", "a:b:c d"])
def test_a_key_that_is_none_is_refused(text: str) -> None:
    """
    And not shown.
    """
    with pytest.raises(InputError, match="no API key"):
        key_of(text)


def test_a_key_is_shown_to_nobody() -> None:
    """
    Not even in a traceback.
    """
    assert "secret" not in repr(key_of("a:b:secretive\n"))

"""
Images brought through the API: in pieces, by tus, and by clients that lose their way.
"""

import base64
import gzip
from collections.abc import Mapping

import pytest

from tests.api.door import Answer, Door, viewer
from tests.support.roots import tar_of
from tundish.app.running import Runner
from tundish.core import clock
from tundish.core.digest import Digest
from tundish.core.people import Grant, Kind, Role

ROOT = gzip.compress(tar_of().getvalue(), mtime=0) + bytes(100)
HALF = len(ROOT) // 2
WISH = {"name": "custom/rocky9", "base_image": "rhel/9", "size": len(ROOT)}
UPLOADS = "/api/v1/uploads"
TUS = {"tus-resumable": "1.0.0"}
BODY = {**TUS, "content-type": "application/offset+octet-stream"}


def begun(door: Door, **more: object) -> str:
    """
    The path of a new upload.
    """
    return door.call("POST", UPLOADS, {**WISH, **more}).headers["location"]


def put(door: Door, upload: str, first: int, piece: bytes, total: int | str = len(ROOT)) -> Answer:
    said = {"content-range": f"bytes {first}-{first + len(piece) - 1}/{total}"}
    return door.call("PUT", f"{upload}/content", raw=piece, headers=said)


def create(door: Door, metadata: Mapping[str, str], length: str = str(len(ROOT)), **more: str) -> Answer:
    pairs = ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in metadata.items())
    headers = {**TUS, "upload-length": length, "upload-metadata": pairs, **more}
    return door.call("POST", f"{UPLOADS}/tus", headers=headers)


def patch(door: Door, content: str, offset: int, piece: bytes, **more: str) -> Answer:
    headers = {**BODY, "upload-offset": str(offset), **more}
    return door.call("PATCH", content, raw=piece, headers=headers)


def test_a_whole_body_is_checked_by_a_job(door: Door) -> None:
    """
    Its answer comes once all bytes are held, and a server does the rest.
    """
    upload = begun(door)
    came = door.call("PUT", f"{upload}/content", raw=ROOT).document
    runner = Runner(door.app, now=clock.now)
    runner.look()
    runner.wait(60)
    runner.look()
    done = door.call("GET", upload).document

    assert ("checking", Digest.of(ROOT).hex, "complete", "unfit") == (
        came["state"],
        came["sha256"],
        done["state"],
        done["verdict"],
    )


def test_pieces_go_where_they_say(door: Door) -> None:
    """
    One that comes again changes nothing.
    """
    upload = begun(door)
    states = [
        put(door, upload, first, piece).document["state"]
        for first, piece in [(0, ROOT[:HALF]), (0, ROOT[:HALF]), (HALF, ROOT[HALF:]), (HALF, ROOT[HALF:])]
    ]

    assert ["arriving", "arriving", "checking", "checking"] == states


def test_a_gap_is_told_the_wanted_offset(door: Door) -> None:
    """
    In words, and as a number at the upload.
    """
    upload = begun(door)
    put(door, upload, 0, ROOT[:10])
    refused = put(door, upload, 20, ROOT[20:30])

    assert (409, True, 10) == (
        refused.status,
        "send on from offset 10" in str(refused.document["detail"]),
        door.call("GET", upload).document["offset"],
    )


@pytest.mark.parametrize(
    "said",
    ["bytes 0-8/*", "bytes 0-10/*", "bytes 5-3/*", "bytes 0-9/7", "lines 0-9/*", "bytes 0-9"],
)
def test_a_range_that_does_not_fit_its_body_is_refused(door: Door, said: str) -> None:
    """
    Too short, too long, backwards, of another size, or none at all.
    """
    upload = begun(door)
    refused = door.call("PUT", f"{upload}/content", raw=ROOT[:10], headers={"content-range": said})

    assert (422, "arriving") == (refused.status, door.call("GET", upload).document["state"])


def test_what_is_held_need_not_be_sent(door: Door) -> None:
    """
    A known digest is whole at once.
    """
    door.call("PUT", f"{begun(door)}/content", raw=ROOT)
    again = door.call("POST", UPLOADS, {**WISH, "name": "custom/other", "sha256": Digest.of(ROOT).hex})

    assert (201, "checking", len(ROOT)) == (
        again.status,
        again.document["state"],
        again.document["offset"],
    )


def test_the_same_words_go_on(door: Door) -> None:
    """
    A client that forgot everything finds its upload, and where it is.
    """
    upload = begun(door, sha256=Digest.of(ROOT).hex)
    put(door, upload, 0, ROOT[:HALF])
    again = door.call("POST", UPLOADS, {**WISH, "sha256": Digest.of(ROOT).hex})

    assert (200, upload, HALF) == (again.status, again.headers["location"], again.document["offset"])


def test_an_upload_without_a_size_is_finished(door: Door) -> None:
    """
    By word, since nothing else tells.
    """
    upload = begun(door, size=None)
    put(door, upload, 0, ROOT, "*")

    assert ("arriving", "checking") == (
        door.call("GET", upload).document["state"],
        door.call("POST", f"{upload}/finish").document["state"],
    )


@pytest.mark.parametrize(
    "wish",
    [{"filetype": "ddgz"}, {"sha256": "0" * 64}, {"size": 10}],
    ids=["type", "digest", "size"],
)
def test_other_bytes_than_were_promised_leave_nothing(door: Door, wish: dict[str, object]) -> None:
    """
    The upload says why.
    """
    upload = begun(door, **wish)
    refused = door.call("PUT", f"{upload}/content", raw=ROOT)

    assert (422, "refused", []) == (
        refused.status,
        door.call("GET", upload).document["state"],
        list(door.app.store.unfinished()),
    )


def test_a_cancelled_upload_is_over(door: Door) -> None:
    """
    Its bytes are gone, and more are not taken.
    """
    upload = begun(door)
    put(door, upload, 0, ROOT[:10])
    cancelled = door.call("DELETE", upload)

    assert ("cancelled", 409, []) == (
        cancelled.document["state"],
        put(door, upload, 10, ROOT[10:]).status,
        list(door.app.store.unfinished()),
    )


def test_uploads_are_listed_newest_first(door: Door) -> None:
    """
    In pages; the running ones alone if that is asked.
    """
    uploads = [begun(door) for _ in range(3)]
    door.call("DELETE", uploads[1])
    page = door.call("GET", f"{UPLOADS}?limit=2")
    rest = door.call("GET", str(page.document["next"]))
    running = door.call("GET", f"{UPLOADS}?running=true")

    assert [[3, 2], [1], [3, 1]] == [[each["id"] for each in one.items()] for one in (page, rest, running)]


def test_tus_goes_on_where_it_broke_off(door: Door) -> None:
    """
    Create, send, ask, send the rest.
    """
    content = create(door, {"name": "custom/rocky9", "filetype": "application/gzip"}).headers["location"]
    sent = patch(door, content, 0, ROOT[:HALF])
    asked = door.call("HEAD", content, headers=TUS)
    rest = patch(door, content, HALF, ROOT[HALF:])

    assert [(204, str(HALF)), (200, str(HALF)), (204, str(len(ROOT)))] == [
        (each.status, each.headers["upload-offset"]) for each in (sent, asked, rest)
    ]


def test_an_answer_about_the_place_is_not_kept(door: Door) -> None:
    """
    As tus demands; it also says length and expiry.
    """
    content = create(door, {"name": "custom/rocky9"}).headers["location"]
    headers = door.call("HEAD", content, headers=TUS).headers

    assert ("no-store", "1.0.0", str(len(ROOT)), True) == (
        headers["cache-control"],
        headers["tus-resumable"],
        headers["upload-length"],
        "upload-expires" in headers,
    )


def test_tus_is_told_of_another_place(door: Door) -> None:
    """
    With 409, and nothing is taken, not even bytes that would be the same.
    """
    content = create(door, {"name": "custom/rocky9"}).headers["location"]
    patch(door, content, 0, ROOT[:10])

    assert [409, 409] == [patch(door, content, offset, ROOT[offset:20]).status for offset in (0, 15)]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"tus-resumable": "0.2.2"}, 412),
        ({"content-type": "application/json"}, 415),
        ({"upload-offset": "-1"}, 422),
        ({"upload-offset": "1e3"}, 422),
    ],
    ids=["version", "type", "negative", "no number"],
)
def test_words_that_are_not_of_tus_are_refused(door: Door, more: dict[str, str], status: int) -> None:
    """
    Each with the status that tus names.
    """
    content = create(door, {"name": "custom/rocky9"}).headers["location"]

    assert status == patch(door, content, 0, ROOT[:10], **more).status


@pytest.mark.parametrize(
    ("metadata", "length", "status"),
    [
        ({"name": "ubuntu"}, "10", 422),
        ({}, "10", 422),
        ({"name": "custom/x"}, str(2**40), 413),
        ({"name": "custom/x"}, "ten", 422),
    ],
    ids=["reserved", "nameless", "large", "no number"],
)
def test_a_wish_of_tus_that_cannot_be_is_refused(
    door: Door, metadata: dict[str, str], length: str, status: int
) -> None:
    """
    Before anything is begun.
    """
    refused = create(door, metadata, length).status

    assert (status, ()) == (refused, door.app.catalog.uploads.list())


def test_metadata_that_are_none_are_refused(door: Door) -> None:
    """
    Text that is not in base64 is no text.
    """
    assert 422 == create(door, {}, **{"upload-metadata": "name custom/x"}).status


def test_tus_ends_an_upload(door: Door) -> None:
    """
    From then on it is gone.
    """
    content = create(door, {"name": "custom/rocky9"}).headers["location"]
    ended = door.call("DELETE", content, headers=TUS).status

    assert (204, 410) == (ended, door.call("HEAD", content, headers=TUS).status)


def test_what_is_known_of_tus_is_told(door: Door) -> None:
    """
    To those who are let in.
    """
    answer = door.call("OPTIONS", f"{UPLOADS}/tus")

    known = "checksum,creation,creation-defer-length,creation-with-upload,expiration,termination"

    assert (204, known, "sha1,sha256") == (
        answer.status,
        answer.headers["tus-extension"],
        answer.headers["tus-checksum-algorithm"],
    )


@pytest.mark.parametrize("method", ["PUT", "PATCH", "HEAD", "DELETE"])
def test_an_upload_out_of_sight_is_not_there(door: Door, method: str) -> None:
    """
    Neither its bytes nor its place.
    """
    upload = begun(door)
    token = door.as_("al", Grant(Role.AUTHOR, Kind.IMAGE, "custom/lab-*"))
    headers = {**BODY, "upload-offset": "0"}

    assert 404 == door.call(method, f"{upload}/content", raw=ROOT, headers=headers, token=token).status


def test_who_may_only_look_sends_nothing(door: Door) -> None:
    """
    A viewer sees the upload, and may not add to it.
    """
    upload = begun(door)
    refused = door.call("PUT", f"{upload}/content", raw=ROOT, token=viewer(door))

    assert (403, 0) == (refused.status, door.call("GET", upload).document["offset"])


def test_a_body_may_be_longer_than_others(door: Door) -> None:
    """
    The bound of all other bodies is not for images, and holds for what begins one.
    """
    upload = begun(door, size=3 * 1024 * 1024, filetype="ddraw")
    long = bytes(2 * 1024 * 1024)

    assert [200, 413] == [
        put(door, upload, 0, long, "*").status,
        door.call("POST", UPLOADS, raw=long).status,
    ]

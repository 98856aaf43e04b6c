import json
from pathlib import Path

import pytest

from tests.unit.boot.door import (
    DATA,
    IMAGE,
    INDEX,
    MAC,
    ROOT,
    TOKEN,
    OneBoot,
    answer,
    answers,
    furnished,
    get,
    post,
)
from tundish.boot.http import read_report
from tundish.core.answered import Answered
from tundish.core.errors import InputError, InvalidName
from tundish.core.machine import Asker
from tundish.core.proxies import Proxies

UUID = "4c4c4544-0032-4a10-8059-b4c04f4d3132"
SAID = {"token": TOKEN, "machine_id": "0" * 32, "version": "20260504", "root": ROOT.hex}


def report(**changes: object) -> bytes:
    return post("/boot/report", json.dumps({**SAID, **changes}).encode())


def test_a_machine_is_led_from_entry_to_kernel(tmp_path: Path) -> None:
    """
    The entry script and then the boot script are plain text on the host that the machine used.
    """
    entry, script = answers(furnished(tmp_path), get("/ipxe.cfg"), get(f"/ipxe.cfg-{MAC}?uuid={UUID}"))

    assert (True, True, "text/plain; charset=utf-8") == (
        b"chain http://10.0.2.2:5248/ipxe.cfg-" in entry.body,
        b"kernel http://10.0.2.2:5248/images/" in script.body,
        script.headers["content-type"],
    )


@pytest.mark.parametrize(
    ("query", "asker"),
    [
        ("?uuid=" + UUID.upper(), Asker(MAC, UUID)),
        ("?uuid=", Asker(MAC)),
        ("?arch=i386", Asker(MAC, None, "amd64")),
        ("?arch=${buildarch}", Asker(MAC)),
        ("", Asker(MAC)),
        ("?uuid=00000000-0000-0000-0000-000000000000", Asker(MAC)),
        ("?uuid=FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", Asker(MAC)),
    ],
)
def test_what_a_machine_says_of_itself_is_passed_on(tmp_path: Path, query: str, asker: Asker) -> None:
    """
    Address with dashes and hardware id in any case become one form; a missing or empty id is no id.
    """
    boots = OneBoot()
    answer(furnished(tmp_path, boots=boots), get("/ipxe.cfg-52-54-00-12-34-56" + query))

    assert [asker] == boots.asked


def test_a_machine_with_nothing_to_boot_is_told_so(tmp_path: Path) -> None:
    """
    Nothing to boot is a script that says so, not an error.
    """
    said = answer(furnished(tmp_path), get("/ipxe.cfg-52:54:00:00:00:01"))

    assert (200, True) == (said.status, b"has no image to boot" in said.body)


def test_the_settings_arguments_reach_the_kernel(tmp_path: Path) -> None:
    """
    Extra kernel arguments stand at the end of the kernel line.
    """
    said = answer(furnished(tmp_path, arguments="console=ttyS0"), get(f"/ipxe.cfg-{MAC}"))

    assert b" console=ttyS0\ninitrd " in said.body


def test_bad_arguments_fail_at_the_start(tmp_path: Path) -> None:
    """
    A kernel argument that is not of its form stops the door before its first request.
    """
    with pytest.raises(InvalidName):
        furnished(tmp_path, arguments="${x}")


@pytest.mark.parametrize("host", ["a b", "${x}", "evil/../x", "h:99999", "", "user@h"])
def test_a_host_header_injection_is_refused(tmp_path: Path, host: str) -> None:
    """
    No script is made for a Host header that is not a host and port.
    """
    assert 422 == answer(furnished(tmp_path), get(f"/ipxe.cfg-{MAC}", host=host)).status


def test_two_host_headers_are_refused(tmp_path: Path) -> None:
    """
    A request with two Host headers gets no script.
    """
    assert answer(furnished(tmp_path), get("/ipxe.cfg", "Host: evil")).status in {400, 422}


@pytest.mark.parametrize("mac", ["zz", "52:54:00:12:34", "52:54:00:12:34:56%0achain", "${mac}"])
def test_a_machine_without_a_proper_address_is_refused(tmp_path: Path, mac: str) -> None:
    """
    What is not a MAC address gets an error that shows what one looks like.
    """
    said = answer(furnished(tmp_path), get(f"/ipxe.cfg-{mac}"))

    assert (422, "application/problem+json", True) == (
        said.status,
        said.headers["content-type"].partition(";")[0],
        b"52:54:00:12:34:56" in said.body,
    )


def test_an_image_is_served_whole_with_its_digest_as_tag(tmp_path: Path) -> None:
    """
    GET gives all bytes, a strong tag that is the digest, and leave to keep them for ever.
    """
    said = answer(furnished(tmp_path), get(IMAGE))

    assert (200, DATA, f'"{ROOT.hex}"', "public, max-age=31536000, immutable", "bytes") == (
        said.status,
        said.body,
        said.headers["etag"],
        said.headers["cache-control"],
        said.headers["accept-ranges"],
    )


def test_head_gives_the_length_without_the_bytes(tmp_path: Path) -> None:
    """
    HEAD, which firmware asks first, tells the length and sends nothing.
    """
    said = answer(furnished(tmp_path), get(IMAGE, method="HEAD"))

    assert (200, str(len(DATA)), b"") == (said.status, said.headers["content-length"], said.body)


def test_only_the_digest_finds_the_file(tmp_path: Path) -> None:
    """
    The names behind the digest are for people; others find the same bytes.
    """
    assert DATA == answer(furnished(tmp_path), get(f"/images/{ROOT.hex}/a/b/c/d/e/f")).body


def test_a_range_is_served(tmp_path: Path) -> None:
    """
    One range gives its bytes and says which they are.
    """
    said = answer(furnished(tmp_path), get(IMAGE, "Range: bytes=256-511"))

    assert (206, DATA[256:512], f"bytes 256-511/{len(DATA)}", "256") == (
        said.status,
        said.body,
        said.headers["content-range"],
        said.headers["content-length"],
    )


def test_several_ranges_are_served_in_one_answer(tmp_path: Path) -> None:
    """
    Two ranges come as multipart/byteranges, of exactly the length that was told.
    """
    said = answer(furnished(tmp_path), get(IMAGE, "Range: bytes=0-3,-4"))
    boundary = said.headers["content-type"].rpartition("=")[2]
    pieces = said.body.split(b"\r\n--" + boundary.encode())

    assert (206, [DATA[:4], DATA[-4:]], b"--\r\n", str(len(said.body))) == (
        said.status,
        [piece.partition(b"\r\n\r\n")[2] for piece in pieces[1:-1]],
        pieces[-1],
        said.headers["content-length"],
    )


def test_a_range_outside_the_file_is_refused(tmp_path: Path) -> None:
    """
    416 tells how long the file is.
    """
    said = answer(furnished(tmp_path), get(IMAGE, "Range: bytes=99999999-"))

    assert (416, f"bytes */{len(DATA)}", b"") == (said.status, said.headers["content-range"], said.body)


def test_who_holds_the_bytes_is_not_sent_them_again(tmp_path: Path) -> None:
    """
    If-None-Match with the digest is answered by 304 without a body.
    """
    said = answer(furnished(tmp_path), get(IMAGE, f'If-None-Match: "{ROOT.hex}"'))

    assert (304, b"") == (said.status, said.body)


def test_a_stale_if_range_gets_the_whole_file(tmp_path: Path) -> None:
    """
    If-Range with another tag is answered with all bytes, so that no mixture is ever kept.
    """
    said = answer(furnished(tmp_path), get(IMAGE, "Range: bytes=0-3", f'If-Range: "{"0" * 64}"'))

    assert (200, DATA) == (said.status, said.body)


def test_an_older_client_may_ask_twice_on_one_connection(tmp_path: Path) -> None:
    """
    Two requests sent at once on one connection are answered one after the other.
    """
    first = get(IMAGE, "Range: bytes=0-3").replace(b"Connection: close\r\n", b"")
    said = answer(furnished(tmp_path), first + get(IMAGE, "Range: bytes=4-7"))

    assert (True, True) == (said.body.startswith(DATA[:4]), said.body.endswith(DATA[4:8]))


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (f"/images/{'0' * 64}/a/b/c/d/e/f", 404),
        ("/images/aec0706/a/b/c/d/e/f", 422),
        (f"/images/{ROOT.hex}", 404),
        ("/images/..%2f..%2fetc%2fpasswd/a/b/c/d/e/f", 422),
        ("/images/", 404),
    ],
)
def test_an_image_that_is_not_held_is_not_found(tmp_path: Path, target: str, status: int) -> None:
    """
    An unknown digest is not found; what is not a digest is refused.
    """
    assert status == answer(furnished(tmp_path), get(target)).status


def test_a_blob_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    """
    A link in the place of a blob is an error, not the file it points at.
    """
    door = furnished(tmp_path)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "blobs" / ROOT.hex).unlink()
    (tmp_path / "blobs" / ROOT.hex).symlink_to(tmp_path / "secret")

    assert 507 == answer(door, get(IMAGE)).status


def test_each_request_is_heard_of(tmp_path: Path) -> None:
    """
    One record says what was asked by whom, the status and the bytes that were sent; it has no query.
    """
    heard: list[Answered] = []
    door = furnished(tmp_path, heard=heard.append)
    answers(door, get(IMAGE, "Range: bytes=0-99", "X-Request-Id: r-1"), get("/nothing?token=secret"))

    assert [("GET", IMAGE, 206, 100, "127.0.0.1"), ("GET", "/nothing", 404, 80, "127.0.0.1")] == [
        (each.method, each.path, each.status, each.sent, each.address) for each in heard
    ]


@pytest.mark.parametrize(("given", "same"), [("r-1", True), ("a b", False), ("x" * 65, False), ("", False)])
def test_a_request_keeps_its_name(tmp_path: Path, given: str, same: bool) -> None:
    """
    The id that a client gives comes back if it has the form of one; else it gets another.
    """
    said = answer(furnished(tmp_path), get("/healthz", f"X-Request-Id: {given}"))

    assert same == (said.headers["x-request-id"] == given)


def test_a_trusted_proxy_says_who_asks_and_for_which_host(tmp_path: Path) -> None:
    """
    Behind a proxy that is named, scripts lead to the host that machines know.
    """
    door = furnished(tmp_path, proxies=Proxies.read(["127.0.0.0/8"]))
    said = answer(door, get("/ipxe.cfg", "X-Forwarded-Host: images.example:80"))

    assert b"chain http://images.example:80/ipxe.cfg-" in said.body


def test_nobody_else_is_believed(tmp_path: Path) -> None:
    """
    Headers of a proxy count for nothing where no proxy is named.
    """
    said = answer(furnished(tmp_path), get("/ipxe.cfg", "X-Forwarded-Host: images.example:80"))

    assert b"chain http://10.0.2.2:5248/ipxe.cfg-" in said.body


def test_a_stream_index_is_served_to_be_asked_again(tmp_path: Path) -> None:
    """
    The index carries a tag but must be asked for anew each time.
    """
    first = answer(furnished(tmp_path), get(INDEX))

    assert (200, b"signed", "no-cache", True) == (
        first.status,
        first.body,
        first.headers["cache-control"],
        "last-modified" in first.headers,
    )


def test_an_unchanged_index_costs_no_bytes(tmp_path: Path) -> None:
    """
    Who gives back the tag of the index gets 304.
    """
    door = furnished(tmp_path)
    file = tmp_path / "published/stable/streams/v1/index.sjson"
    tag = f"{file.stat().st_mtime_ns:x}-{file.stat().st_size:x}"

    assert 304 == answer(door, get(INDEX, f'If-None-Match: "{tag}"')).status


@pytest.mark.parametrize(
    "target",
    [
        "/stream/stable/../../secret",
        "/stream/stable/%2e%2e/%2e%2e/secret",
        "/stream/stable/..%2f..%2fsecret",
        "/stream/stable/%2fetc%2fpasswd",
        "/stream/stable//etc/passwd",
        "/stream/stable/streams/v1/index.sjson%00",
        "/stream/stable/..%5c..%5csecret",
        "/stream/../secret",
        "/stream/%2e%2e/secret",
        "/stream/stable/link",
        "/stream/stable/up/secret",
        "/stream/stable/streams/v1/",
        "/stream/stable/streams/v1",
        "/stream/stable/",
        "/stream/",
        "/../secret",
        "/etc/passwd",
    ],
)
def test_no_path_leads_out_of_a_tree(tmp_path: Path, target: str) -> None:
    """
    Dots, encoded or not, encoded slashes, NUL, absolute paths, links and folders: never a file.
    """
    door = furnished(tmp_path)
    (tmp_path / "secret").write_text("hidden")
    (tmp_path / "published/stable/link").symlink_to(tmp_path / "secret")
    (tmp_path / "published/stable/up").symlink_to(tmp_path)
    said = answer(door, get(target))

    assert (True, False) == (said.status in {400, 404, 422}, b"hidden" in said.body)


def test_a_report_is_answered_with_the_deployment(tmp_path: Path) -> None:
    """
    A machine that reports what it was told gets its deployment.
    """
    said = answer(furnished(tmp_path), report())

    assert (200, MAC, "2026-05-04T12:00:00+00:00") == (
        said.status,
        json.loads(said.body)["mac"],
        json.loads(said.body)["reported_at"],
    )


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"token": "never-given"}, 404, "NotFound"),
        ({"root": "0" * 64}, 409, "Conflict"),
        ({"token": 7}, 422, "InputError"),
        ({"token": "a b"}, 422, "InputError"),
        ({"version": ["x"]}, 422, "InputError"),
        ({"machine_id": None}, 422, "InputError"),
        ({"machine_id": "short"}, 422, "InvalidName"),
        ({"root": "no digest"}, 422, "InvalidName"),
        ({"more": "fields"}, 422, "InputError"),
    ],
)
def test_a_report_that_does_not_fit_is_a_problem_document(
    tmp_path: Path, changes: dict[str, object], status: int, error: str
) -> None:
    """
    A token that was never given, another root, wrong types and fields: each its status and name.
    """
    said = answer(furnished(tmp_path), report(**changes))

    assert (status, error, "application/problem+json") == (
        said.status,
        json.loads(said.body)["error"],
        said.headers["content-type"].partition(";")[0],
    )


def test_a_huge_report_is_refused(tmp_path: Path) -> None:
    """
    A report over 4 KiB is refused by its length.
    """
    assert 413 == answer(furnished(tmp_path), post("/boot/report", b"x" * 5000)).status


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"null", b"\xff", b"[" * 4000, b'{"token": "a1b2c3d4"}']
)
def test_a_report_that_is_no_such_object_is_refused(body: bytes) -> None:
    """
    Whatever is not a JSON object with the four fields is an input error.
    """
    with pytest.raises(InputError):
        read_report(body)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (get("/nothing"), 404),
        (get("/ipxe.cfg", method="DELETE"), 405),
        (get("/boot/report"), 405),
        (get(IMAGE, method="PUT"), 405),
    ],
)
def test_what_the_door_does_not_do_is_a_problem_document(
    tmp_path: Path, request_bytes: bytes, status: int
) -> None:
    """
    An unknown address or method is answered in the same form as every other error.
    """
    said = answer(furnished(tmp_path), request_bytes)

    assert (status, status) == (said.status, json.loads(said.body)["status"])


def test_the_door_says_that_it_lives(tmp_path: Path) -> None:
    """
    /healthz answers without asking anybody.
    """
    assert b"ok\n" == answer(furnished(tmp_path), get("/healthz")).body

"""
Images of one's own, sent as MAAS's clients send them; and where MAAS loses data, ours does not.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.compat.asking import detail
from tests.compat.conftest import Region
from tests.support.maas_cli import API, PIECE, Cli, Reply, multipart, part
from tests.support.roots import root_tgz

KIND = {"Content-Type": "application/octet-stream"}
HALF = 3 * 1024 * 1024


@dataclass(frozen=True)
class Begun:
    """
    An upload that was begun, and the content that it waits for.
    """

    cli: Cli
    reply: Reply
    data: bytes

    @property
    def file(self) -> dict[str, object]:
        sets = self.reply.json["sets"]
        (found,) = sets[max(sets)]["files"].values()
        return dict(found)

    @property
    def target(self) -> str:
        return str(self.file["upload_uri"]).removeprefix(API)

    def put(self, piece: bytes, **headers: str) -> Reply:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.cli.send("PUT", self.target, piece, {**KIND, **more})

    def seen(self) -> dict[str, object]:
        """
        The newest set, as it is now.
        """
        sets = self.cli.do("boot-resource", "read", str(self.reply.json["id"])).json["sets"]
        return dict(sets[max(sets)])


def fields(name: str, data: bytes, **more: str) -> list[bytes]:
    said = {
        "name": name,
        "architecture": "amd64/generic",
        "base_image": "ubuntu/noble",
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": str(len(data)),
        **more,
    }
    return [part(field, said[field].encode()) for field in sorted(said)]


def begin(cli: Cli, name: str, data: bytes, **more: str) -> Begun:
    headers, body = multipart(fields(name, data, **more))
    return Begun(cli, cli.send("POST", "boot-resources/", body, headers), data)


@pytest.fixture(scope="module")
def large() -> bytes:
    """
    A root of three pieces.
    """
    return root_tgz(9_000_000, "large")


@pytest.fixture
def cli(region: Region) -> Cli:
    return region.cli


@pytest.fixture
def small(request: pytest.FixtureRequest) -> bytes:
    """
    A root of one piece, of other bytes in each test.
    """
    return root_tgz(5_000, request.node.name)


@pytest.fixture
def file(tmp_path: Path, large: bytes) -> Path:
    path = tmp_path / "custom.tar.gz"
    path.write_bytes(large)
    return path


def test_the_command_uploads_in_pieces(cli: Cli, file: Path, large: bytes) -> None:
    """
    As printed in MAAS's pages; what is held then is what was sent.
    """
    words = ("name=custom/ubuntu-tgz", "title=Ubuntu Custom TGZ", "architecture=amd64/generic")
    answer = cli.do("boot-resources", "create", *words, "filetype=tgz", f"content@={file}")
    shown = detail(cli, "custom/ubuntu-tgz").json
    sets = shown["sets"]
    files = sets[max(sets)]["files"]

    assert (201, "Ubuntu Custom TGZ", hashlib.sha256(large).hexdigest(), True) == (
        answer.status,
        shown["title"],
        files["root.tgz"]["sha256"],
        files["root.tgz"]["complete"],
    )


def test_known_content_is_not_sent_again(cli: Cli, small: bytes) -> None:
    """
    The answer to the form says that it is complete.
    """
    begin(cli, "custom/once", small).put(small)

    assert begin(cli, "custom/twice", small).file["complete"] is True


def test_a_new_version_is_the_newest_and_has_one_file(cli: Cli, small: bytes) -> None:
    """
    Clients take the last set by the order of strings, and expect one file in it.
    """
    begin(cli, "custom/versions", small).put(small)
    second = begin(cli, "custom/versions", small + b"\0")
    found = second.reply.json["sets"]

    assert (1, 1, False) == (len(found), len(found[max(found)]["files"]), second.file["complete"])


def test_an_upload_on_its_way_is_seen(cli: Cli, large: bytes) -> None:
    """
    With its progress, and where the rest is to be sent.
    """
    data = large + b"\0\0"
    begun = begin(cli, "custom/halfway", data)
    begun.put(data[:HALF])
    seen = begun.seen()

    assert (False, round(100 * HALF / len(data), 3)) == (seen["complete"], seen["progress"])


@pytest.mark.parametrize(
    ("more", "field", "said"),
    [
        ({"name": "nothing/x"}, "name", "no operating system"),
        ({"name": "custom/a/b"}, "name", "one slash"),
        ({"name": "ubuntu/noble"}, "name", "reserved name"),
        ({"name": ""}, "name", "required"),
        ({"architecture": "amd64"}, "architecture", "arch/subarch"),
        ({"architecture": "sparc/generic"}, "architecture", "no architecture"),
        ({"filetype": "iso"}, "filetype", "not one of the available choices"),
        ({"base_image": "noble"}, "base_image", "not of the form"),
        ({"base_image": "debian/12"}, "base_image", "cannot be a base"),
        ({"base_image": "ubuntu/nothing"}, "base_image", "no release"),
        ({"sha256": "abc"}, "sha256", "exactly 64"),
        ({"sha256": "z" * 64}, "sha256", "not a valid"),
        ({"size": "many"}, "size", "whole number"),
        ({"size": ""}, "size", "required"),
        ({"title": "a\x01b"}, "title", "printable"),
    ],
)
def test_what_is_wrong_is_told_by_field(
    cli: Cli, small: bytes, more: dict[str, str], field: str, said: str
) -> None:
    """
    Before a byte is sent.
    """
    answer = begin(cli, more.pop("name", "custom/wrong"), small, **more).reply

    assert (400, [field], True) == (answer.status, list(answer.json), said in answer.json[field][0])


def test_another_size_of_known_content_is_refused(cli: Cli, small: bytes) -> None:
    """
    In MAAS's words.
    """
    begin(cli, "custom/sized", small).put(small)
    answer = begin(cli, "custom/sized", small, size="1").reply

    assert (400, "File already exists with sha256 that is of different size.") == (answer.status, answer.text)


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        (b"", "Missing data."),
        (b"\x1f\x8b" * 9_000, "Too much data received."),
    ],
)
def test_bad_pieces_are_refused(cli: Cli, small: bytes, piece: bytes, said: str) -> None:
    """
    In MAAS's words.
    """
    answer = begin(cli, "custom/bad", small).put(piece)

    assert (400, said) == (answer.status, answer.text)


def test_a_piece_that_is_too_long_costs_nothing_else(cli: Cli, large: bytes) -> None:
    """
    It is refused, with or without a place, and what came before stays: the right piece completes the image.
    """
    begun, rest = begin(cli, "custom/long", large), large[HALF:]
    begun.put(large[:HALF])
    place = f"bytes {HALF}-{len(large)}/*"
    long, placed = begun.put(rest + b"x"), begun.put(rest + b"x", Content_Range=place)
    last = begun.put(rest)

    assert ([400, 400, 200], True) == (
        [each.status for each in (long, placed, last)],
        begun.seen()["complete"],
    )


def test_other_content_than_promised_is_refused(cli: Cli, small: bytes) -> None:
    """
    In MAAS's words.
    """
    other = small[:-1] + bytes([small[-1] ^ 1])
    answer = begin(cli, "custom/other", small).put(other)

    assert (400, "Saved content does not match given SHA256 value.") == (answer.status, answer.text)


def test_nothing_of_bad_content_is_kept(cli: Cli, small: bytes) -> None:
    """
    MAAS leaves the bad file on its disk, where the next upload of this digest finds it.
    """
    begin(cli, "custom/again", small).put(bytes(len(small)))
    begun = begin(cli, "custom/again", small)
    taken = begun.put(small)

    assert (False, 200, True) == (begun.file["complete"], taken.status, begun.seen()["complete"])


def test_a_piece_may_come_again(cli: Cli, large: bytes) -> None:
    """
    MAAS appends it a second time, and the upload is lost.
    """
    begun = begin(cli, "custom/retried", large + b"\0")
    for piece in (large[:HALF], large[:HALF], large[HALF : 2 * HALF], large[HALF : 2 * HALF]):
        begun.put(piece)
    last = begun.put(large[2 * HALF :] + b"\0")

    assert (200, "OK", True) == (last.status, last.text, begun.seen()["complete"])


def test_the_last_piece_may_come_again(cli: Cli, small: bytes) -> None:
    """
    Its answer takes longest, as the image is checked then, so it is lost most often.
    """
    begun = begin(cli, "custom/last", small)

    assert ["OK", "OK"] == [begun.put(small).text for _ in range(2)]


def test_other_bytes_for_a_complete_file_are_refused(cli: Cli, small: bytes) -> None:
    """
    In MAAS's words; and the file stays as it is.
    """
    begun = begin(cli, "custom/whole", small)
    begun.put(small)
    answer = begun.put(b"other")

    assert (400, "Cannot upload to a complete file.", True) == (
        answer.status,
        answer.text,
        begun.seen()["complete"],
    )


def test_too_much_for_one_spoils_no_other(cli: Cli, small: bytes) -> None:
    """
    In MAAS a second upload of known content that overflows deletes the file of the first.
    """
    begin(cli, "custom/first", small).put(small)
    second = begin(cli, "custom/second", small)
    refused = Begun(cli, begin(cli, "custom/third", small + b"\1").reply, small).put(small * 3)
    kept = begin(cli, "custom/fourth", small)

    assert (True, 400, True) == (second.file["complete"], refused.status, kept.file["complete"])


def test_a_place_may_be_said(cli: Cli, large: bytes) -> None:
    """
    A client that sends Content-Range may go on wherever it likes, and as often.
    """
    data = large + b"\0\0\0"
    begun = begin(cli, "custom/ranges", data)
    places = (0, HALF, 0, 2 * HALF)
    pieces = [(start, data[start : start + HALF]) for start in places] + [(3 * HALF, data[3 * HALF :])]
    answers = [
        begun.put(piece, Content_Range=f"bytes {start}-{start + len(piece) - 1}/{len(data)}").status
        for start, piece in pieces
        if piece
    ]

    assert ({200}, True) == (set(answers), begun.seen()["complete"])


def test_runs_of_zeros_are_not_taken_for_the_same_piece(cli: Cli) -> None:
    """
    A raw disk has many pieces that are alike.
    """
    data = bytes(510) + b"\x55\xaa" + bytes(3 * PIECE)
    begun = begin(cli, "custom/zeros", data, filetype="ddraw")
    statuses = [begun.put(data[start : start + PIECE]).status for start in range(0, len(data), PIECE)]

    assert [200, 200, 200] == statuses[:3]


def test_the_twelfth_version_of_a_day_is_the_newest(cli: Cli) -> None:
    """
    MAAS calls the tenth `.10`, which stands before `.2` where clients look.
    """
    versions = []
    for count in range(12):
        data = root_tgz(10, f"daily {count}")
        begun = begin(cli, "custom/daily", data, keep_old="true")
        begun.put(data)
        versions.append(max(begun.reply.json["sets"]))

    assert (versions, 12) == (sorted(versions), len(set(versions)))


def test_old_versions_stay_until_the_new_one_is_complete(cli: Cli, small: bytes) -> None:
    """
    MAAS deletes them before a byte of the new one has come.
    """
    begin(cli, "custom/kept", small).put(small)
    begin(cli, "custom/kept", small + b"\0")
    sets = detail(cli, "custom/kept").json["sets"]

    assert (2, True) == (len(sets), sets[min(sets)]["complete"])


def test_an_unfit_image_is_told_of(cli: Cli) -> None:
    """
    It came as it was sent, so its client has done its part. It stays, is not offered, and its set says why,
    and how to use it nevertheless.
    """
    data = b"\0" * 510 + b"\x55\xaa" + b"\1" * 4096
    begun = begin(cli, "custom/unfit", data, filetype="ddraw")
    answer, seen = begun.put(data), begun.seen()

    assert (200, "OK", False, "unfit", True) == (
        answer.status,
        answer.text,
        seen["complete"],
        seen["verdict"],
        "tundish image accept custom/unfit/amd64/generic@" in str(seen["note"]),
    )


def test_an_unfit_image_is_not_sent_again(cli: Cli) -> None:
    """
    Whoever begins it once more is told the same.
    """
    data = b"\0" * 510 + b"\x55\xaa" + b"\2" * 4096
    begin(cli, "custom/unfit-again", data, filetype="ddraw").put(data)
    again = begin(cli, "custom/unfit-again", data, filetype="ddraw")
    sets = again.reply.json["sets"]

    assert (201, True, "unfit") == (again.reply.status, again.file["complete"], sets[max(sets)]["verdict"])


def test_the_content_may_come_with_the_form(cli: Cli, small: bytes) -> None:
    """
    As clients of older MAAS sent it.
    """
    headers, body = multipart([*fields("custom/whole-form", small), part("content", small, is_file=True)])
    answer = cli.send("POST", "boot-resources/", body, headers)
    sets = answer.json["sets"]

    assert (201, True) == (answer.status, sets[max(sets)]["complete"])


def test_foo_and_custom_foo_are_one_image(cli: Cli, small: bytes) -> None:
    """
    Older MAAS stored the one as the other.
    """
    first = begin(cli, "alias", small)
    second = begin(cli, "custom/alias", small)

    assert first.reply.json["id"] == second.reply.json["id"]


def test_a_deleted_image_is_gone(cli: Cli, small: bytes) -> None:
    """
    An unknown one is 404, where MAAS fails.
    """
    begun = begin(cli, "custom/deleted", small)
    begun.put(small)
    number = str(begun.reply.json["id"])
    statuses = [cli.do("boot-resource", "delete", number).status for _ in range(2)]

    assert [204, 404] == statuses


def test_a_viewer_brings_nothing(region: Region, small: bytes) -> None:
    """
    Neither begins nor sends.
    """
    vera = Cli.login(region.url, region.viewer)
    begun = begin(region.cli, "custom/foreign", small)

    assert [403, 403] == [
        begin(vera, "custom/vera", small).reply.status,
        Begun(vera, begun.reply, small).put(small).status,
    ]


def test_a_piece_for_another_image_is_not_taken(cli: Cli, small: bytes) -> None:
    """
    The number of the image stands in the address too.
    """
    begun = begin(cli, "custom/misled", small)
    number = begun.target.split("/")[3]

    assert 404 == cli.send("PUT", f"boot-resources/99999/upload/{number}/", small, KIND).status


@pytest.mark.parametrize(("kind", "count"), [("uploaded", True), ("synced", False), ("all", True)])
def test_lists_may_be_of_one_type(cli: Cli, small: bytes, kind: str, count: bool) -> None:
    """
    By the words of MAAS.
    """
    begin(cli, "custom/typed", small).put(small)
    listed = cli.do("boot-resources", "read", f"type={kind}").json

    assert count is any(each["name"] == "custom/typed" for each in listed)


def test_other_types_are_refused(cli: Cli) -> None:
    """
    The answer names those that there are; a capital T, as Go sends it, is no type.
    """
    answer = cli.do("boot-resources", "read", "type=generated")

    assert (400, True, 200) == (
        answer.status,
        "['synced', 'uploaded']" in answer.text,
        cli.send("GET", "boot-resources/?Type=synced").status,
    )

"""
`boot-sources/` as MAAS's clients use it.
"""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compat.conftest import Region
from tests.support.keys import key
from tests.support.maas_cli import Cli, Reply

ONE_OF = {"__all__": ["One of keyring_data or keyring_filename must be specified."]}
ONLY_ONE = {"__all__": ["Only one of keyring_filename or keyring_data can be specified."]}
DEBIAN = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
needs_keyring = pytest.mark.skipif(not DEBIAN.exists(), reason=f"{DEBIAN} is not installed")


@pytest.fixture
def away(region: Region, tmp_path: Path) -> Iterator[str]:
    """
    An address where nobody answers, and no source of it behind the test.
    """
    url = f"http://127.0.0.1:1/{tmp_path.name}"
    yield url
    for each in region.cli.do("boot-sources", "read").json:
        if each["url"].startswith("http://127.0.0.1:1/"):
            region.cli.do("boot-source", "delete", str(each["id"]))


def made(region: Region, url: str, *words: str) -> Reply:
    return region.cli.do("boot-sources", "create", f"url={url}", *words)


def with_keys(region: Region, url: str, *words: str) -> Reply:
    return made(region, url, f"keyring_data@={region.keyring}", *words)


def test_a_source_has_all_fields(region: Region, away: str) -> None:
    """
    By the names and types that clients read; the times have a fraction.
    """
    answer = with_keys(region, f"{away}/", "name=Lab of mine", "priority=70", "enabled=false")
    shown = answer.json
    times = [shown.pop("created"), shown.pop("updated")]
    number = shown["id"]
    expected = {
        "id": number,
        "name": "Lab of mine",
        "url": away,
        "priority": 70,
        "enabled": False,
        "keyring_filename": "",
        "keyring_data": base64.b64encode(region.keyring.read_bytes()).decode(),
        "skip_keyring_verification": False,
        "resource_uri": f"/MAAS/api/2.0/boot-sources/{number}/",
    }

    assert (201, expected, True) == (
        answer.status,
        shown,
        all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}", time) for time in times),
    )


def test_a_source_that_does_not_answer_is_kept(region: Region, away: str) -> None:
    """
    MAAS fetches in the background, so clients expect 201 whatever happens then.
    """
    assert 201 == with_keys(region, away).status


def test_the_next_source_counts_more(region: Region, away: str) -> None:
    """
    Without a priority it gets the highest one, and one more.
    """
    first, second = with_keys(region, f"{away}/a").json, with_keys(region, f"{away}/b").json

    assert first["priority"] + 1 == second["priority"]


@pytest.mark.parametrize(
    ("words", "faults"),
    [
        ((), ONE_OF),
        (("keyring_filename=", "keyring_data="), ONE_OF),
        (("keyring_filename=/usr/share/keyrings/x.gpg", "keyring_data=abc"), ONLY_ONE),
        (("keyring_data=AAAA", "priority=many"), {"priority": ["Enter a whole number."]}),
    ],
)
def test_what_is_wrong_is_told_by_field(
    region: Region, away: str, words: tuple[str, ...], faults: object
) -> None:
    """
    In MAAS's shape; faults of several fields at once stand under `__all__`.
    """
    answer = made(region, away, *words)

    assert (400, faults) == (answer.status, answer.json)


@pytest.mark.parametrize(
    ("word", "field"),
    [("url=ftp://x/", "url"), ("url=", "url"), (f"url=http://x/{'y' * 200}", "url"), ("url=http://[", "url")],
)
def test_an_address_is_judged(region: Region, word: str, field: str) -> None:
    """
    No other scheme, none that is empty, too long or malformed.
    """
    answer = region.cli.do("boot-sources", "create", word, f"keyring_data@={region.keyring}")

    assert (400, True) == (answer.status, field in answer.json)


def test_one_address_is_one_source(region: Region, away: str) -> None:
    """
    With or without a slash behind it.
    """
    with_keys(region, away)

    assert ["url"] == list(with_keys(region, f"{away}/").json)


def test_a_name_and_a_priority_are_had_once(region: Region, away: str) -> None:
    """
    As with MAAS.
    """
    with_keys(region, f"{away}/a", "name=One", "priority=90")
    answer = with_keys(region, f"{away}/b", "name=One", "priority=90")

    assert ["name", "priority"] == sorted(answer.json)


@pytest.mark.parametrize("form", ["base64", "armour"])
def test_keys_may_be_text_too(region: Region, away: str, form: str) -> None:
    """
    gomaasclient sends them urlencoded, which MAAS drops in silence.
    """
    text = base64.b64encode(region.keyring.read_bytes()).decode()
    if form == "armour":
        text = f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{text}\n-----END PGP PUBLIC KEY BLOCK-----\n"
    answer = region.go.send("POST", "boot-sources/", [("url", away), ("keyring_data", text)])

    assert base64.b64encode(region.keyring.read_bytes()).decode() == answer.json["keyring_data"]


@needs_keyring
def test_a_keyring_of_the_server_is_named(region: Region, away: str) -> None:
    """
    And its name is what is read again.
    """
    shown = made(region, away, f"keyring_filename={DEBIAN}").json

    assert (str(DEBIAN), "") == (shown["keyring_filename"], shown["keyring_data"])


@pytest.mark.parametrize(
    "name", ["/etc/shadow", "/usr/share/keyrings/../../../etc/shadow", "/usr/share/keyrings/none.gpg", "\0"]
)
def test_other_files_are_not_read(region: Region, away: str, name: str) -> None:
    """
    MAAS reads any path; here keyrings are read from where keyrings are.
    """
    answer = made(region, away, f"keyring_filename={name}")

    assert (400, ["keyring_filename"]) == (answer.status, list(answer.json))


@needs_keyring
def test_keys_replace_a_name_that_is_emptied(region: Region, away: str) -> None:
    """
    Both together are one too many.
    """
    number = str(made(region, away, f"keyring_filename={DEBIAN}").json["id"])
    data = f"keyring_data@={region.keyring}"
    refused = region.cli.do("boot-source", "update", number, data)
    taken = region.cli.do("boot-source", "update", number, "keyring_filename=", data)

    assert (ONLY_ONE, 200, "") == (refused.json, taken.status, taken.json["keyring_filename"])


def test_an_update_changes_only_what_is_said(region: Region, away: str) -> None:
    """
    Terraform's PUT is urlencoded, the command's is multipart.
    """
    before = with_keys(region, away, "priority=55").json
    after = region.go.send("PUT", f"boot-sources/{before['id']}/", [("url", f"{away}/other")]).json
    after.pop("updated")

    assert {**before, "url": f"{away}/other"} == {**after, "updated": before["updated"]}


def test_json_says_it_too(region: Region, away: str) -> None:
    """
    The third way to send fields.
    """
    number = with_keys(region, away).json["id"]
    headers = {"Content-Type": "application/json"}
    answer = region.cli.send("PUT", f"boot-sources/{number}/", b'{"enabled": false}', headers)

    assert answer.json["enabled"] is False


def test_an_address_of_json_is_taken_unsigned(region: Region, away: str) -> None:
    """
    MAAS takes it so; it is shown, and noted as an event.
    """
    shown = made(region, f"{away}/streams/v1/index.json").json

    assert (True, f"{away}/streams/v1/index.json") == (shown["skip_keyring_verification"], shown["url"])


def test_a_signed_source_stays_signed(region: Region, away: str) -> None:
    """
    No change of another field lets it be believed without a signature.
    """
    number = with_keys(region, away).json["id"]
    answer = region.cli.do("boot-source", "update", str(number), f"url={away}/streams/v1/index.json")

    assert (400, True) == (answer.status, "unsigned index" in answer.text)


def test_a_deleted_source_is_gone(region: Region, away: str) -> None:
    """
    With MAAS's words for what is not there.
    """
    number = str(with_keys(region, away).json["id"])
    gone = region.cli.do("boot-source", "delete", number)
    after = region.cli.do("boot-source", "read", number)

    assert (204, b"", 404, "No BootSource matches the given query.") == (
        gone.status,
        gone.body,
        after.status,
        after.text,
    )


@pytest.mark.parametrize("number", ["999", "0", "x", "1e3", "9" * 30])
def test_other_numbers_are_none(region: Region, number: str) -> None:
    """
    Whatever stands in the path.
    """
    assert 404 == region.cli.do("boot-source", "read", number).status


def test_keys_of_somebody_else_do_not_make_it_trusted(region: Region) -> None:
    """
    The source is kept, as with MAAS, but nothing of it is believed.
    """
    foreign = region.folder / "foreign.gpg"
    foreign.write_bytes(key("foreign").keyring)
    url = f"{region.upstream}sub/../"
    answer = made(region, url, f"keyring_data@={foreign}")
    number = str(answer.json["id"])
    selected = region.cli.do("boot-source-selections", "read", number)
    region.cli.do("boot-source", "delete", number)

    assert (201, []) == (answer.status, selected.json)


def test_the_password_of_a_source_is_for_who_may_change_it(region: Region, away: str) -> None:
    """
    A viewer sees where it is, and not with which password it is fetched.
    """
    made(region, away.replace("//", "//ann:s3cret@"), "skip_keyring_verification=true", "enabled=false")
    clis = (region.cli, Cli.login(region.url, region.viewer))
    seen = ["s3cret" in cli.do("boot-sources", "read").text for cli in clis]
    region.cli.do("boot-source", "delete", str(region.cli.do("boot-sources", "read").json[-1]["id"]))

    assert [True, False] == seen

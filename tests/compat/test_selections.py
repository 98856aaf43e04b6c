"""
`boot-sources/ID/selections/`, the import that follows, and what is gone when a selection is.
"""

from collections.abc import Iterator

import pytest

from tests.compat.asking import eventually, imported, source
from tests.compat.conftest import Region
from tests.support.maas_cli import Cli, Reply

NOUNS = ("boot-source-selections", "boot-source-selection")


@pytest.fixture
def cli(region: Region) -> Iterator[Cli]:
    """
    A profile on a region with the source and nothing selected, before and after.
    """
    found = region.cli
    yield found
    number = str(source(found, region.upstream, region.keyring))
    for each in found.do(NOUNS[0], "read", number).json:
        found.do(NOUNS[1], "delete", number, str(each["id"]))


@pytest.fixture
def number(region: Region, cli: Cli) -> str:
    return str(source(cli, region.upstream, region.keyring))


def select(cli: Cli, number: str, *words: str) -> Reply:
    return cli.do(NOUNS[0], "create", number, *words)


def noble(cli: Cli, number: str, *arches: str) -> Reply:
    return select(cli, number, "os=ubuntu", "release=noble", *(f"arches={arch}" for arch in arches))


def images(cli: Cli) -> set[str]:
    listed = cli.do("boot-resources", "read", "type=synced").json
    return {f"{each['name']} {each['architecture']}" for each in listed}


def test_a_selection_has_all_fields(cli: Cli, number: str) -> None:
    """
    And is answered with 200, not 201.
    """
    answer = noble(cli, number, "amd64", "arm64")
    made = answer.json["id"]
    expected = {
        "id": made,
        "boot_source_id": int(number),
        "os": "ubuntu",
        "release": "noble",
        "arches": ["amd64", "arm64"],
        "subarches": ["*"],
        "labels": ["*"],
        "resource_uri": f"/MAAS/api/2.0/boot-sources/{number}/selections/{made}/",
    }

    assert (200, expected) == (answer.status, answer.json)


@pytest.mark.parametrize(
    ("words", "faults"),
    [
        (
            ("os=ubuntu", "release=foo"),
            {"os": ["OS ubuntu with release foo has no available images for download"]},
        ),
        (
            ("os=ubuntu", "release=noble", "arches=x"),
            {"arches": ["No available images to download for ['x']"]},
        ),
        (
            ("os=ubuntu", "release=noble", "subarches=hwe-16.04"),
            {"subarches": ["No available images to download for ['hwe-16.04']"]},
        ),
        (
            ("os=ubuntu", "release=noble", "labels=daily"),
            {"labels": ["No available images to download for ['daily']"]},
        ),
        (("os=ubuntu",), {"release": ["This field is required."]}),
    ],
)
def test_what_is_not_offered_is_refused(
    cli: Cli, number: str, words: tuple[str, ...], faults: object
) -> None:
    """
    In MAAS's words, which scripts look for.
    """
    answer = select(cli, number, *words)

    assert (400, faults) == (answer.status, answer.json)


def test_a_release_is_selected_once(cli: Cli, number: str) -> None:
    """
    A source has one selection of it.
    """
    noble(cli, number, "amd64")

    assert (400, ["__all__"]) == ((again := noble(cli, number, "arm64")).status, list(again.json))


def test_a_changed_selection_keeps_its_number(cli: Cli, number: str) -> None:
    """
    Terraform remembers it.
    """
    made = noble(cli, number, "amd64").json["id"]
    cli.do(NOUNS[1], "update", number, str(made), "arches=amd64", "arches=arm64")
    answer = cli.do(NOUNS[1], "read", number, str(made))

    assert (made, ["amd64", "arm64"]) == (answer.json["id"], answer.json["arches"])


def test_another_release_keeps_the_number_too(cli: Cli, number: str) -> None:
    """
    It is the same selection of another thing.
    """
    made = noble(cli, number, "amd64").json["id"]
    changed = cli.do(NOUNS[1], "update", number, str(made), "release=jammy").json

    assert (made, "jammy") == (changed["id"], changed["release"])


def test_an_update_without_words_changes_nothing(cli: Cli, number: str) -> None:
    """
    PUT is partial.
    """
    made = noble(cli, number, "amd64").json

    assert made == cli.do(NOUNS[1], "update", number, str(made["id"])).json


def test_selections_of_other_sources_are_not_found(cli: Cli, number: str) -> None:
    """
    A number counts below its source only.
    """
    made = noble(cli, number, "amd64").json["id"]
    answer = cli.do(NOUNS[1], "read", "999", str(made))

    assert (404, "No BootSource matches the given query.") == (answer.status, answer.text)


def test_a_deleted_selection_is_gone(cli: Cli, number: str) -> None:
    """
    204, and then 404: Terraform takes either.
    """
    made = str(noble(cli, number, "amd64").json["id"])
    statuses = [cli.do(NOUNS[1], "delete", number, made).status for _ in range(2)]

    assert [204, 404] == statuses


def test_an_import_brings_exactly_what_is_selected(cli: Cli, number: str) -> None:
    """
    Terraform waits until the architectures of a release are those that it asked for.
    """
    noble(cli, number, "amd64")
    imported(cli)

    assert {"ubuntu/noble amd64/ga-24.04"} == images(cli)


def test_importing_is_true_at_once(cli: Cli, number: str) -> None:
    """
    Pollers stop at the first false, so it must not come before the work has begun.
    """
    noble(cli, number, "amd64", "arm64")
    begun = cli.do("boot-resources", "import")
    first = cli.do("boot-resources", "is-importing").json
    ends = eventually(lambda: not cli.do("boot-resources", "is-importing").json)

    assert ("Import of boot resources started", True, True) == (begun.text, first, ends)


def test_a_stopped_import_is_over(cli: Cli, number: str) -> None:
    """
    And what it says is what MAAS says.
    """
    noble(cli, number, "amd64")
    cli.do("boot-resources", "import")
    stopped = cli.do("boot-resources", "stop-import").text
    ends = eventually(lambda: not cli.do("boot-resources", "is-importing").json)

    assert ("Import of boot resources is being stopped", True) == (stopped, ends)


def test_images_go_with_their_selection(cli: Cli, number: str) -> None:
    """
    At once, as with MAAS, even the last of all; the bytes stay for a grace period.
    """
    made = str(noble(cli, number, "amd64").json["id"])
    imported(cli)
    cli.do(NOUNS[1], "delete", number, made)

    assert set() == images(cli)


def test_an_architecture_that_is_dropped_goes(cli: Cli, number: str) -> None:
    """
    MAAS keeps its image for ever.
    """
    made = str(noble(cli, number, "amd64", "arm64").json["id"])
    imported(cli)
    cli.do(NOUNS[1], "update", number, made, "arches=arm64")

    assert {"ubuntu/noble arm64/ga-24.04"} == images(cli)


def test_terraform_selects_waits_and_removes(region: Region, cli: Cli, number: str) -> None:
    """
    Its whole sequence, in its own encoding.
    """
    go = region.go
    wanted = [
        ("os", "ubuntu"),
        ("release", "jammy"),
        ("arches", "amd64"),
        ("subarches", "*"),
        ("labels", "*"),
    ]
    made = go.send("POST", f"boot-sources/{number}/selections/", wanted).json
    go.send("POST", "boot-resources/", op="import")

    def is_there() -> bool:
        listed = go.send("GET", "boot-resources/", [("Type", "synced")]).json
        found = [each for each in listed if each["name"] == "ubuntu/jammy"]
        details = [go.send("GET", f"boot-resources/{each['id']}/").json for each in found]
        arches = {each["architecture"].partition("/")[0] for each in found}
        return arches == {"amd64"} and all(
            version["complete"] for each in details for version in each["sets"].values()
        )

    came = eventually(is_there)
    gone = go.send("DELETE", f"boot-sources/{number}/selections/{made['id']}/").status
    go.send("POST", "boot-resources/", op="import")
    listed = go.send("GET", "boot-resources/").json

    assert (True, 204, []) == (came, gone, [each for each in listed if each["name"] == "ubuntu/jammy"])


def test_terraform_takes_the_one_source_over(region: Region, cli: Cli, number: str) -> None:
    """
    There must be exactly one; it is changed and put back.
    """
    listed = region.go.send("GET", "boot-sources/").json
    fields = [
        ("url", listed[0]["url"]),
        ("keyring_filename", ""),
        ("keyring_data", listed[0]["keyring_data"]),
    ]
    changed = region.go.send("PUT", f"boot-sources/{number}/", fields)

    assert (1, 200, listed[0]["keyring_data"]) == (
        len(listed),
        changed.status,
        changed.json["keyring_data"],
    )

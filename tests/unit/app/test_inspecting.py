import json

import pytest

from tests.support import systems
from tests.support.images import File, Tree, index_of
from tundish.anatomy.image import Compression, Form, Image, Wrapping
from tundish.app import inspecting, telling
from tundish.cli import facts
from tundish.core.digest import Digest
from tundish.core.errors import BadImage, NotFound

SHA512 = "$6$abcdefgh$uS.5JsQrOLNwiTC2mNX/qIgibADxM5IyZTFrHRPxM1kzQd05t0x1ssRH/OQt5KY3dY0KLrNHhcmF308P8EXOL0"


def image(tree: Tree | None, fault: str = "") -> Image:
    """
    A tar with this tree as its root.
    """
    wrapping = Wrapping(Compression.GZIP, 4096, 65_536, Digest.of(b"file"), fault)
    return Image("root.tar.gz", wrapping, Form.TAR, None if tree is None else index_of(tree))


def lines(tree: Tree | None) -> list[str]:
    return facts.text_of(inspecting.inspected(image(tree))).splitlines()


def test_a_person_reads_what_a_system_is() -> None:
    """
    The lines tell system, packages, kernel, firmware, cloud-init and how it is logged in to.
    """
    tree = {**systems.SYSTEMS["ubuntu"].tree(), "etc/shadow": f"root:{SHA512}:1::::::\n"}
    said = "\n".join(lines(tree))
    wanted = (
        "system      Ubuntu 24.04.1 LTS",
        "arch        amd64",
        "packages    34 of dpkg",
        "kernels     6.8.0-45-generic",
        "firmware    UEFI, Secure Boot",
        "cloud-init  24.1, enabled, knows MAAS",
        "logs in as  ubuntu",
        "passwords   root, which is well known",
    )

    assert [] == [line for line in wanted if line not in said]


def test_what_an_image_says_cannot_move_the_cursor() -> None:
    """
    Signs that would steer a terminal are shown as what they are not.
    """
    tree = {"etc/os-release": 'ID=x\nPRETTY_NAME="\x1b[2Jgone\x07"\n'}

    assert "system      \ufffd[2Jgone\ufffd" == lines(tree)[1]


def test_an_image_without_a_system_is_told_as_one() -> None:
    """
    Nothing is made up where there is nothing.
    """
    assert "system      of the family none" == lines(None)[1]


def test_damage_is_told_with_the_file() -> None:
    """
    A file that ends too early says so below its name.
    """
    said = facts.text_of(inspecting.inspected(image({}, "ends too early"))).splitlines()

    assert "            damaged: ends too early" == said[1]


def test_programs_learn_that_a_password_is_known_and_not_which() -> None:
    """
    The JSON has all facts, and no password.
    """
    tree = {**systems.SYSTEMS["rocky"].tree(), "etc/shadow": f"root:{SHA512}:1::::::\n"}
    said = json.loads(json.dumps(telling.document(inspecting.inspected(image(tree)))))
    root = next(user for user in said["users"] if user["name"] == "root")

    assert (True, "set", "redhat") == (root["known"], root["password"], said["family"])


def test_the_manifest_is_that_of_streams() -> None:
    """
    One line for each package, sorted, with a tab between name and version.
    """
    listed = inspecting.manifest(image(systems.SYSTEMS["debian"].tree())).decode().splitlines()

    assert (sorted(listed), "apt\t1.0-1") == (listed, listed[0])


@pytest.mark.parametrize("form", inspecting.Form)
def test_a_bill_counts_as_made_when_the_image_was_changed(form: inspecting.Form) -> None:
    """
    Without a moment, that of the newest file stands in.
    """
    tree = {**systems.SYSTEMS["debian"].tree(), "etc/new": File(b"", mtime=1764000000)}

    assert b"2025-11-24T16:00:00Z" in inspecting.bill(image(tree), form)


def test_an_image_without_packages_has_no_bill() -> None:
    """
    An empty bill would be a lie; the error says that nothing is there.
    """
    with pytest.raises(NotFound, match=r"root\.tar\.gz has no package database"):
        inspecting.manifest(image({"etc/hostname": "x"}))


def test_packages_that_cannot_be_read_are_no_empty_bill() -> None:
    """
    A damaged database is an error that names the file.
    """
    with pytest.raises(BadImage, match=r"rpmdb\.sqlite: not an SQLite file"):
        inspecting.bill(image(systems.SYSTEMS["rocky"].tree()), inspecting.Form.SPDX)

"""
The other dialect: what we publish for Incus and LXD, read by the reference and by the rules of both.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import reference
from tests.conformance.foundry import CONTAINER_FILES, CONTAINERS, Foundry


@pytest.fixture
def root(containers: Foundry) -> Path:
    return containers.lab.folder / "channels" / CONTAINERS


@pytest.fixture
def product(root: Path) -> dict[str, Any]:
    """
    The one product, as readers of index.json find it.
    """
    (entry,) = json.loads((root / "streams/v1/index.json").read_bytes())["index"].values()
    assert entry["datatype"] == "image-downloads"
    (found,) = json.loads((root / entry["path"]).read_bytes())["products"].values()
    assert isinstance(found, dict)
    return found


def test_the_reference_mirrors_all_of_it(containers: Foundry, root: Path, tmp_path: Path) -> None:
    """
    The files of the image, and nothing of the other channel.
    """
    reference.mirror(root, tmp_path, keyring=containers.keyring)

    mirrored = reference.tree(tmp_path)
    assert set(CONTAINER_FILES.values()) == {
        data for path, data in mirrored.items() if "streams/" not in path
    }


def test_p6_every_value_is_of_the_type_that_both_read(product: dict[str, Any]) -> None:
    """
    `aliases` is one string and `requirements` an object of strings.
    """
    assert ("debian/bookworm", {}) == (product["aliases"], product["requirements"])


@pytest.mark.parametrize("program", ["incus", "lxd"])
def test_p11_each_program_finds_metadata_with_the_digests_of_its_roots(
    product: dict[str, Any], program: str
) -> None:
    """
    The digests are those of metadata and root one after the other.
    """
    (version,) = product["versions"].values()
    item = version["items"][f"{program}.tar.xz"]

    assert {
        "combined_squashfs_sha256": hashlib.sha256(
            CONTAINER_FILES["lxd.tar.xz"] + CONTAINER_FILES["squashfs"]
        ).hexdigest(),
        "combined_disk-kvm-img_sha256": hashlib.sha256(
            CONTAINER_FILES["lxd.tar.xz"] + CONTAINER_FILES["disk-kvm.img"]
        ).hexdigest(),
    } == {key: value for key, value in item.items() if key.startswith("combined")}


def test_p11_both_are_one_file(product: dict[str, Any]) -> None:
    """
    The metadata is listed twice over one path.
    """
    (version,) = product["versions"].values()

    assert 1 == len({version["items"][f"{program}.tar.xz"]["path"] for program in ("incus", "lxd")})

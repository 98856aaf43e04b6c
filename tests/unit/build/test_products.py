"""
What a build offers to those who read MAAS's dialect.
"""

import pytest

from tests.support.recipes import BUILT, RECIPE
from tundish.build.products import products_of
from tundish.core.image import Product
from tundish.core.names import VersionName

VERSION = VersionName("20260102")
BOOT, BASES = products_of(BUILT, RECIPE, VERSION)


def paths(product: Product) -> dict[str, str]:
    return {item.ftype: item.path for item in product.versions[0].items}


def test_the_products_are_named_as_maas_reads_them() -> None:
    """
    One of each shape, each in a products file of its own.
    """
    assert (
        ("org.tundish.stable:v3:boot:12:amd64:ga-12", "org.tundish:stable:v3:download"),
        ("org.tundish.stable:debian-bases:12:amd64", "org.tundish:stable:debian-bases-download"),
    ) == tuple((product.name, product.content_id) for product in (BOOT, BASES))


def test_the_boot_product_has_every_file_of_its_shape() -> None:
    """
    Kernel and initrd lie below their flavour, the root above them.
    """
    assert {
        "boot-initrd": "bookworm/amd64/20260102/ga-12/generic/boot-initrd",
        "boot-kernel": "bookworm/amd64/20260102/ga-12/generic/boot-kernel",
        "manifest": "bookworm/amd64/20260102/squashfs.manifest",
        "squashfs": "bookworm/amd64/20260102/squashfs",
    } == paths(BOOT)


def test_the_base_has_a_root_and_its_manifest() -> None:
    """
    The single-file shape.
    """
    assert {"manifest", "root-tgz"} == set(paths(BASES))


def test_the_boot_version_can_boot() -> None:
    """
    By the catalog's own measure.
    """
    assert BOOT.versions[0].is_bootable


@pytest.mark.parametrize(
    ("product", "keys"),
    [
        (
            BOOT,
            {"version", "release_codename", "subarches", "kflavor", "krel", "support_eol"},
        ),
        (BASES, {"version", "subarches", "support_eol"}),
    ],
    ids=["boot", "bases"],
)
def test_every_required_key_is_there_and_none_is_empty(product: Product, keys: set[str]) -> None:
    """
    MAAS drops products that lack one.
    """
    assert keys <= {key for key, value in product.extra.items() if isinstance(value, str) and value}


def test_kernel_and_initrd_name_the_kernels_package() -> None:
    """
    Those two items have a kpackage, the others none.
    """
    assert {"boot-kernel", "boot-initrd"} == {
        item.ftype for item in BOOT.versions[0].items if "kpackage" in item.extra
    }


def test_a_label_is_part_of_the_names() -> None:
    """
    A candidate does not collide with what is stable.
    """
    candidate, _ = products_of(BUILT, RECIPE, VERSION, label="candidate")

    assert ("candidate", "org.tundish:candidate:v3:download") == (candidate.label, candidate.content_id)

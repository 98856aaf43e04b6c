"""
What MAAS would refuse, and why.
"""

from collections.abc import Iterable

import pytest

from tests.unit.publish.values import NOON, holding, item
from tundish.core.holding import Holding
from tundish.core.image import Extra, Item
from tundish.publish.dialects import maas

BOOT = ("boot-kernel", "boot-initrd", "squashfs", "manifest")
ROOT = ("root-tgz", "manifest")
WORDS: Extra = {"subarches": "generic,ga-24.04", "version": "24.04", "support_eol": "2029-05-31"}
SOURCE: Extra = {"src_package": "shim", "src_release": "noble", "src_version": "1"}
LOADER: Extra = {"arches": "amd64", "bootloader-type": "uefi"}


def files(ftypes: Iterable[str]) -> list[Item]:
    return [item(f"noble/{ftype}", ftype=ftype) for ftype in ftypes]


def image(
    *ftypes: str,
    extra: Extra = WORDS,
    title: str = "24.04 LTS",
    kernel: str = "ga-24.04",
    content: str = "lab:v3:download",
    name: str = "lab:v3:boot",
) -> Holding:
    return holding(
        "20260101",
        *files(ftypes),
        extra=extra,
        title=title,
        kernel=kernel,
        content=content,
        name=name,
    )


def loader(
    *,
    names: Iterable[str] = ("shim-signed",),
    kind: str = "grub-efi-signed",
    name: str = "lab:1:uefi",
    extra: Extra = LOADER,
    source: Extra = SOURCE,
) -> Holding:
    bundles = [item(f"uefi/{each}", ftype="archive.tar.xz", extra=source) for each in names]
    return holding(
        "20231004.0", *bundles, series="", os=kind, name=name, content="lab:1:loaders", extra=extra
    )


def fault(held: Holding) -> str:
    return maas.faults([held]).get(held.id, "")


@pytest.mark.parametrize(
    "held",
    [
        image(*BOOT),
        image("boot-kernel", "boot-initrd", "root-image.gz"),
        image(*BOOT, "boot-dtb"),
        image(*BOOT, name="lab:v3+platform:boot"),
        image(*ROOT, name="lab:centos-bases:8", kernel="generic"),
        loader(),
        loader(kind="grub-efi-signed", names=("shim-signed", "grub2-signed")),
    ],
    ids=lambda held: f"{held.product.name} {len(held.version.items)}",
)
def test_what_maas_reads_is_offered(held: Holding) -> None:
    """
    Each of the three shapes, with every key, has no fault.
    """
    assert "" == fault(held)


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (image("root-tgz"), "a root-tgz without a manifest"),
        (image("boot-kernel", "squashfs"), "it has no boot-initrd"),
        (image("boot-kernel", "boot-initrd"), "it has no squashfs"),
        (image("root-dd.xz"), "it has root-dd.xz, which is neither"),
        (image(*ROOT, "root-dd.xz"), "a file of kind 'root-dd.xz'"),
        (image(*BOOT, "lxd.tar.xz"), "a file of kind 'lxd.tar.xz'"),
        (image(*BOOT, extra={"version": "24.04"}), "lacks the key 'subarches'"),
        (image(*BOOT, extra={"subarches": "generic"}), "lacks the key 'version'"),
        (image(*BOOT, title=""), "lacks the key 'release_title'"),
        (image(*BOOT, kernel=""), "lacks the key 'subarch'"),
        (image(*BOOT, extra={**WORDS, "support_eol": "soon"}), "its key 'support_eol' is 'soon'"),
        (image(*BOOT, extra={**WORDS, "support_esm_eol": 2029}), "its key 'support_esm_eol' is '2029'"),
        (image(*BOOT, name="lab:boot"), "has no ':v3:' in its name"),
        (loader(extra={"bootloader-type": "uefi"}), "lacks the key 'arches'"),
        (loader(kind="lilo"), "MAAS knows no bootloader of type 'uefi' called lilo for amd64"),
        (loader(name="lab:2:uefi"), "has no ':1:' in its name"),
        (loader(names=("lilo",)), "its item lilo is none of"),
        (loader(source={"src_package": "shim"}), "its item shim-signed lacks the key 'src_release'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_maas_would_refuse_is_refused_with_the_reason(held: Holding, why: str) -> None:
    """
    The reason names the file or the key.
    """
    assert why in fault(held)


def test_one_products_file_has_one_shape() -> None:
    """
    Of two shapes under one content id the second is refused, and the first is named.
    """
    first, second = image(*BOOT), image(*ROOT)
    found = maas.faults([first, second])

    assert (
        [second.id],
        True,
    ) == (
        list(found),
        "lab:v3:download, has an image that boots (ubuntu/noble/amd64/ga-24.04@20260101)" in found[second.id],
    )


def test_shapes_in_files_of_their_own_are_offered_together() -> None:
    """
    Images that boot and roots to unpack go together when their content ids differ.
    """
    assert {} == maas.faults([image(*BOOT), image(*ROOT, content="lab:bases"), loader()])


def test_a_catalogue_says_what_maas_says() -> None:
    """
    The datatype is the one of MAAS's own streams.
    """
    assert ["image-ids"] == [each.datatype for each in maas.catalogue([image(*BOOT)], NOON, {})]

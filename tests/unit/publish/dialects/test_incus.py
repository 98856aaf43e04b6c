"""
What Incus and LXD can use, and how they want it written.
"""

import pytest

from tests.unit.publish.values import NOON, holding, item
from tundish.core.digest import Digest
from tundish.core.holding import Holding
from tundish.core.image import Extra, Item, Product, Version
from tundish.publish.dialects import incus

META, ROOT, DISK = b"meta", b"root", b"disk"


def files(*ftypes: str) -> list[Item]:
    data = {"incus.tar.xz": META, "lxd.tar.xz": META, "squashfs": ROOT, "disk-kvm.img": DISK}
    return [item(f"debian/{ftype}", data.get(ftype, b"other"), ftype) for ftype in ftypes]


def image(*ftypes: str, version: str = "20260102_07:42", extra: Extra | None = None) -> Holding:
    return holding(version, *files(*ftypes), os="Debian", series="bookworm", extra=extra or {})


def combined(held: Holding) -> dict[tuple[Digest, Digest], Digest]:
    return {
        (one, other): Digest.of(one.hex.encode() + other.hex.encode()) for one, other in incus.pairs([held])
    }


def written(held: Holding) -> Product:
    ((product,),) = (each.products for each in incus.catalogue([held], NOON, combined(held)))
    return product


def version_of(held: Holding) -> Version:
    (version,) = written(held).versions
    return version


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (image("squashfs"), "it has no metadata (incus.tar.xz or lxd.tar.xz)"),
        (image("lxd.tar.xz", "root-tgz"), "it has no root that Incus and LXD know"),
        (image("lxd.tar.xz", "squashfs", version="1.2-rc1"), "does not begin with a day"),
        (image("lxd.tar.xz", "squashfs", version="20261302"), "does not begin with a day"),
        (image("lxd.tar.xz", "squashfs", version="2026-W01"), "does not begin with a day"),
        (image("lxd.tar.xz", "squashfs"), ""),
        (image("incus.tar.xz", "disk-kvm.img", version="20260102"), ""),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(held: Holding, why: str) -> None:
    """
    Metadata, a root and a day are what an image must have.
    """
    found = incus.faults([held]).get(held.id, "")

    assert (bool(why), True) == (bool(found), why in found)


@pytest.mark.parametrize("ftype", ["incus.tar.xz", "lxd.tar.xz"])
def test_one_metadata_file_serves_both(ftype: str) -> None:
    """
    It is listed twice over the same path, under the name that each of them reads.
    """
    items = version_of(image(ftype, "squashfs")).items

    assert [
        ("incus.tar.xz", f"debian/{ftype}"),
        ("lxd.tar.xz", f"debian/{ftype}"),
        ("squashfs", "debian/squashfs"),
    ] == [(each.ftype, each.path) for each in items]


def test_each_program_has_its_own_metadata_where_there_are_two() -> None:
    """
    With both files held, each item has its own path.
    """
    items = version_of(image("lxd.tar.xz", "incus.tar.xz", "squashfs")).items

    assert ["debian/incus.tar.xz", "debian/lxd.tar.xz", "debian/squashfs"] == [each.path for each in items]


def test_the_metadata_carries_the_digest_of_each_root() -> None:
    """
    Without the digest of metadata and root together, an image is invisible.
    """
    held = image("lxd.tar.xz", "squashfs", "disk-kvm.img")
    sums = combined(held)
    metadata = version_of(held).items[0]

    assert {
        "combined_squashfs_sha256": sums[Digest.of(META), Digest.of(ROOT)].hex,
        "combined_disk-kvm-img_sha256": sums[Digest.of(META), Digest.of(DISK)].hex,
    } == dict(metadata.extra)


def test_nothing_is_believed_of_what_a_source_said_of_it() -> None:
    """
    A combined digest that came with the metadata is dropped.
    """
    lying = item("debian/lxd.tar.xz", META, "lxd.tar.xz", {"combined_uefi1-img_sha256": "0" * 64, "x": 1})
    held = holding("20260102", lying, *files("squashfs"))

    assert {"x", "combined_squashfs_sha256"} == set(version_of(held).items[0].extra)


def test_what_they_cannot_read_is_not_listed() -> None:
    """
    A manifest or a delta beside the roots stays out.
    """
    held = image("lxd.tar.xz", "squashfs", "manifest", "squashfs.vcdiff")

    assert {"incus.tar.xz", "lxd.tar.xz", "squashfs"} == {each.ftype for each in version_of(held).items}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({}, {"variant": "default", "aliases": "debian/bookworm", "requirements": {}}),
        ({"variant": "cloud"}, {"variant": "cloud", "aliases": "debian/bookworm/cloud", "requirements": {}}),
        ({"aliases": "a,b"}, {"variant": "default", "aliases": "a,b", "requirements": {}}),
        ({"aliases": ["a"]}, {"variant": "default", "aliases": "debian/bookworm", "requirements": {}}),
        (
            {"requirements": {"secureboot": "false", "n": 1}},
            {
                "variant": "default",
                "aliases": "debian/bookworm",
                "requirements": {"secureboot": "false"},
            },
        ),
        (
            {"supported": "yes", "support_eol": "soon", "version": 12},
            {"variant": "default", "aliases": "debian/bookworm", "requirements": {}, "version": "12"},
        ),
        (
            {"supported": True, "support_eol": "2028-06-30"},
            {
                "variant": "default",
                "aliases": "debian/bookworm",
                "requirements": {},
                "supported": True,
                "support_eol": "2028-06-30",
            },
        ),
    ],
)
def test_every_key_has_the_type_its_readers_expect(said: Extra, kept: Extra) -> None:
    """
    One value of another type would hide the whole remote.
    """
    assert dict(kept) == dict(written(image("lxd.tar.xz", "squashfs", extra=said)).extra)


def test_a_catalogue_is_of_the_datatype_they_read() -> None:
    """
    They pass over everything but image-downloads.
    """
    held = image("lxd.tar.xz", "squashfs")

    assert ["image-downloads"] == [each.datatype for each in incus.catalogue([held], NOON, combined(held))]

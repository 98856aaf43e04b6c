"""
What an upload is taken for where nobody said.
"""

from dataclasses import replace
from datetime import date

import pytest

from tests.support.disks import Part, disk
from tests.support.images import index_of
from tests.support.systems import subject
from tundish.anatomy.facts import Facts, Family
from tundish.anatomy.image import Compression, Enclosed, Form, Image, Wrapping
from tundish.check.assuming import Said, installer_of, request_of, target_of
from tundish.check.subject import Filetype, Request, Target

_DISK = disk(Part(Form.EXT, tree={}))


def image(form: Form, packed: Compression, name: str = "image", *, within: bool = False) -> Image:
    held = (Enclosed("disk.raw", 100, Form.DISK),) if within else ()
    whole = _DISK if form is Form.DISK or within else None
    return Image(name, Wrapping(packed, 1, 2), form, disk=whole, enclosed=held)


@pytest.mark.parametrize(
    ("form", "packed", "within", "filetype"),
    [
        (Form.TAR, Compression.GZIP, False, "tgz"),
        (Form.TAR, Compression.XZ, False, "txz"),
        (Form.TAR, Compression.BZIP2, False, "tbz"),
        (Form.TAR, Compression.ZSTD, False, "tgz"),
        (Form.TAR, Compression.GZIP, True, "ddtgz"),
        (Form.TAR, Compression.XZ, True, "ddtxz"),
        (Form.TAR, Compression.NONE, True, "ddtar"),
        (Form.DISK, Compression.GZIP, False, "ddgz"),
        (Form.DISK, Compression.XZ, False, "ddxz"),
        (Form.DISK, Compression.BZIP2, False, "ddbz2"),
        (Form.DISK, Compression.NONE, False, "ddraw"),
        (Form.SQUASHFS, Compression.NONE, False, "squashfs"),
        (Form.SCRIPT, Compression.NONE, False, "self-extracting"),
    ],
)
def test_the_type_follows_from_the_content(
    form: Form, packed: Compression, within: bool, filetype: str
) -> None:
    """
    Without a word the content decides the type, whatever the name.
    """
    assert (
        filetype == request_of(image(form, packed, "x.bin", within=within), Facts(), Said()).request.filetype
    )


@pytest.mark.parametrize(
    ("name", "filetype"),
    [("a.dd.tgz", "ddtgz"), ("a.tar.xz", "txz"), ("a.dd.gz", "ddgz"), ("a.raw", "ddraw"), ("a", "tgz")],
)
def test_what_has_no_known_content_goes_by_its_name(name: str, filetype: str) -> None:
    """
    Of bytes that nobody knows the name decides.
    """
    assert (
        filetype == request_of(image(Form.UNKNOWN, Compression.NONE, name), Facts(), Said()).request.filetype
    )


def test_a_name_that_says_otherwise_is_told() -> None:
    """
    A disk that is called like a tar of a disk is told of, since its upload by that name would fail.
    """
    told = request_of(image(Form.DISK, Compression.GZIP, "win.dd.tgz"), Facts(), Said()).told

    assert "--filetype ddgz, by the content; by its name it would be ddtgz, which would fail" == told[0]


def test_what_was_said_is_kept() -> None:
    """
    Nothing is assumed of what a person said.
    """
    said = Said("ddgz", "custom/x", "rhel/9", "arm64")
    made = request_of(image(Form.TAR, Compression.GZIP), Facts(arch="amd64"), said)

    assert (Request(Filetype.DDGZ, "custom/x", "arm64", "rhel/9", declared=True), ()) == (
        made.request,
        made.told,
    )


@pytest.mark.parametrize(
    ("system", "base"),
    [
        ("ubuntu", "ubuntu/noble"),
        ("debian", ""),
        ("rocky", "rhel/9"),
        ("rhel8", "rhel/8"),
        ("centos7", "rhel/7"),
        ("fedora", "rhel/9"),
        ("sles", "rhel/9"),
    ],
)
def test_the_base_suits_the_system(system: str, base: str) -> None:
    """
    Without name and base, the base is one whose checks the system can pass.
    """
    asked = subject(system)

    assert base == request_of(asked.image, asked.facts, Said()).request.base_image


def test_a_base_is_not_assumed_for_a_named_upload() -> None:
    """
    Who names an upload and leaves its base out gets what MAAS does then.
    """
    asked = subject("rocky")

    assert "" == request_of(asked.image, asked.facts, Said(name="custom/rocky")).request.base_image


@pytest.mark.parametrize(
    ("family", "name"), [(Family.WINDOWS, "windows/windows-server"), (Family.ESXI, "esxi/esxi")]
)
def test_foreign_systems_go_by_their_own_names(family: Family, name: str) -> None:
    """
    Windows and ESXi are not taken for custom images.
    """
    made = image(Form.DISK, Compression.GZIP)

    assert name == request_of(replace(made, root=index_of({})), Facts(family), Said()).request.name


@pytest.mark.parametrize(
    ("base", "said", "series"),
    [
        ("ubuntu/jammy", "", "jammy"),
        ("ubuntu/jammy", "noble", "jammy"),
        ("rhel/9", "focal", "focal"),
        ("", "", "noble"),
    ],
)
def test_the_ephemeral_system_is_that_of_an_ubuntu_base(base: str, said: str, series: str) -> None:
    """
    A base of ubuntu is booted itself; otherwise the commissioning release is.
    """
    assert series == target_of(Target(), Request(Filetype.TGZ, base_image=base), ephemeral=said).ephemeral


@pytest.mark.parametrize(
    ("maas", "day"),
    [
        ((3, 6), date(2025, 6, 1)),
        ((3, 4), date(2023, 11, 1)),
        ((4, 0), date(2026, 3, 1)),
        ((2, 9), date(2021, 12, 31)),
    ],
)
def test_each_maas_has_an_installer(maas: tuple[int, int], day: date) -> None:
    """
    A version of MAAS stands for about the installer it comes with.
    """
    assert day == installer_of(maas)

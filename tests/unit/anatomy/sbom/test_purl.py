import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packageurl import PackageURL

from tundish.anatomy.facts import Installed, Os
from tundish.anatomy.sbom.purl import purl

DEBIAN, ROCKY, ALPINE = (
    Os("debian", version_id="12"),
    Os("rocky", version_id="9.4"),
    Os("alpine", version_id="3.20"),
)


@pytest.mark.parametrize(
    ("package", "system", "os", "expected"),
    [
        (Installed("bash", "5.2-2", "amd64", "bash"), "dpkg", DEBIAN,
         "pkg:deb/debian/bash@5.2-2?arch=amd64&distro=debian-12"),
        (Installed("g++", "4:12.2+b1", "amd64", "gcc"), "dpkg", DEBIAN,
         "pkg:deb/debian/g%2B%2B@4:12.2%2Bb1?arch=amd64&distro=debian-12&upstream=gcc"),
        (Installed("grub2-pc", "1:2.06-70.el9", "x86_64", "grub2-pc"), "rpm", ROCKY,
         "pkg:rpm/rocky/grub2-pc@2.06-70.el9?arch=x86_64&distro=rocky-9.4&epoch=1"),
        (Installed("NetworkManager", "1.46-1", "noarch"), "rpm", ROCKY,
         "pkg:rpm/rocky/NetworkManager@1.46-1?arch=noarch&distro=rocky-9.4"),
        (Installed("musl", "1.2.4-r2", "x86_64"), "apk", ALPINE,
         "pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64&distro=alpine-3.20"),
    ],
)  # fmt: skip
def test_a_package_has_its_url(package: Installed, system: str, os: Os, expected: str) -> None:
    """
    Kind, distribution, name, version, and what tells two builds apart.
    """
    assert expected == purl(package, system, os)


WORDS = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S"], exclude_characters="/"),
    min_size=1,
    max_size=20,
)


@settings(max_examples=200, deadline=None)
@given(name=WORDS, version=WORDS)
def test_any_name_and_version_can_be_read_back(name: str, version: str) -> None:
    """
    The reference library reads back exactly what was put into the URL.
    """
    read = PackageURL.from_string(purl(Installed(name, version, "all"), "dpkg", DEBIAN))

    assert (name.lower(), version) == (read.name, read.version)

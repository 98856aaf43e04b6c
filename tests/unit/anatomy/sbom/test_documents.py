import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.images import index_of
from tests.support.rpm_databases import need
from tundish.anatomy.facts import Installed, Os
from tundish.anatomy.sbom import cyclonedx, spdx
from tundish.anatomy.sbom.described import Described, latest
from tundish.core.digest import Digest

DEBIAN = Os(
    "debian", (), "12", "bookworm", "Debian GNU/Linux", "Debian GNU/Linux 12 (bookworm)", "etc/os-release"
)
ROCKY = Os("rocky", ("rhel",), "9.4", "", "Rocky Linux", "Rocky Linux 9.4", "etc/os-release")
DPKG = Described(
    "custom/debian 12",
    DEBIAN,
    "dpkg",
    (
        Installed("bash", "5.2.15-2+b2", "amd64", "bash", "GPL-3.0-or-later", "Matthias <m@example.org>"),
        Installed("g++", "4:12.2.0-3", "amd64", "gcc-defaults", "GPL-3.0-only AND own thing"),
        Installed("libé", "1~rc1", "all"),
    ),
    Digest.of(b"image"),
    1764000000,
    "0.1.0",
)
RPM = Described(
    "rocky9",
    ROCKY,
    "rpm",
    (
        Installed("grub2-pc", "1:2.06-70.el9", "x86_64", "grub2", "GPLv3+", "Rocky Enterprise"),
        Installed(
            "kernel", "5.14.0-427.el9", "x86_64", "kernel", "GPL-2.0-only WITH Linux-syscall-note", "Rocky"
        ),
        Installed("kernel", "5.14.0-430.el9", "x86_64", "kernel", "(MIT OR ISC) AND Zlib", "Rocky"),
    ),
    tool="0.1.0",
)
NONE = Described("empty", Os(), "", ())
APK = Described(
    "alpine", Os("alpine", version_id="3.20"), "apk", (Installed("musl", "1.2-r1", "x86_64"),), tool="1"
)
IMAGES = [DPKG, RPM, NONE, APK]


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.name)
def test_cyclonedx_is_valid_by_its_own_library(image: Described) -> None:
    """
    The reference library's strict validator has nothing to say against the document.
    """
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = cyclonedx.document(image).decode()

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.name)
def test_spdx_is_valid_by_its_own_library(image: Described, tmp_path: Path) -> None:
    """
    The reference library reads the document and finds no fault.
    """
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    (tmp_path / "image.spdx.json").write_bytes(spdx.document(image))
    read = parse_file(str(tmp_path / "image.spdx.json"))

    assert [] == [message.validation_message for message in validate_full_spdx_document(read)]


@pytest.mark.parametrize("write", [cyclonedx.document, spdx.document])
def test_the_order_of_packages_makes_no_difference(write: Callable[[Described], bytes]) -> None:
    """
    Twice written, in whatever order the packages come, the document is equal to the byte.
    """
    assert callable(write)
    turned = Described(
        DPKG.name, DPKG.os, DPKG.system, DPKG.packages[::-1], DPKG.digest, DPKG.moment, DPKG.tool
    )

    assert (
        json.loads(write(DPKG))["packages" if write is spdx.document else "components"]
        == (json.loads(write(turned))["packages" if write is spdx.document else "components"])
    )


def test_another_process_writes_the_same_bytes() -> None:
    """
    Neither hash seeds nor the time of day get into a document.
    """
    need(sys.executable)
    program = (
        "import sys, hashlib; sys.path.insert(0, '.')\n"
        "from tests.unit.anatomy.sbom.test_documents import DPKG\n"
        "from tundish.anatomy.sbom import cyclonedx, spdx\n"
        "print(hashlib.sha256(cyclonedx.document(DPKG) + spdx.document(DPKG)).hexdigest())"
    )
    said = {
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout
        for _ in range(2)
    }

    assert {Digest.of(cyclonedx.document(DPKG) + spdx.document(DPKG)).hex.encode() + b"\n"} == said


def test_documents_tell_when_they_count_as_made() -> None:
    """
    The moment is the one that was given, not that of writing.
    """
    created = json.loads(cyclonedx.document(DPKG))["metadata"]["timestamp"]

    assert ("2025-11-24T16:00:00Z", created) == (
        created,
        json.loads(spdx.document(DPKG))["creationInfo"]["created"],
    )


def test_the_newest_file_tells_when_an_image_was_changed() -> None:
    """
    Without a moment given, that of the newest file stands in; of an empty image it is 1970.
    """
    assert 0 == latest(index_of({"etc/hostname": "x"}))


def test_two_packages_that_differ_only_in_version_are_both_there() -> None:
    """
    Two kernels side by side are two components.
    """
    names = [one["name"] for one in json.loads(cyclonedx.document(RPM))["components"]]

    assert ["grub2-pc", "kernel", "kernel"] == names


def test_licences_are_expressions_where_they_can_be_and_texts_where_not() -> None:
    """
    SPDX names are an expression; what rpm wrote before it knew them is a name as it stands.
    """
    found = [one["licenses"] for one in json.loads(cyclonedx.document(RPM))["components"]]

    assert [
        [{"license": {"name": "GPLv3+"}}],
        [{"expression": "GPL-2.0-only WITH Linux-syscall-note"}],
        [{"expression": "(MIT OR ISC) AND Zlib"}],
    ] == found

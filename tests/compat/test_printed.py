"""
The commands that MAAS's pages on images print, as they are printed.
"""

import gzip
import io
import shlex
import struct
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compat.asking import source
from tests.compat.conftest import Region
from tests.support.maas_cli import Cli, Reply
from tests.support.roots import root_tgz

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")  # one that is there
ENTRY = b"\x80\0\0\0\x83\0\0\0" + struct.pack("<II", 1, 127)  # one partition, of Linux
DISK = bytes(446) + ENTRY + bytes(48) + b"\x55\xaa" + bytes(64 * 1024)


@pytest.fixture
def number(region: Region) -> Iterator[str]:
    """
    SOURCE_ID, with nothing selected before and after.
    """
    found = str(source(region.cli, region.upstream, region.keyring))
    yield found
    for each in region.cli.do("boot-source-selections", "read", found).json:
        region.cli.do("boot-source-selection", "delete", found, str(each["id"]))


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """
    The files that are uploaded, of other bytes for each test.
    """
    salt = request.node.name
    for name in ("root-tgz", "custom.tar.gz"):
        (tmp_path / name).write_bytes(root_tgz(100, f"{name} {salt}"))
    disk = DISK + salt.encode()
    (tmp_path / "disk.img").write_bytes(disk)
    (tmp_path / "disk.gz").write_bytes(gzip.compress(disk, mtime=0))
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        member = tarfile.TarInfo("disk.img")
        member.size = len(disk)
        tar.addfile(member, io.BytesIO(disk))
    (tmp_path / "root-dd").write_bytes(stream.getvalue())
    return tmp_path


def typed(cli: Cli, line: str, **words: object) -> Reply:
    """
    What stands behind `maas $PROFILE`, with its variables.
    """
    for name, value in words.items():
        line = line.replace(f"${name}", str(value))
    return cli.do(*shlex.split(line))


@pytest.mark.parametrize(
    ("kernel", "arches"),
    [("*", "amd64"), ("ga-22.04", "amd64")],
)
def test_images_are_selected(region: Region, number: str, kernel: str, arches: str) -> None:
    """
    All kernels, or one of them.
    """
    line = (
        'boot-source-selections create $SOURCE_ID os="ubuntu" release="$SERIES" arches="$ARCH" '
        'subarches="$KERNEL" labels="*"'
    )
    answer = typed(region.cli, line, SOURCE_ID=number, SERIES="jammy", ARCH=arches, KERNEL=kernel)

    assert (200, [kernel]) == (answer.status, answer.json["subarches"])


def test_selections_are_listed(region: Region, number: str) -> None:
    """
    Those of one source.
    """
    assert [] == typed(region.cli, "boot-source-selections read $SOURCE_ID", SOURCE_ID=number).json


@pytest.mark.skipif(not KEYRING.exists(), reason=f"{KEYRING} is not installed")
def test_a_source_is_added_edited_found_and_deleted(region: Region) -> None:
    """
    With a keyring of the server's; the jq of the page looks for an address.
    """
    cli, words = region.cli, {"KEYRING_FILE": KEYRING, "URL": "http://127.0.0.1:1/ephemeral-v3/stable/"}
    typed(cli, "boot-sources create url=$URL keyring_filename=$KEYRING_FILE", **words)
    listed = typed(cli, "boot-sources read").json
    (found,) = (each["id"] for each in listed if "127.0.0.1:1/ephemeral-v3" in each["url"])
    words |= {"URL": "http://127.0.0.1:1/ephemeral-v3/candidate/"}
    line = "boot-source update $SOURCE_ID url=$URL keyring_filename=$KEYRING_FILE"
    edited = typed(cli, line, SOURCE_ID=found, **words)
    switched = typed(
        cli,
        "boot-source update $BOOT_SOURCE_ID url=$STREAM_URL",
        BOOT_SOURCE_ID=found,
        STREAM_URL="http://127.0.0.1:1/ephemeral-v3/stable",
    )
    gone = typed(cli, "boot-source delete $SOURCE_ID", SOURCE_ID=found)

    assert ["candidate", "stable", str(KEYRING), 204] == [
        edited.json["url"].rpartition("/")[2],
        switched.json["url"].rpartition("/")[2],
        switched.json["keyring_filename"],
        gone.status,
    ]


UPLOADS = {
    "custom/ubuntu-tgz": "name='custom/ubuntu-tgz' title='Ubuntu Custom TGZ' architecture='amd64/generic' "
    "filetype='tgz' content@=$FOLDER/custom.tar.gz",
    "custom/ubuntu-raw": "name='custom/ubuntu-raw' title='Ubuntu Custom RAW' architecture='amd64/generic' "
    "filetype='ddgz' content@=$FOLDER/disk.gz",
    "custom/ubuntu-custom": "name='custom/ubuntu-custom' architecture=amd64/generic title='custom ubuntu' "
    "base_image=ubuntu/focal filetype=ddraw content@=$FOLDER/disk.img",
    "rhel/7": 'name=rhel/7 title="RedHat Enterprise Linux 7" architecture=amd64/generic '
    "content@=$FOLDER/root-tgz",
    "centos/centos6-custom": "name=centos/centos6-custom architecture=amd64/generic "
    "content@=$FOLDER/root-tgz",
    "windows/win2012hvr2": "name=windows/win2012hvr2 architecture=amd64/generic filetype=ddtgz "
    "content@=$FOLDER/root-dd",
    "esxi/6.7": "name='esxi/6.7' title='VMware ESXi 6.7' architecture='amd64/generic' filetype='ddgz' "
    "content@=$FOLDER/disk.gz",
    "custom/mine": 'name=mine title="Ubuntu Custom Image" architecture=amd64/generic '
    "content@=$FOLDER/root-tgz",
}


@pytest.mark.parametrize("image", sorted(UPLOADS))
def test_an_image_is_uploaded(region: Region, folder: Path, image: str) -> None:
    """
    It is held whole; whether it is fit is another question, which the last answer tells.
    """
    typed(region.cli, f"boot-resources create {UPLOADS[image]}", FOLDER=folder)
    found = [each for each in region.cli.do("boot-resources", "read").json if each["name"] == image]
    sets = region.cli.do("boot-resource", "read", str(found[0]["id"])).json["sets"]
    files = list(sets[max(sets)]["files"].values())

    assert [True] == [each["complete"] for each in files]

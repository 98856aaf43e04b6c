"""
LXD's own client reads the channel in its dialect from `tundish serve`, over https and without a daemon.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.foundry import CONTAINER_FILES, CONTAINERS, Foundry
from tests.support.certificates import certificate
from tests.support.doors import serving

pytestmark = pytest.mark.skipif(shutil.which("lxc") is None, reason="lxd-client is not installed")
METADATA, ROOT = CONTAINER_FILES["lxd.tar.xz"], CONTAINER_FILES["squashfs"]


@dataclass(frozen=True, slots=True)
class Lxc:
    """
    `lxc` with a home of its own, which trusts one certificate and can reach no daemon.
    """

    home: Path
    trusted: Path

    def __call__(self, *words: str | Path) -> str:
        done = subprocess.run(
            ["lxc", *words],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.home),
                "LXD_CONF": str(self.home),
                "LXD_DIR": str(self.home / "no-daemon"),
                "SSL_CERT_FILE": str(self.trusted),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            raise AssertionError(f"lxc {words[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout


@pytest.fixture(scope="module")
def lxc(containers: Foundry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lxc]:
    """
    The client, which knows our channel as the remote `ours`.
    """
    folder = tmp_path_factory.mktemp("lxc")
    pem, key = certificate(folder, "server")
    options = ("--tls-files", "--tls-certificate", pem, "--tls-key", key)
    with serving(containers.lab.folder, *options) as doors:
        client = Lxc(folder, pem)
        url = f"{doors.files}/stream/{CONTAINERS}"
        client("remote", "add", "ours", url, "--protocol", "simplestreams")
        yield client


def test_lists_a_container_and_a_machine_by_the_digests_of_their_files(lxc: Lxc) -> None:
    """
    Both kinds are seen, each under metadata and root one after the other.
    """
    found: list[dict[str, Any]] = json.loads(lxc("image", "list", "ours:", "--format", "json"))

    assert {
        ("container", hashlib.sha256(METADATA + ROOT).hexdigest()),
        ("virtual-machine", hashlib.sha256(METADATA + CONTAINER_FILES["disk-kvm.img"]).hexdigest()),
    } == {(each["type"], each["fingerprint"]) for each in found}


def test_finds_the_image_by_its_alias(lxc: Lxc) -> None:
    """
    The name that people type leads to the version that is offered.
    """
    said = lxc("image", "info", "ours:debian/bookworm/amd64")

    assert "serial: 20260102_07:42" in said


def test_downloads_what_it_verifies(lxc: Lxc, tmp_path: Path) -> None:
    """
    Both files arrive as they were published.
    """
    target = tmp_path / "got"

    lxc("image", "export", "ours:debian/bookworm", target)

    assert [METADATA, ROOT] == [target.read_bytes(), target.with_name("got.root").read_bytes()]

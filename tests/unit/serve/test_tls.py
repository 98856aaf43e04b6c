"""
Which certificates are taken, and what is said of those that are not.
"""

import socket
import ssl
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.certificates import certificate
from tundish.core import clock
from tundish.core.errors import InputError
from tundish.serve import tls_of
from tundish.serve.tls import Tls, not_after
from tundish.settings import load


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("certificates")
    certificate(made, "one", days=10)
    certificate(made, "two", days=10)
    certificate(made, "old", days=1)
    return made


def later() -> datetime:
    """
    When one of the certificates has expired.
    """
    return clock.now() + timedelta(days=5)


def shown(tls: Tls, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> bytes:
    """
    The certificate that a client of this version gets to see.
    """
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with ours, suppress(OSError):
            tls.context.wrap_socket(ours, server_side=True).close()

    thread = threading.Thread(target=serve)
    thread.start()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = version
    try:
        with context.wrap_socket(theirs) as client:
            return client.getpeercert(binary_form=True) or b""
    finally:
        theirs.close()
        thread.join()


def der(pem: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pem.read_text())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_is_shown(folder: Path, version: ssl.TLSVersion) -> None:
    """
    TLS 1.2 and 1.3 work with the given files.
    """
    tls = Tls(folder / "one.pem", folder / "one.key")

    assert der(folder / "one.pem") == shown(tls, version)


def test_nothing_older_than_tls_1_2_is_spoken(folder: Path) -> None:
    """
    The context refuses what is older.
    """
    assert ssl.TLSVersion.TLSv1_2 == Tls(folder / "one.pem", folder / "one.key").context.minimum_version


@pytest.mark.parametrize(
    ("pem", "key", "words"),
    [
        ("none.pem", "one.key", r"cannot read the certificate in .*none.pem: No such file"),
        ("one.pem", "none.key", r"cannot read the key in .*none.key: No such file"),
        ("one.pem", "two.key", r"the key in .*two.key is not that of the certificate in .*one.pem"),
        ("one.key", "one.key", r"one.key holds no certificate in PEM"),
        ("one.pem", "one.pem", r"one.pem holds no private key that can be read"),
        ("old.pem", "old.key", r"the certificate in .*old.pem has expired on 20\d\d-\d\d-\d\d; renew it"),
    ],
)
def test_what_is_no_good_is_said(folder: Path, pem: str, key: str, words: str) -> None:
    """
    Missing, strange, mixed up and expired files are named, with what is wrong.
    """
    with pytest.raises(InputError, match=words):
        Tls(folder / pem, folder / key, later)


def renewed(folder: Path, target: Path, name: str) -> None:
    for suffix in (".pem", ".key"):
        data = (folder / f"{name}{suffix}").read_bytes()
        (target / f"new{suffix}").write_bytes(data)
        (target / f"new{suffix}").replace(target / f"cert{suffix}")


def test_a_renewed_certificate_is_taken(folder: Path, tmp_path: Path) -> None:
    """
    Once the files are others, new connections get the new one.
    """
    renewed(folder, tmp_path, "one")
    tls = Tls(tmp_path / "cert.pem", tmp_path / "cert.key", later)
    renewed(folder, tmp_path, "two")
    tls.look()

    assert der(folder / "two.pem") == shown(tls)


@pytest.mark.parametrize("breakage", ["mixed", "gone", "old"])
def test_a_bad_renewal_changes_nothing(folder: Path, tmp_path: Path, breakage: str) -> None:
    """
    Half a renewal, none, or one that has expired leaves the old certificate in use.
    """
    renewed(folder, tmp_path, "one")
    tls = Tls(tmp_path / "cert.pem", tmp_path / "cert.key", later)
    if breakage == "mixed":
        (tmp_path / "cert.pem").write_bytes((folder / "two.pem").read_bytes())
    elif breakage == "gone":
        (tmp_path / "cert.key").unlink()
    else:
        renewed(folder, tmp_path, "old")
    tls.look()

    assert der(folder / "one.pem") == shown(tls)


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x00" * 64])
def test_what_is_no_certificate_has_no_end(data: bytes) -> None:
    """
    Bytes that are none are an input error, whatever they are.
    """
    with pytest.raises(InputError, match="its dates cannot be read"):
        not_after(data)


@pytest.mark.parametrize(
    "env", [{"TUNDISH_TLS_KEY": "/k"}, {"TUNDISH_TLS_CERTIFICATE": "/c"}, {"TUNDISH_TLS_FILES": "yes"}]
)
def test_half_of_it_is_refused(env: dict[str, str]) -> None:
    """
    https needs certificate and key.
    """
    with pytest.raises(InputError, match="--tls-certificate and --tls-key"):
        tls_of(load(env, root=True))

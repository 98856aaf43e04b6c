"""
What the files of a system tell: databases of packages, heads of loaders, and the facts of a whole root.
"""

import sqlite3
from collections.abc import Iterator
from random import Random

from tests.support import parts
from tests.support.images import index_of
from tests.support.rpm_databases import header, ndb_file, small_bdb
from tests.support.systems import SYSTEMS

from fuzz.mutation import of_bytes
from fuzz.target import KIB, MIB, target, text
from tundish.anatomy.image import Compression, Form, Image, Wrapping
from tundish.anatomy.inspect import facts_of
from tundish.anatomy.installed import apk, bdb, dpkg, ndb, rpm, rpm_header, sqlite
from tundish.anatomy.sbom import licences
from tundish.anatomy.system import pe
from tundish.app import inspecting
from tundish.core.errors import BadImage, NotFound

_PACKAGES = (header("bash"), header("grub2", "2.06", "70.el9", epoch=1), header("long" * 300))
_PARTS = 3
_CUT = b"\n=== "  # before the name of each file of a root


def _headers() -> Iterator[bytes]:
    yield from _PACKAGES


@target(
    BadImage, seeds=_headers, words=(b"\0\0\3\xe8", b"\0\0\3\xe9", b"\0\0\0\6", b"\0\0\0\4"), longest=4 * KIB
)
def rpm_header_of_a_package(data: bytes) -> None:
    """
    One header of a package.
    """
    assert rpm_header.package(data).name


def _sqlites() -> Iterator[bytes]:
    for size in (512, 4096):
        connection = sqlite3.connect(":memory:")
        connection.execute(f"PRAGMA page_size={size}")
        connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)")
        connection.executemany("INSERT INTO Packages (blob) VALUES (?)", [(one,) for one in _PACKAGES])
        connection.commit()
        yield connection.serialize()
        connection.close()


@target(
    BadImage, seeds=_sqlites, words=(b"SQLite format 3\0", b"Packages", b"\x0d", b"\x05"), longest=16 * KIB
)
def rpm_packages_in_sqlite(data: bytes) -> None:
    """
    A database of rpm in SQLite, with the second half as its log.
    """
    log = data[len(data) // 2 :]
    rows = sqlite.rows(data, "Packages", log)
    assert sum(len(value) for row in rows for value in row if isinstance(value, bytes)) <= len(data + log)


def _ndbs() -> Iterator[bytes]:
    yield ndb_file(_PACKAGES)


@target(BadImage, seeds=_ndbs, words=(b"RpmP", b"Slot", b"BlbS", b"BlbE"), longest=16 * KIB)
def rpm_packages_in_ndb(data: bytes) -> None:
    """
    A database of rpm in its own form.
    """
    assert sum(map(len, ndb.blobs(data))) <= len(data)


def _bdbs() -> Iterator[bytes]:
    yield from (small_bdb(_PACKAGES, order) for order in "<>")


@target(BadImage, seeds=_bdbs, words=(b"\x61\x15\x06\0", b"\0\x06\x15\x61"), longest=16 * KIB)
def rpm_packages_in_berkeley_db(data: bytes) -> None:
    """
    A database of rpm in Berkeley DB.
    """
    assert sum(len(value) for _, value in bdb.values(data)) <= len(data)


def _lists() -> Iterator[bytes]:
    yield b"Package: a\nStatus: hold ok installed\nVersion: 1:2-3\nArchitecture: amd64\nInstalled-Size: 5\n\n"
    yield b"P:musl\nV:1.2-r1\nA:x86_64\nL:MIT\nI:9\n\nP:b\nV:1\n"
    yield b"Format: x\n\nFiles: *\nLicense: GPL-2+ or Expat\n"


@target(
    seeds=_lists,
    words=(b"Package:", b"Status: install ok installed", b"Version:", b"License:"),
    longest=4 * KIB,
)
def lists_of_packages(data: bytes) -> None:
    """
    The lists of dpkg and apk, and a licence.
    """
    said = text(data)
    assert all(one.name or not one.name for one in (*dpkg.packages(said), *apk.packages(said)))
    licences.is_expression(licences.spdx_name(said))


def _loaders() -> Iterator[bytes]:
    yield from (parts.pe(arch, sbat=parts.SHIM) for arch in ("amd64", "arm64"))


@target(BadImage, seeds=_loaders, words=(b"MZ", b"PE\0\0", b".sbat\0\0\0", b"shim,4,"), longest=4 * KIB)
def head_of_a_loader(data: bytes) -> None:
    """
    A PE file.
    """
    assert len(pe.read(data, len(data)).sbat) <= pe.MAX_COMPONENTS


def _roots() -> Iterator[bytes]:
    for name in ("ubuntu", "centos7", "sles"):
        root = index_of(SYSTEMS[name].tree())
        files = [entry for entry in root if root.is_file(entry.path)]
        for start in range(_PARTS):  # each with every kind of file, and quicker than the whole
            some = (entry for entry in files[start::_PARTS])
            yield b"".join(_CUT + entry.path.encode() + b"\n" + root.read(entry.path)[:300] for entry in some)


def _of_one_file(data: bytes, chance: Random) -> bytes:
    """
    A change inside one file of the root, or of its name.
    """
    files = data.split(_CUT)
    place = chance.randrange(len(files))
    files[place] = of_bytes(files[place], chance)
    return _CUT.join(files)


@target(
    BadImage,
    NotFound,
    seeds=_roots,
    words=(b"etc/passwd\n", b"etc/os-release\n", b"ID=", b"cloud-init=disabled", b"ListenStream=22"),
    mutation=_of_one_file,
    longest=32 * KIB,
    seconds=8.0,  # passwords are guessed up to their own limit
    memory=512 * MIB,
)
def facts_of_a_root(data: bytes) -> None:
    """
    All facts of a root, and its bill of materials.
    """
    files = (part.partition(b"\n") for part in data.split(_CUT)[1:])
    tree = {text(path).strip("/"): content for path, _, content in files if path.strip(b"/")}
    root = index_of(tree)
    found = facts_of(root)
    image = Image("root.tar", Wrapping(Compression.NONE, len(data), len(data)), Form.TAR, root)
    if found.packages and not found.packages_fault:
        for form in inspecting.Form:
            assert inspecting.bill(image, form)
    assert rpm.found(root) in {"", *tree}

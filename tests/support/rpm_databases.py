"""
Package databases of rpm: made by rpm itself (sqlite), by Berkeley DB's own tool, and by hand (ndb).
"""

import shutil
import sqlite3
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path
from struct import pack

import pytest

_SPEC = """\
Name: {name}
Version: {version}
Release: 3.el9
{epoch}
Summary: a package of a test
License: GPL-2.0-or-later
Vendor: Test House
BuildArch: noarch
%description
{text}
%files
"""


@dataclass(frozen=True)
class Wanted:
    """
    A package to make; `text` is its description, which makes its header long.
    """

    name: str
    version: str = "1.2"
    epoch: str = ""
    text: str = "nothing"


def need(*programs: str) -> None:
    """
    Skip the test where a program is not installed.
    """
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def sqlite_file(folder: Path, *wanted: Wanted) -> bytes:
    """
    `rpmdb.sqlite`, after rpm has installed the packages.
    """
    need("rpm", "rpmbuild")
    for one in wanted:
        epoch = f"Epoch: {one.epoch}" if one.epoch else ""
        spec = folder / f"{one.name}.spec"
        spec.write_text(_SPEC.format(name=one.name, version=one.version, epoch=epoch, text=one.text))
        _run("rpmbuild", "--quiet", "-bb", "--define", f"_topdir {folder}", str(spec))
    made = map(str, sorted(folder.glob("RPMS/noarch/*.rpm")))
    _run("rpm", "--dbpath", str(folder / "db"), "--nodeps", "--justdb", "-i", *made)
    return (folder / "db/rpmdb.sqlite").read_bytes()


def headers(database: Path) -> tuple[bytes, ...]:
    """
    The headers in an SQLite database, read by SQLite.
    """
    connection = sqlite3.connect(database)
    try:
        return tuple(blob for (blob,) in connection.execute("SELECT blob FROM Packages ORDER BY hnum"))
    finally:
        connection.close()


def bdb_file(folder: Path, blobs: tuple[bytes, ...]) -> bytes:
    """
    `Packages`, made by Berkeley DB's `db_load`.
    """
    need("db_load")
    rows = [(bytes(4), pack("<I", len(blobs))), *((pack("<I", n), blob) for n, blob in enumerate(blobs, 1))]
    lines = "".join(f" {key.hex()}\n {value.hex()}\n" for key, value in rows)
    text = f"VERSION=3\nformat=bytevalue\ntype=hash\nHEADER=END\n{lines}DATA=END\n"
    folder.mkdir(exist_ok=True)
    subprocess.run(["db_load", str(folder / "Packages")], input=text.encode(), check=True)
    return (folder / "Packages").read_bytes()


def ndb_file(blobs: tuple[bytes, ...]) -> bytes:
    """
    `Packages.db`, laid out as rpm's own database is.
    """
    slots, body, block = b"", b"", 4096 // 16
    for number, blob in enumerate(blobs, 1):
        count = -(-(16 + len(blob) + 12) // 16)
        tail = pack("<III", zlib.adler32(blob), len(blob), int.from_bytes(b"BlbE", "little"))
        head = pack("<4sIII", b"BlbS", number, 1, len(blob))
        body += (head + blob).ljust(count * 16 - 12, b"\0") + tail
        slots += pack("<4sIII", b"Slot", number, block, count)
        block += count
    empty = pack("<4sIII", b"Slot", 0, 0, 0)
    slots += empty * ((4096 - 32 - len(slots)) // 16)
    return pack("<4sIIIIIII", b"RpmP", 0, 1, 1, len(blobs) + 1, 0, 0, 0) + slots + body


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def header(name: str, version: str = "1.0", release: str = "1", *, epoch: int | None = None) -> bytes:
    """
    A header of a package, made by hand.
    """
    texts = {1000: name, 1001: version, 1002: release, 1011: "Test House", 1014: "MIT", 1022: "noarch"}
    entries, store = b"", b""
    if epoch is not None:
        entries, store = pack(">IIII", 1003, 4, 0, 1), pack(">I", epoch)
    for tag, text in texts.items():
        entries += pack(">IIII", tag, 6, len(store), 1)
        store += text.encode() + b"\0"
    return pack(">II", len(entries) // 16, len(store)) + entries + store


def small_bdb(blobs: tuple[bytes, ...], order: str = "<", page: int = 512) -> bytes:
    """
    A Berkeley DB hash file of one page of keys, every value in a chain of pages, as rpm's long headers are.
    """
    items: list[bytes] = []
    chains: list[bytes] = []
    room = page - 26
    for number, blob in enumerate(blobs, 1):
        items += [b"\1" + pack(order + "I", number), pack(order + "B3xII", 3, 2 + len(chains), len(blob))]
        pieces = [blob[at : at + room] for at in range(0, len(blob), room)]
        for place, piece in enumerate(pieces):
            following = 3 + len(chains) if place + 1 < len(pieces) else 0
            head = pack(order + "QIIIHHBB", 0, 2 + len(chains), 0, following, 1, len(piece), 0, 7)
            chains.append((head + piece).ljust(page, b"\0"))
    places, body, end = b"", b"", page
    for item in items:
        end -= len(item)
        places, body = places + pack(order + "H", end), item + body
    keys = pack(order + "QIIIHHBB", 0, 1, 0, 0, len(items), end, 0, 13) + places
    meta = bytes(12) + pack(order + "III", 0x061561, 9, page)
    return meta.ljust(page, b"\0") + keys + bytes(page - len(keys) - len(body)) + body + b"".join(chains)

"""
Containers: forms, packed files, tars and initrds, made by code and by the libraries that pack.
"""

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Iterator

import lz4.block
import lz4.frame
import zstandard
from tests.support.tars import Raw, extended, member, record, tar_of

from fuzz.counted import Counted
from fuzz.mutation import of_tar
from fuzz.target import KIB, MIB, target
from tundish.anatomy import cpio
from tundish.anatomy.cpio_reader import listed
from tundish.anatomy.image import Compression
from tundish.anatomy.index import Entry, Index, Kind
from tundish.anatomy.keeping import nothing
from tundish.anatomy.opening import read_image
from tundish.anatomy.packed.seekable import seekable
from tundish.anatomy.packed.unwrapping import Unwrapping
from tundish.anatomy.packed.xz_blocks import xz_blocks
from tundish.anatomy.readable import Bytes, File
from tundish.anatomy.sniff import compression_of, form_of
from tundish.anatomy.tar.contents import Passes
from tundish.anatomy.tar.reader import read_tar
from tundish.core.errors import BadImage

_DATA = b"the same text again, and again\n" * 30 + bytes(range(256)) * 2
_LARGEST = 4 * MIB  # of what a fuzzed input may be asked to become, so that a run goes on


def _packed() -> Iterator[bytes]:
    yield gzip.compress(_DATA, mtime=0) + gzip.compress(b"second", mtime=0)
    yield b"\x1f\x8b\x08\x1e" + bytes(6) + b"\4\0abcdname\0comment\0" + b"\0\0" + gzip.compress(_DATA)[10:]
    yield bz2.compress(_DATA) + bz2.compress(b"")
    yield lzma.compress(_DATA, preset=0) + bytes(4) + lzma.compress(b"x", preset=0)
    yield zstandard.ZstdCompressor(write_checksum=True).compress(_DATA) + b"\x50\x2a\x4d\x18\2\0\0\0ab"
    yield bytes(lz4.frame.compress(_DATA))
    block = bytes(lz4.block.compress(_DATA, store_size=False))
    yield b"\x02\x21\x4c\x18" + len(block).to_bytes(4, "little") + block
    yield b"\x1f\x9d\x90" + _DATA


@target(BadImage, seeds=_packed, words=(b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"YZ"))
def files_packed(data: bytes) -> None:
    """
    Whatever is packed comes out in pieces, and how it ended is told and not raised.
    """
    unwrapping = Unwrapping(File(Counted(data)), compression_of(data[:16]))
    came = 0
    for piece in unwrapping:
        assert len(piece) <= 8 * MIB
        came += len(piece)
        if came > _LARGEST:
            return
    wrapping = unwrapping.wrapping()
    assert (wrapping.size, wrapping.expanded) == (len(data), came)
    assert 0 <= wrapping.trailing <= len(data)


@target(BadImage, seeds=_packed, words=(b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"YZ"))
def places_in_packed_files(data: bytes) -> None:
    """
    A packed file of which no page may be held reads the same in the middle as from its beginning.
    """
    compression = compression_of(data[:16])
    if compression not in {Compression.GZIP, Compression.XZ}:
        return
    plain, unwrapping = bytearray(), Unwrapping(Bytes(data), compression)
    for piece in unwrapping:
        plain += piece
        if len(plain) > MIB:
            return
    xz_blocks(Bytes(data))
    readable, wrapping = seekable(File(Counted(data)), compression, limit=0)
    assert bool(wrapping.fault) == bool(unwrapping.wrapping().fault)
    if not wrapping.fault:
        assert readable.size == len(plain)
        for at in (0, len(plain) // 2, len(plain) - 10):
            assert at < 0 or readable.read_at(at, 300) == plain[at : at + 300]


def _tars() -> Iterator[bytes]:
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w", format=form) as tar:
            about = tarfile.TarInfo("usr/lib/" + "long" * 40 if form != tarfile.USTAR_FORMAT else "usr")
            about.size, about.pax_headers = 5, {"SCHILY.xattr.user.a": "b", "mtime": "1.5"}
            tar.addfile(about, io.BytesIO(b"hello"))
        yield made.getvalue().rstrip(b"\0") + bytes(1024)
    yield tar_of(
        Raw(b"etc", kind=b"5"),
        Raw(b"etc/a", b"x" * 600),
        Raw(b"etc/b", kind=b"1", target=b"etc/a"),
        Raw(b"bin", kind=b"2", target=b"usr/../etc"),
        Raw(b"bin/c", b"y"),
        Raw(b"etc/a", b"z"),
        member(Raw(b"g", record("uid", b"7"), b"g")),
    )
    yield tar_of(extended(GNU__sparse__map=b"100,50,900,10", GNU__sparse__size=b"2000"), Raw(b"h", b"x" * 60))
    head = extended(GNU__sparse__major=b"1", GNU__sparse__minor=b"0", GNU__sparse__realsize=b"2000")
    yield tar_of(head, Raw(b"h", b"1\n100\n50\n".ljust(512, b"\0") + b"x" * 50))
    pairs = ((b"GNU.sparse.offset", b"5"), (b"GNU.sparse.numbytes", b"2"))
    records = b"".join(record(key.decode(), value) for key, value in pairs)
    yield tar_of(Raw(b"h", record("GNU.sparse.size", b"99") + records, b"x"), Raw(b"h", b"ab"))


_TAR_WORDS = (b"ustar\x0000", b"ustar  \x00", b"GNU.sparse.map=", b"GNU.sparse.major=1", b"size=", b"path=")


@target(BadImage, seeds=_tars, words=_TAR_WORDS, mutation=of_tar)
def tars(data: bytes) -> None:
    """
    A tar is listed as far as it goes; every path stays inside, and every file that is listed can be read.
    """
    pieces = (data[at : at + 700] for at in range(0, len(data), 700))
    listing = read_tar(pieces, "fuzz", nothing, Passes(lambda: Bytes(data)))
    for one in listing.index:
        assert not one.path.startswith("/")
        assert ".." not in one.path.split("/")
        if one.kind is Kind.FILE and one.size < _LARGEST:
            _read(listing.index, one)


def _read(index: Index, entry: Entry) -> None:
    length = sum(map(len, index.stream(entry.path)))
    assert length == entry.size


@target(
    BadImage,
    seeds=lambda: (
        (early := cpio.newc([cpio.folder("kernel"), cpio.file("kernel/x", b"code")]))
        + bytes(100)
        + gzip.compress(cpio.newc([cpio.file("init", b"#!", executable=True), cpio.link("bin", "usr/bin")])),
        early + early,
    ),
    words=(b"070701", b"TRAILER!!!\0", b"\x1f\x8b\x08"),
)
def initrds(data: bytes) -> None:
    """
    The members of an initrd are listed, or it is refused.
    """
    assert len(listed(data, "fuzz")) <= len(data) * 2000


def _files() -> Iterator[bytes]:
    yield from _packed()
    for tar in _tars():
        yield tar
        yield gzip.compress(tar, mtime=0)
    boot = bytearray(2 * KIB)
    boot[446:462], boot[510:512] = bytes.fromhex("80000000 83000000 01000000 02000000"), b"\x55\xaa"
    yield bytes(boot)
    yield tar_of(Raw(b"root.raw", bytes(boot) + bytes(64 * KIB)))


@target(BadImage, seeds=_files, words=(*_TAR_WORDS, b"hsqs", b"\x55\xaa", b"EFI PART"), longest=80 * KIB)
def image_files(data: bytes) -> None:
    """
    Any file is an Image, whose size and form are known.
    """
    form_of(Bytes(data))
    image = read_image(File(Counted(data)), "fuzz")
    assert image.wrapping.size == len(data)

"""
What is inside of images and archives: tar, packed files, dpkg's and depmod's lists, apt's sources.
"""

import gzip
import io
import json
import lzma
import tarfile
from collections.abc import Iterator

from fuzz.counted import Counted
from fuzz.mutation import of_json, of_tar
from fuzz.target import KIB, MIB, target, text
from tundish.anatomy import archive, codec, cpio, modules, packages, sniff
from tundish.build import sources
from tundish.build.recipe import Recipe
from tundish.core.errors import InputError, NotFound
from tundish.publish import difference

_DPKG = b"Package: a\nStatus: install ok installed\nVersion: 1:2-3\nDescription: x\n y\n\nPackage: b\n"
_DEB822 = (
    b"Types: deb\nURIs: http://deb.test/debian\nSuites: bookworm bookworm-updates\n"
    b"Components: main\nSigned-By:\n -----BEGIN\n .\n"
)
_LIMIT = MIB


def _tars() -> Iterator[bytes]:
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w", format=form) as tar:
            for name, kind, target_name in (
                ("etc", tarfile.DIRTYPE, ""),
                ("etc/os-release", tarfile.REGTYPE, ""),
                ("lib", tarfile.SYMTYPE, "usr/lib"),
                ("etc/other", tarfile.LNKTYPE, "etc/os-release"),
                ("usr/lib/" + "long" * 24, tarfile.REGTYPE, ""),
            ):
                member = tarfile.TarInfo(name)
                member.type, member.linkname = kind, target_name
                data = b"ID=debian\n" if kind == tarfile.REGTYPE else b""
                member.size = len(data)
                if form == tarfile.PAX_FORMAT:
                    member.pax_headers = {"SCHILY.xattr.user.a": "b", "mtime": "1.5"}
                tar.addfile(member, io.BytesIO(data))
        yield made.getvalue().rstrip(b"\0") + bytes(1024)


@target(
    InputError,
    NotFound,
    seeds=_tars,
    words=(b"ustar\x0000", b"ustar  \x00", b"././@LongLink", b"30 path=", b"GNU.sparse.major=1", b"size="),
    mutation=of_tar,
    memory=1200 * MIB,  # a sparse file may be as long as the longest that is read at once
    seconds=3.0,
)
def tar_of_a_root(data: bytes) -> None:
    """
    The table of contents is read or refused; every path can be resolved, asked for and read.
    """
    found = archive.Archive.read_from(Counted(data), "fuzz")
    for path in list(found.paths())[:20]:
        try:
            found.resolve(path + "/x")
            if found.has(path):
                found.read(path)
        except (InputError, NotFound):
            continue
    list(found.files_below("etc"))


@target(
    InputError,
    seeds=lambda: (
        b"\0" + gzip.compress(b"a" * 500, mtime=0),
        b"\1" + lzma.compress(b"b" * 500),
        b"\1" + lzma.compress(bytes(3 * _LIMIT)),
        b"\0" + gzip.compress(bytes(3 * _LIMIT), mtime=0),
    ),
    memory=600 * MIB,  # a header of xz may ask for as much as its reader allows
)
def packed_bytes(data: bytes) -> None:
    """
    Packed bytes come out whole and within their bound, or not at all.
    """
    name = "a.xz" if data[:1] == b"\1" else "a.gz"
    assert len(codec.expanded(name, data[1:], _LIMIT)) <= _LIMIT


@target(
    seeds=lambda: (_DPKG, b"a\t1\nb\t2\n"), words=(b"Package: ", b"Version: ", b"Status: ", b" installed")
)
def package_lists(data: bytes) -> None:
    """
    Any text is a list of packages, perhaps of none.
    """
    found = packages.installed(text(data))
    assert list(found) == sorted(found)
    difference.packages(data)


@target(
    seeds=lambda: (b"kernel/a.ko.xz: kernel/b.ko kernel/c.ko\nkernel/b.ko:\n\0alias pci:v* a\n",),
    words=(b".ko", b": ", b"alias ", b"\n"),
)
def module_lists(data: bytes) -> None:
    """
    Whatever depmod is said to have written gives an order, each path once.
    """
    dep, _, alias = text(data).partition("\0")
    known = modules.dependencies(dep)
    order = modules.load_order(tuple(map(modules.name_of, known)), known)
    assert len(order) == len(set(order))
    modules.table(order, known)
    modules.aliases(alias, {"a"})


@target(InputError, seeds=lambda: (b"etc\0etc/os-release\0lib", b"a\0..\0b/../c"), longest=4 * KIB)
def members_of_an_initrd(data: bytes) -> None:
    """
    Paths become members of a cpio archive, or are refused.
    """
    names = data.decode("utf-8", "replace").split("\0")
    made = cpio.newc(cpio.file(name, b"data") for name in names)
    assert len(made) % 4 == 0


@target(seeds=lambda: (b"hsqs" + bytes(600), bytes(0x1FE) + b"\x55\xaa\0\0HdrS" + b"\1" * 40))
def kinds_of_files(data: bytes) -> None:
    """
    Any first bytes are of a kind or not.
    """
    sniff.is_bzimage(data)
    sniff.is_squashfs(data)


@target(
    InputError,
    seeds=lambda: (
        _DEB822,
        b"deb [signed-by=/k.gpg trusted=yes] http://deb.test/debian bookworm main\n# no\n",
    ),
    words=(b"Types: deb", b"URIs: ", b"Suites: ", b"Components: main", b"deb ", b"[", b"]", b"\n\n"),
)
def apt_sources(data: bytes) -> None:
    """
    A list of apt is read in both of its forms.
    """
    found = [*sources.parse_deb822(text(data)), *sources.parse_one_line(text(data))]
    for each in sources.of_distribution(found, "bookworm"):
        assert "Types: deb" in each.deb822()


def _recipes() -> Iterator[bytes]:
    fields = {
        "os": "debian",
        "series": "bookworm",
        "version": "12",
        "title": "12 (bookworm)",
        "arch": "amd64",
        "packages": ["busybox-static", "a=1.2", "b/stable"],
        "epoch": 1767225600,
        "sources": ["Types: deb\n"],
    }
    yield json.dumps(fields).encode()


@target(InputError, seeds=_recipes, mutation=of_json)
def recipes(data: bytes) -> None:
    """
    Words become a recipe with an id, or are refused.
    """
    try:
        fields = json.loads(data)
        os, series, version, title, arch = (
            str(fields[name]) for name in ("os", "series", "version", "title", "arch")
        )
        wanted, archives = (tuple(map(str, fields[name])) for name in ("packages", "sources"))
        epoch = int(fields["epoch"])
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
        return
    made = Recipe(os, series, version, title, arch, wanted, epoch, archives)
    assert len(made.content_id) == 64

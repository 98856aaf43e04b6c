"""
Group A, first half: what the file must be like as a file.
"""

from dataclasses import replace

import pytest

from tests.support.images import Contents
from tests.support.systems import subject, subject_of
from tests.unit.check.asked import ERROR, INFO, WARNING, Bad, Good, found, named, spoils
from tundish.anatomy.image import Compression, Disk, Enclosed, Form, Image, Scheme, Table, Wrapping
from tundish.anatomy.index import Entry, Index, Kind, Remark, Trait
from tundish.check.rule import Evidence, ask
from tundish.check.rulebook import rule
from tundish.check.subject import Filetype, Request, Subject

_DISK = Disk(Form.DISK, 8 << 30, Table(Scheme.GPT))
_MEMBER = Enclosed("disk.raw", 8 << 30, Form.DISK)


def _tar(
    filetype: Filetype = Filetype.TGZ,
    compression: Compression = Compression.GZIP,
    *,
    fault: str = "",
    trailing: int = 0,
    stamped: bool = False,
) -> Subject:
    made = subject("ubuntu", filetype=filetype)
    wrapping = Wrapping(compression, 400 << 20, 900 << 20, None, fault, trailing, stamped)
    return replace(made, image=replace(made.image, wrapping=wrapping))


def _file(
    filetype: Filetype,
    form: Form,
    compression: Compression = Compression.GZIP,
    *,
    enclosed: tuple[Enclosed, ...] = (),
    disk: Disk | None = _DISK,
) -> Subject:
    wrapping = Wrapping(compression, 400 << 20, 900 << 20)
    image = Image("image", wrapping, form, None, disk, enclosed)
    return replace(subject_of({}), image=image, request=Request(filetype, "custom/x"))


def _damaged() -> Subject:
    return subject_of({"etc/os-release": ""}, remarks=[Remark(Trait.UNREADABLE, "usr/bin/cut", "cut short")])


BAD = [
    Bad("A01", "xz as tgz", lambda: _tar(compression=Compression.XZ), ERROR, "tgz means compression gzip"),
    Bad("A01", "gzip as txz", lambda: _tar(Filetype.TXZ), ERROR, "txz means compression xz"),
    Bad("A01", "a disk as tgz", lambda: _file(Filetype.TGZ, Form.DISK), ERROR, "disk, not a tar"),
    Bad("A01", "a disk as ddtgz", lambda: _file(Filetype.DDTGZ, Form.DISK), ERROR, "disk, not a tar"),
    Bad(
        "A01",
        "a tar as ddgz",
        lambda: _file(Filetype.DDGZ, Form.TAR, enclosed=(_MEMBER,)),
        ERROR,
        "a tar, not a disk",
    ),
    Bad(
        "A01",
        "the tar of a disk as tgz",
        lambda: _file(Filetype.TGZ, Form.TAR, enclosed=(_MEMBER,)),
        ERROR,
        "carries a disk",
    ),
    Bad("A01", "a qcow2 as ddgz", lambda: _file(Filetype.DDGZ, Form.QCOW2), ERROR, "as it is"),
    Bad(
        "A01",
        "a bare disk as ddgz",
        lambda: _file(Filetype.DDGZ, Form.DISK, Compression.NONE),
        ERROR,
        "has none",
    ),
    Bad(
        "A01",
        "a disk as squashfs",
        lambda: _file(Filetype.SQUASHFS, Form.DISK, Compression.NONE),
        ERROR,
        "not a squashfs",
    ),
    Bad("A02", "cut short", lambda: _tar(fault="the stream ends early"), ERROR, "the stream ends early"),
    Bad("A02", "garbage at the end", lambda: _tar(trailing=7), ERROR, "7 bytes follow"),
    Bad("A02", "a damaged member", _damaged, ERROR, "usr/bin/cut"),
    Bad("A03", "zstd", lambda: _tar(compression=Compression.ZSTD), ERROR, "packed with zstd"),
    Bad("A03", "lz4", lambda: _tar(compression=Compression.LZ4), ERROR, "packed with lz4"),
    Bad(
        "A04",
        "two members",
        lambda: _file(Filetype.DDTGZ, Form.TAR, enclosed=(_MEMBER, replace(_MEMBER, name="b"))),
        ERROR,
        "2 members: disk.raw, b",
    ),
    Bad("A04", "no member", lambda: _file(Filetype.DDTAR, Form.TAR, disk=None), ERROR, "0 members"),
    Bad("A04", "a root", lambda: _tar(Filetype.DDTGZ), ERROR, "a tar of a root"),
    Bad("A05", "a tbz", lambda: _tar(Filetype.TBZ, Compression.BZIP2), WARNING, "in memory"),
    Bad("A15", "anything", lambda: _tar(stamped=True), INFO, "two builds differ"),
]
GOOD = [
    Good("A01", "a tgz", _tar),
    Good("A01", "a txz", lambda: _tar(Filetype.TXZ, Compression.XZ)),
    Good("A01", "a ddgz", lambda: _file(Filetype.DDGZ, Form.DISK)),
    Good("A01", "a ddraw", lambda: _file(Filetype.DDRAW, Form.DISK, Compression.NONE)),
    Good("A01", "a ddtgz", lambda: _file(Filetype.DDTGZ, Form.TAR, enclosed=(_MEMBER,))),
    Good(
        "A01",
        "a squashfs",
        lambda: _file(Filetype.SQUASHFS, Form.SQUASHFS, Compression.NONE, disk=None),
    ),
    Good(
        "A01",
        "a self-extracting file",
        lambda: _file(Filetype.SELF_EXTRACTING, Form.SCRIPT, Compression.NONE, disk=None),
    ),
    Good("A02", "a whole file", _tar),
    Good("A03", "gzip", _tar),
    Good("A03", "xz", lambda: _tar(Filetype.TXZ, Compression.XZ)),
    Good("A04", "one disk", lambda: _file(Filetype.DDTGZ, Form.TAR, enclosed=(_MEMBER,))),
    Good("A05", "a tgz", _tar),
    Good("A15", "anything", _tar),
]


@pytest.mark.parametrize("case", BAD, ids=named)
def test_a_spoiled_file_is_found(case: Bad) -> None:
    """
    Each way to spoil a file is found by its rule, and weighed as it should be.
    """
    assert (case.severity, True) == found(case)


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_a_good_file_passes(case: Good) -> None:
    """
    What is as it should be is not complained of.
    """
    assert spoils(case) == ""


@pytest.mark.parametrize(
    ("paths", "order"),
    [
        (["a", "b/c", "b/d"], "sorted by name"),
        (["a/x", "a-b"], "sorted by name"),
        (["b", "a"], "as they came, so two builds may differ"),
    ],
)
def test_the_order_of_members_is_recorded(paths: list[str], order: str) -> None:
    """
    Whether a tar's members are sorted is a hint of whether two builds of it are the same.
    """
    made = subject("ubuntu")
    entries = [Entry(path, Kind.FILE, place=512 * place) for place, path in enumerate(paths, 1)]
    root = Index("image", entries, Contents({}))
    (finding,) = ask(rule("A15"), replace(made, image=replace(made.image, root=root)))

    assert Evidence("order of members", order) in finding.evidence

"""
Group A, second half: what the members of a tar must be like.
"""

from dataclasses import replace

import pytest

from tests.support.images import Contents, Device, File, Folder, Hardlink, Link, Tree, index_of
from tests.support.systems import SYSTEMS, subject, subject_of
from tests.unit.check.asked import ERROR, INFO, WARNING, Bad, Good, found, named, spoils
from tundish.anatomy.image import Compression, Disk, Form, Scheme, Table, Wrapping
from tundish.anatomy.index import Entry, Index, Kind, Remark, Trait
from tundish.check.subject import Subject

_CAPABILITY = (("security.capability", b"\1\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),)
_LABEL = (("security.selinux", b"system_u:object_r:etc_t:s0\0"),)


def _remarked(trait: Trait, path: str) -> Subject:
    made = SYSTEMS["ubuntu"]
    return subject_of(made.tree(), request=made.request, remarks=[Remark(trait, path)])


def _sized(path: str, size: int, *, packed: int = 400 << 20, unpacked: int = 900 << 20) -> Subject:
    """
    A system with a file of which only the size is said, beside another of 100 MiB.
    """
    made = subject("ubuntu")
    root = made.root or index_of({})
    extra = [Entry(path, Kind.FILE, size=size), Entry("usr/lib/big", Kind.FILE, size=100 << 20)]
    folders = [Entry(at, Kind.FOLDER, 0o755) for at in _above(path) if root.get(at) is None]
    index = Index("image", [*root, *folders, *extra], Contents({}))
    wrapping = Wrapping(Compression.GZIP, packed, unpacked)
    return replace(made, image=replace(made.image, root=index, wrapping=wrapping))


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _ubuntu(changes: Tree) -> Subject:
    return subject("ubuntu", changes)


def _big_disk() -> Subject:
    made = subject("ubuntu")
    return replace(made, image=replace(made.image, disk=Disk(Form.DISK, 32 << 30, Table(Scheme.GPT))))


BAD = [
    Bad(
        "A06",
        "a layer of a container",
        lambda: subject("ubuntu", {"etc/.wh.hosts": b""}),
        WARNING,
        "what its layer removes: etc/.wh.hosts",
    ),
    Bad(
        "A06",
        "an absolute member",
        lambda: _remarked(Trait.ABSOLUTE, "/etc/x"),
        ERROR,
        "absolute path: /etc/x",
    ),
    Bad(
        "A06",
        "a member that leads out",
        lambda: _remarked(Trait.UPWARDS, "../x"),
        ERROR,
        "leads upwards: ../x",
    ),
    Bad("A06", "two kinds of one path", lambda: _remarked(Trait.CLASH, "etc/x"), ERROR, "twice"),
    Bad("A06", "a disk in etc", lambda: _ubuntu({"etc/sda": Device(8, 0, Kind.BLOCK)}), ERROR, "etc/sda"),
    Bad(
        "A06",
        "the devices of a chroot",
        lambda: _ubuntu({"var/lib/named/dev/null": Device(1, 3)}),
        WARNING,
        "var/lib/named/dev/null",
    ),
    Bad("A07", "a private root", lambda: _ubuntu({"": Folder(0o700)}), ERROR, "0700 0:0"),
    Bad("A07", "a root of somebody", lambda: _ubuntu({"": Folder(0o755, 1000, 1000)}), ERROR, "1000:1000"),
    Bad("A07", "a root for all to write", lambda: _ubuntu({"": Folder(0o777)}), ERROR, "0777"),
    Bad("A08", "a link", lambda: _ubuntu({"boot/efi/EFI/x": Link("y")}), ERROR, "symbolic links"),
    Bad(
        "A08",
        "a hard link",
        lambda: _ubuntu({"boot/efi/EFI/a": b"a", "boot/efi/EFI/b": Hardlink("boot/efi/EFI/a")}),
        ERROR,
        "hard links",
    ),
    Bad("A08", "a device", lambda: _ubuntu({"boot/efi/null": Device(1, 3)}), ERROR, "special files"),
    Bad("A08", "an owner", lambda: _ubuntu({"boot/efi/x": File(b"", uid=7)}), ERROR, "not root's"),
    Bad(
        "A08",
        "names of one spelling",
        lambda: _ubuntu({"boot/efi/EFI/a.efi": b"", "boot/efi/EFI/A.EFI": b""}),
        ERROR,
        "only by case",
    ),
    Bad("A08", "a file of 5 GiB", lambda: _sized("boot/efi/x", 5 << 30), ERROR, "4 GiB"),
    Bad(
        "A09",
        "a link from usr into var",
        lambda: _ubuntu({"usr/bin/a": b"a", "var/lib/a": Hardlink("usr/bin/a")}),
        WARNING,
        "var/lib/a with usr/bin/a",
    ),
    Bad("A10", "a bare ping", lambda: _ubuntu({"usr/bin/ping": File(b"", 0o755)}), WARNING, "usr/bin/ping"),
    Bad("A10", "no labels", lambda: subject("rocky", without=(".autorelabel",)), WARNING, "has a label"),
    Bad("A11", "a member through /bin", lambda: _remarked(Trait.THROUGH_LINK, "bin/x"), WARNING, "bin/x"),
    Bad("A12", "a stranger", lambda: _ubuntu({"opt/x": File(b"", uid=4711)}), WARNING, "uid 4711"),
    Bad("A12", "a strange group", lambda: _ubuntu({"opt/x": File(b"", gid=4711)}), WARNING, "gid 4711"),
    Bad("A13", "5 GiB packed", lambda: _sized("opt/x", 1, packed=5 << 30), WARNING, "5.0 GiB"),
    Bad("A13", "9 GB unpacked", lambda: _sized("opt/x", 1, unpacked=9 * 10**9), WARNING, "9.0 GB"),
    Bad("A13", "a disk of 32 GiB", _big_disk, WARNING, "34.4 GB"),
    Bad(
        "A13", "caches of apt", lambda: _sized("var/cache/apt/x.deb", 80 << 20), WARNING, "80 MiB are caches"
    ),
    Bad("A13", "documentation", lambda: _sized("usr/share/doc/x", 80 << 20), INFO, "could be left out"),
    Bad("A14", "a pid file", lambda: _ubuntu({"run/sshd.pid": "1"}), WARNING, "run holds run/sshd.pid"),
    Bad("A14", "device nodes", lambda: _ubuntu({"dev/null": Device(1, 3)}), WARNING, "dev holds dev/null"),
]
GOOD = [
    Good("A06", "a system", lambda: subject("ubuntu")),
    Good("A06", "nodes in dev", lambda: _ubuntu({"dev/null": Device(1, 3)})),
    Good("A06", "a path that occurs twice", lambda: _remarked(Trait.DUPLICATE, "etc/x")),
    Good("A07", "0755", lambda: subject("ubuntu")),
    Good("A07", "0555, as rpm systems have it", lambda: subject("rocky", {"": Folder(0o555)})),
    Good("A08", "loaders", lambda: subject("rocky")),
    Good(
        "A09",
        "a link within usr",
        lambda: _ubuntu({"usr/bin/a": b"a", "usr/lib/a": Hardlink("usr/bin/a")}),
    ),
    Good("A09", "a link from etc into bin", lambda: _ubuntu({"etc/a": b"a", "srv2/a": Hardlink("etc/a")})),
    Good("A10", "a capable ping", lambda: _ubuntu({"usr/bin/ping": File(b"", 0o755, xattrs=_CAPABILITY)})),
    Good("A10", "a setuid newuidmap", lambda: _ubuntu({"usr/bin/newuidmap": File(b"", 0o4755)})),
    Good(
        "A10",
        "a bare ping that the kernel lets",
        lambda: _ubuntu(
            {
                "usr/bin/ping": File(b"", 0o755),
                "usr/lib/sysctl.d/50-default.conf": "-net.ipv4.ping_group_range = 0 2147483647\n",
            }
        ),
    ),
    Good("A10", "a relabel to come", lambda: subject("rocky")),
    Good(
        "A10",
        "labels",
        lambda: subject("rocky", {"etc/motd": File(b"", xattrs=_LABEL)}, without=(".autorelabel",)),
    ),
    Good(
        "A10",
        "a permissive system",
        lambda: subject("rocky", {"etc/selinux/config": "SELINUX=permissive\n"}, without=(".autorelabel",)),
    ),
    Good("A11", "merged usr", lambda: subject("ubuntu")),
    Good("A12", "an account", lambda: _ubuntu({"opt/x": File(b"", uid=74, gid=74)})),
    Good("A13", "a small image", lambda: subject("ubuntu")),
    Good("A14", "empty folders", lambda: _ubuntu({"run/lock": Folder(), "tmp/.X11-unix": Folder(0o1777)})),
]


@pytest.mark.parametrize("case", BAD, ids=named)
def test_a_spoiled_tar_is_found(case: Bad) -> None:
    """
    Each way to spoil the members of a tar is found by its rule, and weighed as it should be.
    """
    assert (case.severity, True) == found(case)


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_a_good_tar_passes(case: Good) -> None:
    """
    What is as it should be is not complained of.
    """
    assert spoils(case) == ""

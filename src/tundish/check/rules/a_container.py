"""
Group A, first half: whether the file is what the upload declares, and arrives whole.
"""

from collections.abc import Iterator

from tundish.anatomy.image import Compression, Form
from tundish.anatomy.index import Index, Kind, Trait
from tundish.check.asking import ERROR, INFO, WARNING, named, rule
from tundish.check.rule import Evidence, Found
from tundish.check.scopes import anything, ddtar, tar
from tundish.check.subject import Filetype, Subject

_COMPRESSION = {
    Filetype.TGZ: Compression.GZIP,
    Filetype.TXZ: Compression.XZ,
    Filetype.TBZ: Compression.BZIP2,
    Filetype.DDTGZ: Compression.GZIP,
    Filetype.DDTXZ: Compression.XZ,
    Filetype.DDTBZ: Compression.BZIP2,
    Filetype.DDTAR: Compression.NONE,
    Filetype.DDGZ: Compression.GZIP,
    Filetype.DDXZ: Compression.XZ,
    Filetype.DDBZ2: Compression.BZIP2,
    Filetype.DDRAW: Compression.NONE,
    Filetype.SQUASHFS: Compression.NONE,
}
_WRAPPED_DISKS = frozenset({Form.QCOW2, Form.VMDK, Form.VHD, Form.VHDX})
_SHOWN = {Form.UNKNOWN: "of no form that is known", Form.EMPTY: "nothing, or zeros alone"}
_SNIFFED = frozenset(
    {Compression.NONE, Compression.GZIP, Compression.BZIP2, Compression.XZ, Compression.COMPRESS}
)
_NO_FILESYSTEM = (
    "a deployment goes on for minutes and ends in “Did not find any filesystem … that contained one of "
    "['curtin', …]”, or in a machine that finds nothing to boot"
)


def _inside(subject: Subject) -> str:
    """
    What is wrong with the bytes in the wrapping, for the type that is declared; empty if nothing is.
    """
    filetype, form, image = subject.request.filetype, subject.image.form, subject.image
    carries_disk = image.is_disk or (bool(image.enclosed) and image.root is None)
    if filetype.is_tar and form is Form.TAR and carries_disk:
        return "a tar that carries a disk, not a root"
    shown = _SHOWN.get(form, form.value)
    if (filetype.is_tar or ddtar(subject)) != (form is Form.TAR) and filetype is not Filetype.SQUASHFS:
        return f"{shown}, not a tar" if filetype.is_tar or ddtar(subject) else "a tar, not a disk"
    if filetype.is_dd and form in _WRAPPED_DISKS:
        return f"{form.value}, which the installer would write to the disk as it is"
    if filetype is Filetype.SQUASHFS and form is not Form.SQUASHFS:
        return f"{shown}, not a squashfs"
    return ""


@rule(
    "A01",
    ERROR,
    anything,
    title="the file is what its declared type says",
    why=f"MAAS takes any file for any type; {_NO_FILESYSTEM}",
    fix="upload the file with the type that fits its content, or pack it anew",
)
def declared(subject: Subject) -> Iterator[Found]:
    filetype, wrapping = subject.request.filetype, subject.image.wrapping
    wanted = _COMPRESSION.get(filetype)
    if subject.image.form is Form.FOLDER:  # it is asked what would become of it
        what = f"{subject.image.name} is a folder, and cannot be uploaded before it is packed"
        yield Found(what, (Evidence("content", "folder"),), INFO)
        return
    if wanted is None:
        return
    if wrapping.compression is not wanted and subject.image.form not in _SHOWN:
        yield Found(
            f"{filetype.value} means compression {wanted.value}, and {subject.image.name} has "
            f"{wrapping.compression.value}",
            (Evidence("compression", wrapping.compression.value), Evidence("filetype", filetype.value)),
        )
    if inside := _inside(subject):
        yield Found(
            f"what is inside {subject.image.name} is {inside}",
            (Evidence("content", subject.image.form.value), Evidence("filetype", filetype.value)),
        )


@rule(
    "A02",
    ERROR,
    anything,
    title="the file unpacks to its end, and nothing follows",
    why="the installer does not look at how its unpacker ended: half an image is written, and the "
    "deployment goes on as if nothing had happened",
    fix="fetch or build the file again, and compare its sha256 with the builder's",
)
def whole(subject: Subject) -> Iterator[Found]:
    wrapping = subject.image.wrapping
    if wrapping.fault:
        yield Found(
            f"{subject.image.name} cannot be unpacked to its end: {wrapping.fault}",
            (Evidence("bytes unpacked", str(wrapping.expanded)),),
        )
    if wrapping.trailing:
        yield Found(
            f"{wrapping.trailing} bytes follow the end of the compressed data in {subject.image.name}",
            (Evidence("trailing bytes", str(wrapping.trailing)),),
        )
    if tar(subject) and subject.root is not None:
        broken = [one for one in subject.root.remarks if one.trait is Trait.UNREADABLE]
        if broken:
            yield Found(
                f"damaged in the tar: {named(one.path or one.note for one in broken)}",
                tuple(Evidence(one.path, one.note) for one in broken[:5]),
            )


@rule(
    "A03",
    ERROR,
    tar,
    title="the tar is packed with something the installer unpacks",
    why="the installer's tar knows gzip, bzip2 and xz; with anything else extraction ends at once with "
    "exit code 2",
    fix="pack it anew: `tundish pack … --as tgz`",
)
def unpackable(subject: Subject) -> Iterator[Found]:
    compression = subject.image.wrapping.compression
    if compression not in _SNIFFED:
        yield Found(
            f"{subject.image.name} is packed with {compression.value}, which the installer cannot unpack",
            (Evidence("compression", compression.value),),
        )


@rule(
    "A04",
    ERROR,
    ddtar,
    title="the tar of a disk has one member, the disk",
    why="the installer writes all members to the disk one after the other, as if they were one",
    fix="pack the disk alone, or compress it without a tar (ddgz)",
)
def alone(subject: Subject) -> Iterator[Found]:
    if subject.image.form is not Form.TAR:
        return  # that is A01's to tell
    members = subject.image.enclosed
    if not members and subject.root is not None:
        yield Found(
            f"{subject.image.name} is a tar of a root with {len(subject.root)} paths, not of a disk",
            (Evidence("members", str(len(subject.root))),),
        )
    elif len(members) != 1:
        yield Found(
            f"the tar has {len(members)} members: {named(one.name for one in members) or 'none is a file'}",
            tuple(Evidence(one.name, str(one.size)) for one in members[:5]),
        )


@rule(
    "A05",
    WARNING,
    tar,
    title="the tar can be deployed in memory",
    why="MAAS gives a machine that runs in memory only .tgz and .txz as its root",
    fix="upload it as tgz or txz",
)
def memory(subject: Subject) -> Iterator[Found]:
    if subject.request.filetype is Filetype.TBZ:
        yield Found("a tbz cannot be deployed in memory", (Evidence("filetype", "tbz"),))


@rule(
    "A15",
    INFO,
    anything,
    title="what the file is, for the record",
    why="who compares two builds, or an upload with its origin, needs these",
    fix="nothing needs to be mended; `tundish pack` makes the same bytes every time",
)
def record(subject: Subject) -> Iterator[Found]:
    image, wrapping = subject.image, subject.image.wrapping
    evidence = [
        Evidence("sha256", str(wrapping.sha256) if wrapping.sha256 else "not computed"),
        Evidence("size", str(wrapping.size)),
        Evidence("size unpacked", str(wrapping.expanded)),
    ]
    if image.root is not None:
        evidence.append(Evidence("paths", str(len(image.root))))
        times = [entry.mtime for entry in image.root if entry.path]
        if times:
            evidence.append(Evidence("mtime", f"{min(times)} to {max(times)}"))
        if order := _order(image.root) if image.form is Form.TAR and image.disk is None else "":
            evidence.append(Evidence("order of members", order))
    if wrapping.compression is Compression.GZIP:
        evidence.append(Evidence("gzip header", "has a name or a time" if wrapping.stamped else "bare"))
    hint = "; its gzip header has a name or a time, so two builds differ" if wrapping.stamped else ""
    yield Found(f"{image.name} has {wrapping.size} bytes{hint}", tuple(evidence))


def _order(root: Index) -> str:
    """
    Whether the files of a tar stand in the order of their names; empty where that cannot be seen.

    Contents follow their members, so the place of a content tells the member's.
    """
    files = [one for one in root if one.kind is Kind.FILE and not one.first]
    if not any(one.place for one in files):
        return ""
    by_place = sorted(files, key=lambda one: one.place)
    by_folder = sorted(files, key=lambda one: one.path.split("/"))
    return "sorted by name" if by_place in (files, by_folder) else "as they came, so two builds may differ"


RULES = (declared, whole, unpackable, alone, memory, record)

"""
Which system an image holds: its os-release, or the file that older systems have in its place.
"""

import re
from collections.abc import Iterator

from tundish.anatomy.facts import Family, Os
from tundish.anatomy.image import Disk
from tundish.anatomy.index import Index

MAX_FILE = 64 * 1024
_PLACES = ("etc/os-release", "usr/lib/os-release", "etc/initrd-release")
_OLDER = {"etc/centos-release": "centos", "etc/redhat-release": "rhel", "etc/SuSE-release": "sles"}
_ESCAPED = re.compile(r'\\([\\"$`])')
_VERSION = re.compile(r"\b(\d+(?:\.\d+)*)\b")
_FAMILIES = {
    Family.DEBIAN: ("debian", "ubuntu"),
    Family.XEN: ("xenenterprise", "xcp-ng"),
    Family.REDHAT: (
        *("rhel", "redhat", "centos", "fedora", "rocky", "almalinux", "ol", "mariner", "azurelinux"),
        *("openeuler", "amzn", "cloudlinux", "scientific", "anolis", "virtuozzo"),
    ),
    Family.SUSE: ("sles", "suse", "opensuse", "sled", "sle-micro", "sl-micro"),
    Family.ALPINE: ("alpine",),
    Family.ARCH: ("arch", "archlinux"),
    Family.GENTOO: ("gentoo",),
    Family.CORE: ("ubuntu-core",),
}
_BY_ID = {name: family for family, names in _FAMILIES.items() for name in names}
_ESXI = {"boot.cfg", "s.v00", "b.b00", "imgdb.tgz", "altboot.cfg"}


def read(index: Index) -> Os:
    """
    What the system says of itself; empty where it says nothing.
    """
    for place in _PLACES:
        if index.is_file(place):
            fields = dict(_fields(index.read(place, MAX_FILE).decode("utf-8", "replace")))
            return Os(
                id=fields.get("ID", ""),
                like=tuple(fields.get("ID_LIKE", "").split()),
                version_id=fields.get("VERSION_ID", ""),
                codename=fields.get("VERSION_CODENAME", ""),
                name=fields.get("NAME", ""),
                pretty=fields.get("PRETTY_NAME", ""),
                source=place,
            )
    for place, name in _OLDER.items():
        if index.is_file(place):
            line = index.read(place, MAX_FILE).decode("utf-8", "replace").strip().partition("\n")[0]
            version = _VERSION.search(line)
            return Os(
                id="fedora" if line.startswith("Fedora") else name,
                version_id=version[1] if version else "",
                name=line.partition(" release")[0],
                pretty=line,
                source=place,
            )
    return Os()


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """
    Assignments as a shell would read them; the last of a name holds.
    """
    for line in text.splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith("#"):
            yield key, unquoted(value.strip())


def unquoted(value: str) -> str:
    """
    The text of a value of shell: in double quotes with escapes, in single quotes as it stands.
    """
    if len(value) > 1 and value[0] == value[-1] == "'":
        return value[1:-1]
    if len(value) > 1 and value[0] == value[-1] == '"':
        return _ESCAPED.sub(r"\1", value[1:-1])
    return value


def family_of(os: Os, index: Index, disk: Disk | None) -> Family:
    """
    Whose ways the system follows: by its names, then by what only one kind of system has.
    """
    for name in (os.id, *os.like):
        family = _BY_ID.get(name.lower()) or (Family.SUSE if name.lower().startswith("opensuse") else None)
        if family:
            return family
    if any(index.is_folder(place) for place in ("snaps", "system-data/var/lib/snapd")):
        return Family.CORE
    roots = (index, *(volume.index for volume in (disk.volumes if disk else ()) if volume.index is not None))
    if any(_has_windows(root) for root in roots):
        return Family.WINDOWS
    if any(len(_ESXI & {entry.name.lower() for entry in root.children("")}) > 1 for root in roots):
        return Family.ESXI
    if index.is_file("etc/xensource-inventory"):
        return Family.XEN
    return Family.OTHER if os.source or index.is_folder("etc") else Family.NONE


def _has_windows(index: Index) -> bool:
    folders = [entry.path for entry in index.children("") if entry.name.lower() == "windows"]
    return any(entry.name.lower() == "system32" for folder in folders for entry in index.children(folder))

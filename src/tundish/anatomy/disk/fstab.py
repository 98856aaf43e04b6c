"""
What an image's own `etc/fstab` says is mounted where, and which volume each name in it means.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tundish.anatomy.image import Volume
from tundish.anatomy.index import Index, normal
from tundish.core.errors import BadImage

_MAX_TEXT = 1024 * 1024
_MAX_MOUNTS = 256
_ESCAPED = re.compile(r"\\([0-7]{3})")
_TAGGED = re.compile(r"(UUID|LABEL|PARTUUID|PARTLABEL)=(.*)", re.DOTALL)
_LINKED = re.compile(r"/dev/disk/by-(uuid|label|partuuid|partlabel)/(.*)", re.DOTALL)
_NUMBERED = re.compile(r"/dev/(?:[shv]d[a-z]+|xvd[a-z]+|(?:nvme\d+n\d+|mmcblk\d+)p)(\d+)")
_MAPPED = re.compile(r"/dev/mapper/(.*)", re.DOTALL)
_SUBVOLUME = re.compile(r"subvol=/?(.+)")


@dataclass(frozen=True, slots=True)
class Mount:
    """
    A line of fstab. `at` has no leading slash; the root is "".
    """

    what: str
    at: str
    subvolume: str = ""


def mounts_of(root: Index) -> Iterator[Mount]:
    """
    The mounts of a root's own fstab; lines that are none are passed over.
    """
    try:
        text = root.text("etc/fstab", _MAX_TEXT) or ""
    except BadImage:
        return
    fields = [line.split() for line in text.splitlines() if not line.lstrip().startswith("#")]
    for what, at, _, *options in [each for each in fields if len(each) >= 3][:_MAX_MOUNTS]:
        place = normal(_ESCAPED.sub(lambda match: chr(int(match[1], 8)), at))
        if at.startswith("/") and place is not None:
            named = (_SUBVOLUME.fullmatch(one) for one in (options[0] if options else "").split(","))
            yield Mount(what, place, next((one[1] for one in named if one), ""))


def names(what: str, volume: Volume) -> bool:
    """
    Whether the first field of a line means this volume.
    """
    if match := _TAGGED.fullmatch(what) or _LINKED.fullmatch(what):
        return _tagged(match[1].lower(), match[2].strip("\"'"), volume)
    if match := _NUMBERED.fullmatch(what):
        return volume.partition is not None and volume.partition.number == int(match[1])
    group, _, name = volume.name.partition("/")
    if not name:
        return False
    mapped = _MAPPED.fullmatch(what)
    doubled = f"{group.replace('-', '--')}-{name.replace('-', '--')}"
    return mapped[1] == doubled if mapped else what == f"/dev/{group}/{name}"


def _tagged(kind: str, value: str, volume: Volume) -> bool:
    partition = volume.partition
    found = {
        "uuid": volume.uuid,
        "label": volume.label,
        "partuuid": partition.guid if partition else "",
        "partlabel": partition.name if partition else "",
    }[kind]
    if kind.endswith("uuid"):
        return bool(found) and found.lower() == value.lower()
    return bool(found) and found == value

"""
By which names the filesystems of a new disk are found: where it can be, those that the image's fstab uses.

So all that the image says of its root elsewhere, by its UUID or label, stays true. What the image does not
name gets names that follow from what is packed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from tundish.anatomy.index import Index
from tundish.anatomy.pack.ids import identifier

MAX_FSTAB = 1024 * 1024
ESP_PLACES = ("/boot/efi", "/efi")
ROOT_LABEL, ESP_LABEL = "root", "ESP"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SERIAL = re.compile(r"([0-9A-F]{4})-([0-9A-F]{4})")
_LABEL = re.compile(r"[A-Za-z0-9_.-]{1,16}")
_FAT_LABEL = re.compile(r"[A-Z0-9_-]{1,11}")
_TAGGED = re.compile(r"(?:(UUID|LABEL)=|/dev/disk/by-(uuid|label)/)(.+)")


@dataclass(frozen=True, slots=True)
class Names:
    """
    `part` is the id of the root's partition, `serial` the id of the ESP as a number.
    """

    root: UUID
    part: UUID
    serial: int
    root_label: str = ROOT_LABEL
    esp_label: str = ESP_LABEL

    @property
    def esp(self) -> str:
        """
        The id of the ESP as fstab has it.
        """
        return f"{self.serial >> 16:04X}-{self.serial & 0xFFFF:04X}"


def made(seed: bytes) -> Names:
    """
    Names that follow from what is packed alone.
    """
    serial = identifier(seed, "ESP").int & 0xFFFF_FFFF
    return Names(identifier(seed, "root filesystem"), identifier(seed, "partition root"), serial)


def found(root: Index, seed: bytes) -> Names:
    """
    Names of which those that the image's fstab has for its root and its ESP are the same.
    """
    base = made(seed)
    tags = dict(_tags(root))
    uuid, serial = (
        tags.get(("/", "uuid"), "").lower(),
        _SERIAL.fullmatch(tags.get(("esp", "uuid"), "").upper()),
    )
    label, esp_label = tags.get(("/", "label"), ""), tags.get(("esp", "label"), "")
    return Names(
        UUID(uuid) if _UUID.fullmatch(uuid) else base.root,
        base.part,
        int(serial[1] + serial[2], 16) if serial else base.serial,
        label if _LABEL.fullmatch(label) else ROOT_LABEL,
        esp_label if _FAT_LABEL.fullmatch(esp_label) else ESP_LABEL,
    )


def rows(root: Index) -> Iterator[list[str]]:
    """
    The fields of each line of the image's fstab.
    """
    text = root.text("etc/fstab", MAX_FSTAB) or ""
    for line in text.splitlines():
        if len(fields := line.split()) >= 3 and not fields[0].startswith("#"):
            yield fields


def tag(what: str) -> tuple[str, str] | None:
    """
    The kind of a name in the first field, uuid or label, and the name.
    """
    match = _TAGGED.fullmatch(what)
    return None if match is None else ((match[1] or match[2]).lower(), match[3].strip("\"'"))


def _tags(root: Index) -> Iterator[tuple[tuple[str, str], str]]:
    for what, at, *_ in rows(root):
        place = "esp" if at in ESP_PLACES else at
        if place in {"/", "esp"} and (named := tag(what)) is not None:
            yield (place, named[0]), named[1]

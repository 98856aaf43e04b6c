"""
An image's fstab, fitted to a disk that has a root and an ESP and nothing else.

Lines of what is no local disk stay; those of volumes that the new disk does not have become comments, because
the system would wait for them.
"""

import re
from collections.abc import Iterator

from tundish.anatomy.pack.fitting.names import ESP_PLACES, Names, tag

_LOCAL = re.compile(r"(?:UUID|LABEL|PARTUUID|PARTLABEL)=|/dev/(?!cdrom|sr\d|fd\d|shm|null|zero|pts)")
_OWN_TYPES = {"ext2", "ext3", "ext4", "auto"}
_SPARED = {"noauto", "nofail"}
_GONE = "# not on this disk: "


def fitted(text: str, names: Names, *, has_esp: bool) -> str:
    """
    The new text; the same where it fits already.
    """
    made, seen = [], set[str]()
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 3 or fields[0].startswith("#"):
            made.append(line)
            continue
        place = "esp" if fields[1] in ESP_PLACES else fields[1]
        kept = _line(line, fields, place, names, has_esp=has_esp and place not in seen)
        seen.add("" if kept.startswith(_GONE) else place)
        made.append(kept)
    made += _missing(seen, names, has_esp=has_esp)
    return "\n".join(made) + "\n"


def _line(line: str, fields: list[str], place: str, names: Names, *, has_esp: bool) -> str:
    what, _, kind, *rest = fields
    options = rest[0] if rest else "defaults"
    if place == "/":
        fits = kind in _OWN_TYPES and tag(what) in {("uuid", str(names.root)), ("label", names.root_label)}
        return line if fits else _root(names, options if kind in _OWN_TYPES else "defaults")
    if not _LOCAL.match(what):
        return line
    if place == "esp" and has_esp:
        named = tag(what)
        fits = named in {("uuid", names.esp), ("label", names.esp_label)} and fields[1] == ESP_PLACES[0]
        return line if fits else _esp(names, options)
    return line if _SPARED & set(options.split(",")) else _GONE + line


def _missing(seen: set[str], names: Names, *, has_esp: bool) -> Iterator[str]:
    if "/" not in seen:
        yield _root(names, "defaults")
    if has_esp and "esp" not in seen:
        yield _esp(names, "umask=0077,nofail")


def _root(names: Names, options: str) -> str:
    return f"UUID={names.root} / ext4 {options} 0 1"


def _esp(names: Names, options: str) -> str:
    return f"UUID={names.esp} {ESP_PLACES[0]} vfat {options} 0 1"

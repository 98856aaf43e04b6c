"""
Which units of systemd are enabled, as links in `*.wants` folders say it and presets would on a first boot.

A unit that is not there, or that is masked, is not enabled. Services of OpenRC stand among them by their
plain names.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import translate
from itertools import islice

from tundish.anatomy.index import Entry, Index, Kind

MAX_UNITS = 5000
MAX_UNIT = 64 * 1024
MAX_RULES = 1000
MAX_PATTERN = 200
FOLDERS = (
    "etc/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
)
_PRESETS = ("etc/systemd/system-preset", "usr/lib/systemd/system-preset", "lib/systemd/system-preset")
_VENDORS = {f"{name}.target.wants" for name in ("multi-user", "sockets", "cloud-init", "network-online")}
_OWN = ("systemd-", "dbus", "getty", "plymouth")  # static parts of every system
_INSTANCE = re.compile(r"@[^.]*\.")


@dataclass(frozen=True, slots=True, order=True)
class Wanted:
    """
    A unit, and by what it is started: a target, a run level, or a preset.
    """

    unit: str
    by: str


def read(index: Index) -> tuple[Wanted, ...]:
    """
    Every enabled unit with whatever starts it.
    """
    found = {one for one in (*_linked(index), *_preset(index)) if _is_there(index, one.unit)}
    levels = (
        Wanted(entry.name, f"{level}")
        for level in ("boot", "default")
        for entry in index.children(f"etc/runlevels/{level}")
    )
    return tuple(sorted({*found, *levels})[:MAX_UNITS])


def masked(index: Index, unit: str) -> bool:
    """
    Whether the administrator's folder makes the unit nothing.
    """
    entry = index.get(f"{FOLDERS[0]}/{unit}")
    if entry is None:
        return False
    return entry.target == "/dev/null" or (entry.kind is Kind.FILE and not entry.size)


def text(index: Index, unit: str) -> str:
    """
    What a unit says, from the first folder that has it, and its additions.
    """
    name = _INSTANCE.sub("@.", unit)
    places = [f"{folder}/{one}" for folder in FOLDERS for one in dict.fromkeys((unit, name))]
    own = next((place for place in places if index.is_file(place)), "")
    more = (entry.path for folder in FOLDERS for entry in index.children(f"{folder}/{unit}.d"))
    return "\n".join(index.text(place, MAX_UNIT) or "" for place in (own, *more) if place)


def _linked(index: Index) -> Iterator[Wanted]:
    for folder in FOLDERS:
        for group in index.children(folder):
            by, _, kind = group.name.rpartition(".")
            if kind in {"wants", "requires"} and (folder == FOLDERS[0] or group.name in _VENDORS):
                yield from (
                    Wanted(entry.name, by)
                    for entry in index.children(group.path)
                    if folder == FOLDERS[0] or not entry.name.startswith(_OWN)
                )


def _is_there(index: Index, unit: str) -> bool:
    names = dict.fromkeys((unit, _INSTANCE.sub("@.", unit)))
    found = any(f"{folder}/{name}" in index for folder in FOLDERS for name in names)
    return found and not masked(index, unit)


def _preset(index: Index) -> Iterator[Wanted]:
    """
    Units that a preset enables by name; presets are only applied on the first boot of a machine.
    """
    if not _boots_first(index):
        return
    rules = [(verb, re.compile(translate(pattern))) for verb, pattern in islice(_rules(index), MAX_RULES)]
    for entry in _unit_files(index):
        verb = next((verb for verb, pattern in rules if pattern.match(entry.name)), "")
        if verb == "enable" and "[Install]" in (index.text(entry.path, MAX_UNIT) or ""):
            yield Wanted(entry.name, "preset")


def _boots_first(index: Index) -> bool:
    entry = index.at("etc/machine-id")
    return entry is None or (
        entry.size < 64 and (index.text("etc/machine-id") or "").strip() == "uninitialized"
    )


def _rules(index: Index) -> Iterator[tuple[str, str]]:
    files: dict[str, Entry] = {}
    for folder in _PRESETS:
        for entry in index.matching(f"{folder}/*.preset"):
            files.setdefault(entry.name, entry)
    for name in sorted(files)[:MAX_RULES]:
        for line in (index.text(files[name].path, MAX_UNIT) or "").splitlines():
            words = line.split()
            if len(words) > 1 and words[0] in {"enable", "disable"} and len(words[1]) <= MAX_PATTERN:
                yield words[0], words[1]


def _unit_files(index: Index) -> Iterator[Entry]:
    seen: set[str] = set()
    for folder in FOLDERS:
        for entry in index.children(folder)[:MAX_UNITS]:
            if entry.kind is Kind.FILE and entry.name not in seen:
                seen.add(entry.name)
                yield entry

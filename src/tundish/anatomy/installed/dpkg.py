"""
What dpkg says is installed: its status file, or the folder of such files that images without dpkg carry.
"""

from collections.abc import Iterator

from tundish.anatomy.facts import Installed
from tundish.anatomy.index import Index, Kind
from tundish.core.errors import BadImage

STATUS = "var/lib/dpkg/status"
FOLDER = "var/lib/dpkg/status.d"
MAX_PARTS = 20_000
_PRESENT = {"installed", "triggers-pending", "triggers-awaited"}


def read(index: Index) -> tuple[Installed, ...]:
    """
    The packages that are installed, sorted; empty where there is no database.

    Raises:
        BadImage: the database is damaged.
    """
    text = index.text(STATUS) or ""
    found = list(packages(text))
    if text.strip() and not found and "Package:" not in text:
        raise BadImage(f"{STATUS} is not empty and holds no package; it is damaged")
    for entry in index.children(FOLDER)[:MAX_PARTS]:
        if entry.kind is Kind.FILE and not entry.name.endswith(".md5sums"):
            found.extend(packages(index.text(entry.path) or "", part=True))
    return tuple(sorted(found))


def packages(text: str, *, part: bool = False) -> Iterator[Installed]:
    """
    The packages of a status file; those of a part have no state, and are there.
    """
    for stanza in text.split("\n\n"):
        fields = dict(_fields(stanza))
        words = fields.get("Status", "").split()
        if "Package" in fields and "Version" in fields and (part or (words[2:] and words[2] in _PRESENT)):
            size = fields.get("Installed-Size", "")
            yield Installed(
                fields["Package"],
                fields["Version"],
                arch=fields.get("Architecture", ""),
                source=fields.get("Source", "").partition(" ")[0],
                vendor=fields.get("Maintainer", ""),
                held=words[:1] == ["hold"],
                size=int(size) * 1024 if size.isascii() and size.isdigit() and len(size) < 16 else 0,
            )


def _fields(stanza: str) -> Iterator[tuple[str, str]]:
    for line in stanza.split("\n"):
        key, colon, value = line.partition(":")
        if colon and key and not key[0].isspace():
            yield key, value.strip()

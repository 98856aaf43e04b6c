"""
What apk says is installed: stanzas of one-letter fields.
"""

from collections.abc import Iterator

from tundish.anatomy.facts import Installed
from tundish.anatomy.index import Index
from tundish.core.errors import BadImage

PLACES = ("lib/apk/db/installed", "usr/lib/apk/db/installed")
_LETTERS = set("PVALoIm")


def read(index: Index) -> tuple[Installed, ...]:
    """
    The packages that are installed, sorted; empty where there is no database.

    Raises:
        BadImage: the database is damaged.
    """
    place = next((place for place in PLACES if index.is_file(place)), "")
    text = index.text(place) or "" if place else ""
    found = tuple(sorted(packages(text)))
    if text.strip() and not found:
        raise BadImage(f"{place} is not empty and holds no package; it is damaged")
    return found


def packages(text: str) -> Iterator[Installed]:
    for stanza in text.split("\n\n"):
        pairs = (
            line.split(":", 1) for line in stanza.split("\n") if line[1:2] == ":" and line[0] in _LETTERS
        )
        fields = {pair[0]: pair[1].strip() for pair in pairs}
        if "P" in fields and "V" in fields:
            size = fields.get("I", "")
            yield Installed(
                fields["P"],
                fields["V"],
                arch=fields.get("A", ""),
                source=fields.get("o", ""),
                licence=fields.get("L", ""),
                vendor=fields.get("m", ""),
                size=int(size) if size.isascii() and size.isdigit() and len(size) < 16 else 0,
            )

"""
What a stream tells its readers beside images: that a new release of MAAS is out.

It stands in a product of its own, in items of ftype `notifications` that need not name a file.
"""

from collections.abc import Iterator

from tundish.core.image import Json
from tundish.core.notice import Announcement

FTYPE = "notifications"
MAX_TEXT = 500
MAX_VERSION = 40


def announced(product: Json) -> Iterator[Announcement]:
    """
    The announcements of a product as it was read, those of its newest version last; all others are none.
    """
    versions = _of(product, "versions")
    for name in sorted(versions):
        for item in _of(versions[name], "items").values():
            if isinstance(item, dict) and item.get("ftype") == FTYPE:
                body = item.get("release_notification")
                version, text = (_word(body, "maas_version"), _word(body, "message"))
                if version and text:
                    yield Announcement(version[:MAX_VERSION], text[:MAX_TEXT])


def _of(value: Json, key: str) -> dict[str, Json]:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _word(value: Json, key: str) -> str:
    """
    A text on one line without signs that a terminal would act on.
    """
    text = value.get(key) if isinstance(value, dict) else None
    shown = "".join(sign if sign.isprintable() else " " for sign in text) if isinstance(text, str) else ""
    return " ".join(shown.split())

"""
What a stream tells its readers beside images: that a new release of MAAS is out.

It stands in a product of its own, in items of ftype `notifications` that need not name a file.
"""

from collections.abc import Iterator, Sequence

from tundish.core.image import Json
from tundish.core.notice import Announcement

FTYPE = "notifications"
PRODUCT = "notifications"  # how the product is called in which we repeat what others announced
MAX_TEXT = 500
MAX_VERSION = 40


def announced(product: Json, ftype: Json = None) -> Iterator[Announcement]:
    """
    The announcements of a product as it was read, those of its newest version last; all others are none.

    `ftype` is what the level above hands down.
    """
    ftype, versions = _handed_down(product, ftype), _of(product, "versions")
    for name in sorted(versions):
        yield from spoken(versions[name], ftype)


def spoken(version: Json, ftype: Json = None) -> Iterator[Announcement]:
    """
    The announcements of one version.
    """
    ftype = _handed_down(version, ftype)
    for item in _of(version, "items").values():
        if _handed_down(item, ftype) == FTYPE:
            body = item.get("release_notification") if isinstance(item, dict) else None
            number, text = (_word(body, "maas_version"), _word(body, "message"))
            if number and text:
                yield Announcement(number[:MAX_VERSION], text[:MAX_TEXT])


def rendered(news: Sequence[Announcement]) -> dict[str, Json]:
    """
    The product that announces all of these to whoever reads it, in their order.
    """
    width = len(str(len(news)))
    return {"versions": {f"{place:0{width}}": {"items": _item(each)} for place, each in enumerate(news, 1)}}


def _item(each: Announcement) -> dict[str, Json]:
    said: dict[str, Json] = {"maas_version": each.version, "message": each.text, "version": 1}
    return {"release_notification": {"ftype": FTYPE, "release_notification": said}}


def _handed_down(level: Json, above: Json) -> Json:
    return level.get("ftype", above) if isinstance(level, dict) else above


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

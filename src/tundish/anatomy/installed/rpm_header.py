"""
An rpm header as it stands in every database of rpm: an index of tags and the data they point into.

All numbers are big-endian. Counts and offsets come from the image and are checked before they are used.
"""

from struct import Struct

from tundish.anatomy.facts import Installed
from tundish.core.errors import BadImage

MAX_TAGS = 65_535  # as rpm has it
MAX_TEXT = 64 * 1024
_COUNTS, _ENTRY = Struct(">II"), Struct(">IIII")
_INT32, _INT64, _STRING, _STRINGS, _I18N = 4, 5, 6, 8, 9
_NAME, _VERSION, _RELEASE, _EPOCH, _SIZE = 1000, 1001, 1002, 1003, 1009
_VENDOR, _LICENSE, _ARCH, _SOURCE, _LONGSIZE = 1011, 1014, 1022, 1044, 5009
_WANTED = {_NAME, _VERSION, _RELEASE, _EPOCH, _SIZE, _VENDOR, _LICENSE, _ARCH, _SOURCE, _LONGSIZE}


def package(blob: bytes) -> Installed:
    """
    The package that a header describes.

    Raises:
        BadImage: it is damaged, or has no name and version.
    """
    tags = _tags(blob)
    name, version, release = (str(tags.get(tag, "")) for tag in (_NAME, _VERSION, _RELEASE))
    if not name or not version:
        raise BadImage("an rpm header has no name or no version; the package database is damaged")
    epoch = tags.get(_EPOCH)
    size = tags.get(_LONGSIZE, tags.get(_SIZE, 0))
    return Installed(
        name,
        ("" if epoch is None else f"{epoch}:") + version + (f"-{release}" if release else ""),
        arch=_plain(tags.get(_ARCH)),
        source=_source(_plain(tags.get(_SOURCE))),
        licence=_plain(tags.get(_LICENSE)),
        vendor=_plain(tags.get(_VENDOR)),
        size=size if isinstance(size, int) else 0,
    )


def _plain(value: str | int | None) -> str:
    return "" if value in {None, "(none)"} else str(value)


def _source(name: str) -> str:
    """
    The name of the source package in `bash-5.1.8-6.el9.src.rpm`.
    """
    return name.rsplit("-", 2)[0] if name.endswith(".rpm") else name


def _tags(blob: bytes) -> dict[int, str | int]:
    if len(blob) < _COUNTS.size:
        raise BadImage(f"an rpm header of {len(blob)} bytes is cut short")
    count, length = _COUNTS.unpack_from(blob)
    start = _COUNTS.size + count * _ENTRY.size
    if count > MAX_TAGS or start + length > len(blob):
        raise BadImage(
            f"an rpm header with {count} tags and {length} bytes leads beyond its end, {len(blob)}"
        )
    found: dict[int, str | int] = {}
    for tag, kind, offset, items in _ENTRY.iter_unpack(blob[_COUNTS.size : start]):
        if tag in _WANTED and items and tag not in found:
            if offset >= length:
                raise BadImage(f"tag {tag} of an rpm header points to {offset}, beyond its {length} bytes")
            found[tag] = _value(blob, kind, start + offset)
    return found


def _value(blob: bytes, kind: int, at: int) -> str | int:
    if kind in {_INT32, _INT64}:
        return int.from_bytes(blob[at : at + (4 if kind == _INT32 else 8)], "big")
    if kind not in {_STRING, _STRINGS, _I18N}:
        raise BadImage(f"a tag of an rpm header has the type {kind}, where text or a number belongs")
    end = blob.find(b"\0", at, at + MAX_TEXT)
    if end < 0:
        raise BadImage(f"text in an rpm header at {at} has no end")
    return blob[at:end].decode("utf-8", "replace")

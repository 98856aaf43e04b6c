"""
Every string with a form, and the one function that lets it in.

All input is hostile: what these functions return is safe to print, to store and, for `ItemPath`, to
join to a root. The bounds are ours; the forms follow the simplestreams documents in use.
"""

import re
from typing import NewType

from tundish.core.errors import InvalidName

ContentId = NewType("ContentId", str)
ProductName = NewType("ProductName", str)
VersionName = NewType("VersionName", str)
ItemName = NewType("ItemName", str)
ItemPath = NewType("ItemPath", str)
SourceName = NewType("SourceName", str)
ChannelName = NewType("ChannelName", str)

MAX_NAME = 255
MAX_PATH = 1024

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
# Content ids and product names carry colons and, in vendor streams, a few more signs.
_STREAM_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:+~@=,/-]*")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+~-]*")
_FORBIDDEN_IN_PATH = re.compile(r"[\x00-\x1f\x7f\\?#\ud800-\udfff]")


def _checked(kind: str, value: object, pattern: re.Pattern[str], mend: str) -> str:
    if not isinstance(value, str) or len(value) > MAX_NAME or not pattern.fullmatch(value):
        raise InvalidName(kind, value, mend)
    if any(segment in {"", ".", ".."} for segment in value.split("/")):
        raise InvalidName(kind, value, "it may not contain an empty, '.' or '..' segment")
    return value


def content_id(value: object) -> ContentId:
    """
    The id of a products file. It is never used as a file name as it stands.
    """
    return ContentId(_checked("content id", value, _STREAM_NAME, "letters, digits and ._:+~@=,- only"))


def product_name(value: object) -> ProductName:
    return ProductName(_checked("product name", value, _STREAM_NAME, "letters, digits and ._:+~@=,- only"))


def version_name(value: object) -> VersionName:
    return VersionName(_checked("version name", value, _VERSION, "letters, digits and ._:+~- only"))


def item_name(value: object) -> ItemName:
    return ItemName(_checked("item name", value, _VERSION, "letters, digits and ._:+~- only"))


def source_name(value: object) -> SourceName:
    return SourceName(_checked("source name", value, _WORD, "letters, digits and ._+- only"))


def channel_name(value: object) -> ChannelName:
    return ChannelName(_checked("channel name", value, _WORD, "letters, digits and ._+- only"))


def word(kind: str, value: object) -> str:
    """
    An OS, series, architecture, kernel or label: one word that is safe in a path.
    """
    return _checked(kind, value, _WORD, "letters, digits and ._+- only")


def item_path(value: object) -> ItemPath:
    """
    A path relative to the root of a stream, with nothing in it that could lead out of that root.

    Raises:
        InvalidName: empty, absolute, too long, a URL, or with a `.`, `..` or empty segment,
            a backslash, control character, query or fragment.
    """
    kind = "item path"
    if not isinstance(value, str) or not value:
        raise InvalidName(kind, value, "give a relative path")
    if len(value) > MAX_PATH or len(value.encode("utf-8", "surrogatepass")) > MAX_PATH:
        raise InvalidName(kind, value, f"at most {MAX_PATH} bytes")
    if _FORBIDDEN_IN_PATH.search(value):
        raise InvalidName(kind, value, "no control characters, backslash, '?' or '#'")
    segments = value.split("/")
    if "" in segments or "." in segments or ".." in segments:
        raise InvalidName(kind, value, "it must stay below the root: no empty, '.' or '..' segment")
    if ":" in segments[0]:
        raise InvalidName(kind, value, "a path, not a URL: no ':' in the first segment")
    return ItemPath(value)

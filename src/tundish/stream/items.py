"""
One item: read into a value or refused, and written back.
"""

from collections.abc import Mapping
from functools import lru_cache

from tundish.core import names
from tundish.core.digest import Digest
from tundish.core.errors import InputError
from tundish.core.image import Item, Json
from tundish.core.names import ItemName
from tundish.stream.document import Object
from tundish.stream.flatten import carried
from tundish.stream.remarks import Remarks

MAX_SIZE = 2**44  # bytes: no image has 16 TiB
_MAX_DIGITS = 19
_KNOWN = frozenset({"ftype", "path", "sha256", "size"})
_NONE: frozenset[str] = frozenset()

_item_name = lru_cache(maxsize=1024)(names.item_name)
_word = lru_cache(maxsize=1024)(names.word)


def parse(name: str, body: Object, above: Mapping[str, Json], subject: str, remarks: Remarks) -> Item | None:
    """
    The item, with what it inherits from `above`; None if it is no file but pure data.

    Raises:
        InputError: it names a file that cannot be used.
    """
    full = {**above, **body} if above else body
    if "path" not in full:
        return None
    return Item(
        name=ItemName(_item_name(name)),
        ftype=_ftype(full.get("ftype"), name, subject, remarks),
        path=names.item_path(full["path"]),
        size=_size(full.get("size"), subject, remarks),
        digest=_digest(full, subject, remarks),
        extra=carried(full, _KNOWN, _NONE, subject, remarks),
    )


def render(item: Item) -> Object:
    return {
        **item.extra,
        "ftype": item.ftype,
        "path": item.path,
        "sha256": item.digest.hex,
        "size": item.size,
    }


def _ftype(value: Json, name: str, subject: str, remarks: Remarks) -> str:
    if value is None:
        remarks.add(subject, "has no ftype; its name is taken for it")
        value = name
    if not isinstance(value, str):
        raise InputError("its ftype is not a text")
    return _word("ftype", value)


def _size(value: Json, subject: str, remarks: Remarks) -> int:
    is_text = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS
    size = int(value) if is_text and isinstance(value, str) else value
    if isinstance(size, bool) or not isinstance(size, int):
        raise InputError("it has no size" if value is None else "its size is not a whole number")
    if not 0 <= size <= MAX_SIZE:
        raise InputError(f"its size, {size} bytes, cannot be true")
    if is_text:
        remarks.add(subject, "its size is a text; read as a number")
    return size


def _digest(full: Mapping[str, Json], subject: str, remarks: Remarks) -> Digest:
    value = full.get("sha256")
    if value is None:
        others = " and ".join(key for key in ("sha512", "md5") if key in full)
        raise InputError(f"it has no sha256, only {others}" if others else "it has no sha256")
    if not isinstance(value, str):
        raise InputError("its sha256 is not a text")
    if value.isascii() and value != value.lower():
        remarks.add(subject, "its sha256 is in upper case; read as lower case")
        value = value.lower()
    return Digest(value)

"""
Inheritance and aliases, undone: each known key is brought to the level where its readers look for it.

Only the reference client inherits, so nothing here is undone again on the way out. Keys we do not know
stay on the level where they stood.
"""

import json
from collections.abc import Mapping
from typing import TypeGuard

from tundish.core.errors import BadDocument
from tundish.core.image import NOTHING, Extra, Json
from tundish.stream.document import Object
from tundish.stream.remarks import Remarks

PRODUCT_KEYS = frozenset(
    {
        "arch",
        "arches",
        "bootloader-type",
        "kflavor",
        "krel",
        "label",
        "os",
        "release",
        "release_codename",
        "release_title",
        "subarch",
        "subarches",
        "support_eol",
        "support_esm_eol",
        "version",
    }
)
ITEM_KEYS = frozenset(
    {
        "ftype",
        "kpackage",
        "kparams",
        "md5",
        "path",
        "sha256",
        "sha512",
        "size",
        "src_package",
        "src_release",
        "src_version",
    }
)

_MAX_ALIAS_ATTRIBUTES = 1_000_000  # that aliases may add to one document
_MAX_STRING = 2_800  # characters that fit a signed line however they are escaped
_MAX_ENCODED = 17_000  # bytes of a string as JSON, that fit a signed line


def is_sticky(value: Json) -> TypeGuard[str | int | float]:
    """
    Whether a level hands this value down: strings, numbers and booleans.
    """
    return isinstance(value, str | int | float)


def handed_down(
    level: Object, keys: frozenset[str], above: Mapping[str, Json] = NOTHING
) -> Mapping[str, Json]:
    """
    What the levels below get: these keys of this level over those from above.
    """
    own = {key: level[key] for key in keys.intersection(level) if is_sticky(level[key])}
    return {**above, **own} if own else above


def carried(
    level: Object, known: frozenset[str], moved: frozenset[str], subject: str, remarks: Remarks
) -> Extra:
    """
    The keys of a level that we do not interpret; `moved` are those that are handed down instead.
    """
    if known.issuperset(level):
        return NOTHING
    kept: Object = {}
    for key, value in level.items():
        if key in known or (key in moved and is_sticky(value)):
            continue
        if _fits_a_line(key) and _fits_a_line(value):
            kept[key] = value
        else:
            remarks.add(subject, f"the attribute {key[:80]!r} is left out: it is too long to be published")
    return kept or NOTHING


class Aliases:
    """
    The `_aliases` of a document: attributes to merge in wherever a key has a certain value.
    """

    def __init__(self, document: Object, origin: str, remarks: Remarks) -> None:
        self._origin, self._left = origin, _MAX_ALIAS_ATTRIBUTES
        self._table: dict[str, dict[str, Object]] = {}
        listed = document.get("_aliases")
        for key, values in listed.items() if isinstance(listed, dict) else ():
            self._table[key] = {
                value: {name: text for name, text in attributes.items() if is_sticky(text)}
                for value, attributes in (values.items() if isinstance(values, dict) else ())
                if isinstance(attributes, dict)
            }
        if listed is not None and not self._table:
            remarks.add("_aliases", "has no usable entry")

    def expanded(self, level: Object) -> Object:
        """
        The level with what its aliases stand for; like the reference, they go over what stands there.

        Raises:
            BadDocument: the aliases add up to more than any real document needs.
        """
        if not self._table:
            return level
        result = level
        for key in sorted(self._table.keys() & level.keys()):
            value = level[key]
            added = self._table[key].get(value) if isinstance(value, str) else None
            if added:
                self._left -= len(added)
                if self._left < 0:
                    raise BadDocument(
                        f"{self._origin}: its _aliases add over {_MAX_ALIAS_ATTRIBUTES} attributes"
                    )
                result = {**result, **added}
        return result


def _fits_a_line(value: Json) -> bool:
    if isinstance(value, str):
        return len(value) <= _MAX_STRING or len(json.dumps(value)) <= _MAX_ENCODED
    if isinstance(value, dict):
        return all(len(key) <= _MAX_STRING // 10 and _fits_a_line(inner) for key, inner in value.items())
    return not isinstance(value, list) or all(map(_fits_a_line, value))

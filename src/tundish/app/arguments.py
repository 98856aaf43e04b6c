"""
The arguments of a job as they come from a door or a row: JSON, read field by field, nothing guessed.
"""

import json
from collections.abc import Mapping

from tundish.core.errors import InputError
from tundish.core.image import Json

MOST_BYTES = 256 * 1024  # of all arguments of one job
MOST_TEXTS = 1_000  # in one list


class Arguments:
    """
    Each field is taken once; what is left at `end` is a mistake.
    """

    def __init__(self, kind: str, values: Mapping[str, Json]) -> None:
        try:
            size = len(json.dumps(dict(values), ensure_ascii=False).encode())
        except (UnicodeEncodeError, RecursionError):
            raise InputError(f"the arguments of a {kind} hold half a character, or are too deep") from None
        if size > MOST_BYTES:
            raise InputError(f"the arguments of a {kind} have {size} bytes; {MOST_BYTES} at most")
        self._kind, self._left = kind, dict(values)

    def text(self, name: str, default: str = "", *, must: bool = False) -> str:
        value = self._left.pop(name, None)
        if value is None and not must:
            return default
        if not isinstance(value, str) or (must and not value):
            raise self._wrong(name, "a text", value)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._left.pop(name, None)
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > MOST_TEXTS:
            raise self._wrong(name, f"a list of at most {MOST_TEXTS} texts", value)
        texts = tuple(each for each in value if isinstance(each, str) and each)
        if len(texts) != len(value):
            raise self._wrong(name, "a list of texts", value)
        return texts

    def flag(self, name: str) -> bool:
        value = self._left.pop(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false", value)
        return value

    def number(self, name: str, least: int, most: int) -> int | None:
        value = self._left.pop(name, None)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self._wrong(name, f"a whole number from {least} to {most}", value)
        return value

    def end(self) -> None:
        """
        Raises:
            InputError: a field is left that nobody asked for.
        """
        if self._left:
            raise InputError(f"a {self._kind} has no argument {min(self._left)[:40]!r}; leave it out")

    def _wrong(self, name: str, wanted: str, value: Json) -> InputError:
        shown = "nothing" if value is None else json.dumps(value)[:60]
        return InputError(f"{name} of a {self._kind} is {wanted}, not {shown}")

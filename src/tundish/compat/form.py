"""
What a request says: its fields, whichever of four ways they came, and what was wrong with them.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tundish.compat import multipart, oauth
from tundish.compat.multipart import Part
from tundish.core.errors import InputError
from tundish.core.image import Json

MOST_FIELDS = 1_000
_TRUE = {"true", "1", "on", "yes", "y", "t"}
_FALSE = {"false", "0", "off", "no", "n", "f", ""}


@dataclass(frozen=True, slots=True)
class Form:
    """
    Fields by name; of one that came repeatedly, `text` is the last.
    """

    parts: tuple[Part, ...] = ()

    def has(self, name: str) -> bool:
        return any(part.name == name for part in self.parts)

    def data(self, name: str) -> bytes | None:
        return next((part.value for part in reversed(self.parts) if part.name == name), None)

    def text(self, name: str) -> str | None:
        data = self.data(name)
        return None if data is None else data.decode("utf-8", "replace").strip()

    def texts(self, name: str) -> tuple[str, ...] | None:
        found = [part.value.decode("utf-8", "replace").strip() for part in self.parts if part.name == name]
        return tuple(dict.fromkeys(filter(None, found))) if found else None

    def flag(self, name: str) -> bool | None:
        """
        Raises:
            InputError: it is neither yes nor no.
        """
        text = self.text(name)
        if text is None:
            return None
        if text.lower() not in _TRUE | _FALSE:
            raise InputError(f"'{text[:40]}' value must be either True or False.")
        return text.lower() in _TRUE

    def number(self, name: str) -> int | None:
        """
        Raises:
            InputError: it is no number, or has too many digits for one.
        """
        text = self.text(name)
        if text is None or not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise InputError("Enter a whole number.")
        return int(text)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple((part.name, part.value.decode("utf-8", "replace")) for part in self.parts)


def of_query(query: str) -> Form:
    return _of_pairs(query)


def of_body(content_type: str, body: bytes) -> Form:
    """
    Multipart, urlencoded or JSON; a body that says nothing of itself counts as urlencoded if it is text.

    Raises:
        InputError: it is malformed, or over the bounds.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return Form(multipart.parts(content_type, body)) if body else Form()
    if kind == "application/json":
        return _of_json(body) if body else Form()
    try:
        return _of_pairs(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise InputError("the body is no form; send multipart/form-data, urlencoded text or JSON") from None


def _of_pairs(text: str) -> Form:
    pairs = oauth.fields(text)
    if len(pairs) > MOST_FIELDS:
        raise InputError(f"more than {MOST_FIELDS} fields in one request")
    return Form(tuple(Part(name, value.encode(), None) for name, value in pairs))


def _of_json(body: bytes) -> Form:
    try:
        read: Json = json.loads(body)
    except (ValueError, RecursionError):
        raise InputError("the body is no JSON") from None
    if not isinstance(read, dict):
        raise InputError("the body is JSON, but no object")
    parts: list[Part] = []
    for name, value in read.items():
        values = value if isinstance(value, list) else [value]
        parts += [Part(name, _word(each).encode("utf-8", "replace"), None) for each in values]
    return Form(tuple(parts[: MOST_FIELDS + 1]))


def _word(value: Json) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


@dataclass(slots=True)
class Faults:
    """
    What is wrong with a form, field by field.
    """

    listed: dict[str, list[str]] = field(default_factory=dict)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """
        Note an InputError of the context as a fault of a field.
        """
        try:
            yield
        except InputError as error:
            self.add(name, str(error))

    def add(self, name: str, text: str) -> None:
        self.listed.setdefault(name, []).append(text)

    def __bool__(self) -> bool:
        return bool(self.listed)

    @property
    def shown(self) -> Mapping[str, Json]:
        return {name: list(texts) for name, texts in self.listed.items()}

"""
The text in which LVM2 keeps what it knows: named sections, numbers, strings, and lists of them.

The grammar is read by itself and with bounds; nothing of it is evaluated.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from tundish.core.errors import BadImage

Value: TypeAlias = "int | str | Sequence[Value] | Mapping[str, Value]"
Section: TypeAlias = Mapping[str, Value]

MAX_TEXT = 4 * 1024 * 1024
_MAX_TOKENS = 500_000
_MAX_DEPTH = 8
_TOKEN = re.compile(
    r"""(?:\s+|\#[^\n]*)*+(?:(?P<text>"(?:[^"\\]|\\.)*+")|(?P<number>[-+]?\d++(?:\.\d++)?)(?![\w.-])"""
    r"""|(?P<name>[A-Za-z0-9_.+-]++)|(?P<sign>[{}\[\]=,]))""",
    re.DOTALL,
)
_SPACE = re.compile(r"(?:\s+|#[^\n]*)*+")


def parsed(text: str, subject: str) -> Section:
    """
    The outermost section.

    Raises:
        BadImage: it is not of this grammar, or too long or deep; the message names the subject.
    """
    if len(text) > MAX_TEXT:
        raise BadImage(f"{subject}: {len(text)} characters of metadata; at most {MAX_TEXT} are read")
    return _Parser(text, subject).section(0, closed=False)


class _Parser:
    def __init__(self, text: str, subject: str) -> None:
        self._subject = subject
        self._tokens = self._read(text)
        self._next = next(self._tokens)

    def section(self, depth: int, *, closed: bool) -> Section:
        if depth > _MAX_DEPTH:
            raise BadImage(f"{self._subject}: sections nest deeper than {_MAX_DEPTH}")
        found: dict[str, Value] = {}
        while self._next != (("sign", "}") if closed else ("end", "")):
            name = self._take("name", "number")
            if self._next == ("sign", "{"):
                self._take("sign")
                found[name] = self.section(depth + 1, closed=True)
            elif self._take("sign") == "=":
                found[name] = self._value()
            else:
                raise self._odd(name)
        self._take("sign", "end")
        return found

    def _value(self) -> Value:
        if self._next != ("sign", "["):
            return self._scalar()
        self._take("sign")
        found: list[Value] = []
        while self._next != ("sign", "]"):
            found.append(self._scalar())
            if self._next == ("sign", ","):
                self._take("sign")
        self._take("sign")
        return tuple(found)

    def _scalar(self) -> Value:
        kind, _ = self._next
        taken = self._take("text", "number", "name")
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", taken[1:-1], flags=re.DOTALL)
        return int(taken) if kind == "number" and "." not in taken and len(taken) <= 20 else taken

    def _take(self, *kinds: str) -> str:
        kind, taken = self._next
        if kind not in kinds:
            raise self._odd(taken)
        if kind != "end":
            self._next = next(self._tokens)
        return taken

    def _odd(self, found: str) -> BadImage:
        return BadImage(f"{self._subject}: {found[:40]!r} is not expected there in the metadata")

    def _read(self, text: str) -> Iterator[tuple[str, str]]:
        at = 0
        for _ in range(_MAX_TOKENS):
            match = _TOKEN.match(text, at)
            if match is None:
                if _SPACE.fullmatch(text, at) is None:
                    raise self._odd(text[at : at + 40])
                yield "end", ""
                return
            at = match.end()
            kind = match.lastgroup or ""
            yield kind, match[kind]
        raise BadImage(f"{self._subject}: more than {_MAX_TOKENS} words of metadata")


def section(of: Section, name: str) -> Section:
    """
    A section in another; an empty one if there is none.
    """
    found = of.get(name)
    return found if isinstance(found, Mapping) else {}


def sections(of: Section) -> Iterator[tuple[str, Section]]:
    for name, value in of.items():
        if isinstance(value, Mapping):
            yield name, value


def number(of: Section, name: str) -> int:
    """
    A number; 0 if there is none.
    """
    found = of.get(name)
    return found if isinstance(found, int) else 0


def word(of: Section, name: str) -> str:
    found = of.get(name)
    return found if isinstance(found, str) else ""


def words(of: Section, name: str) -> Sequence[Value]:
    found = of.get(name)
    return found if isinstance(found, tuple) else ()

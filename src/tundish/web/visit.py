"""
A visit to a page as a value, and what a page may answer. A page is a function from the one to the other.

Pages decide nothing: they parse what was said, ask one question or do one deed, and present the answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from tundish.access.admission import Admission
from tundish.app.opened import App
from tundish.core.errors import InputError
from tundish.core.people import Actor, Power
from tundish.web.words import plain

MOST_NUMBER = 2**53
SESSION, THEME = "tundish-session", "tundish-theme"  # names of cookies


@dataclass(frozen=True, slots=True)
class Words:
    """
    What a query or a form says: values by name, in the order given. Control characters never come through.
    """

    pairs: tuple[tuple[str, str], ...] = ()

    def one(self, name: str, default: str = "") -> str:
        """
        The last value of a name, without the space around it.
        """
        found = [value for key, value in self.pairs if key == name]
        return plain(found[-1]).strip() if found else default

    def text(self, name: str) -> str:
        """
        The value as it was typed, lines and all.
        """
        return next((value for key, value in self.pairs if key == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(plain(value).strip() for key, value in self.pairs if key == name and value.strip())

    def number(self, name: str, default: int, *, least: int = 0, most: int = MOST_NUMBER) -> int:
        """
        A whole number within bounds.

        Raises:
            InputError: it is none.
        """
        text = self.one(name)
        if not text:
            return default
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 18 and least <= int(text) <= most):
            raise InputError(f"{name}: {text[:40]!r} is no whole number from {least} to {most}")
        return int(text)


@dataclass(frozen=True, slots=True)
class House:
    """
    What all pages stand on.
    """

    app: App
    admission: Admission


NOBODY = Actor("", (), "page")


@dataclass(frozen=True, slots=True)
class Visit:
    house: House
    actor: Actor
    path: str
    origin: str  # https://host:port, as the visitor sees it
    prefix: str = ""  # of all paths of ours behind a proxy, as in /images; `path` is without it
    address: str = ""
    place: Mapping[str, str] = field(default_factory=dict)  # what stands in the path, by name
    query: Words = Words()
    form: Words = Words()
    session: str = field(default="", repr=False)
    theme: str = ""  # light, dark; empty: as the browser likes it
    said: str = ""  # what the last deed had to say
    is_part: bool = False  # htmx asks, for a part of the page

    @property
    def app(self) -> App:
        return self.house.app

    @property
    def is_secure(self) -> bool:
        return self.origin.startswith("https://")


@dataclass(frozen=True, slots=True)
class Cookie:
    name: str
    value: str = field(repr=False)
    seconds: int | None = None  # None: until the browser closes; 0: gone at once


@dataclass(frozen=True, slots=True)
class Same:
    """
    What does the same: a command, and a request of the API where there is one.
    """

    command: str
    path: str = ""  # below /api/v1
    method: str = "GET"
    body: str = ""  # JSON


@dataclass(frozen=True, slots=True)
class Shown:
    """
    A template with its values. `part` is the template of that part which htmx gets alone.
    """

    template: str
    values: Mapping[str, object]
    same: tuple[Same, ...] = ()
    part: str = ""
    status: int = 200
    cookies: tuple[Cookie, ...] = ()


@dataclass(frozen=True, slots=True)
class Moved:
    """
    Go on there, and say this.
    """

    to: str
    said: str = ""
    cookies: tuple[Cookie, ...] = ()


@dataclass(frozen=True, slots=True)
class Handed:
    """
    A file to keep.
    """

    name: str
    media_type: str
    body: bytes = field(repr=False)


Answer: TypeAlias = Shown | Moved | Handed


@dataclass(frozen=True, slots=True)
class Route:
    """
    A path with a method, and the page that answers. Only an open one answers whoever is not known.
    """

    path: str
    page: Callable[[Visit], Answer]
    method: str = "GET"
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """
    An entry of the menu, shown to whoever has the power somewhere, and the routes behind it.
    """

    title: str
    path: str
    routes: tuple[Route, ...]
    power: Power = Power.SEE

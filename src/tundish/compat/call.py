"""
One call of a client: who asks, what of, and with which fields.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from tundish.access.admission import Admission
from tundish.app.opened import App
from tundish.compat.answers import Answer
from tundish.compat.form import Form
from tundish.core.people import Actor


@dataclass(frozen=True, slots=True)
class Call:
    """
    `names` are the parameters of the path; `body` is as it came, for what is no form.
    """

    app: App
    admission: Admission
    actor: Actor
    names: Mapping[str, str]
    query: Form
    form: Form
    body: bytes = b""
    content_range: str = ""
    length: int | None = None

    def named(self, name: str) -> int:
        """
        A parameter of the path that is a number; -1, which nothing has, where it is none.
        """
        text = self.names[name]
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else -1

    def as_(self, actor: Actor) -> "Call":
        return replace(self, actor=actor)


Handler: TypeAlias = Callable[[Call], Answer]

"""
Answers as MAAS gives them: JSON, or a line of plain text; and every error of ours as one of them.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from tundish.compat import shapes
from tundish.compat.form import Faults
from tundish.core.errors import (
    Busy,
    Forbidden,
    InputError,
    Locked,
    NoSpace,
    TundishError,
    Unauthorised,
    reaction,
)
from tundish.core.image import Json

LOG = logging.getLogger(__name__)
TEXT = "text/plain; charset=utf-8"
JSON = "application/json; charset=utf-8"
REALM = 'OAuth realm="OAuth"'
EDIT = "can_edit_boot_entities"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    kind: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)


def json(value: Json, status: int = 200) -> Answer:
    return Answer(status, shapes.rendered(value), JSON)


def said(status: int, text: str, **headers: str) -> Answer:
    return Answer(status, text.encode(), TEXT, headers)


def done() -> Answer:
    return said(200, "OK")


def gone() -> Answer:
    return Answer(204, b"")


def invalid(faults: Faults) -> Answer:
    return json(dict(faults.shown), 400)


def missing(model: str) -> Answer:
    return said(404, f"No {model} matches the given query.")


def unsigned() -> Answer:
    """
    Nobody signed the request, or not enough was said.
    """
    return said(401, "Forbidden")


def refused(error: TundishError) -> Answer:
    """
    An error of ours in MAAS's words.
    """
    LOG.log(
        logging.getLevelNamesMapping()[reaction(error).log.upper()], "%s: %s", type(error).__name__, error
    )
    status, text = reaction(error).status, str(error)
    headers: dict[str, str] = {}
    match error:
        case Unauthorised():
            named = text if error.reason == "key" else repr(text)
            text, headers = f"Authorization Error: {named}", {"WWW-Authenticate": REALM}
        case Forbidden():
            text = f"{EDIT}: {text}"
        case Locked():
            headers = {"Retry-After": f"{error.retry_after:.0f}"}
        case Busy():
            status, headers = 503, {"Retry-After": "1"}
        case NoSpace():
            status, text = 400, f"No space left on device: {text}"
        case InputError():
            status = 400
    return Answer(status, text.encode(), TEXT, headers)

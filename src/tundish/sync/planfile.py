"""
A plan on paper: what was to be done, and the world it was made of.

A plan file is never carried out itself. The plan is made anew, and only if world and plan are still those
of the file is it begun; so nothing in a file, however it was changed, can make a sync do anything else.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from tundish.core.errors import Conflict, InputError
from tundish.core.image import Json
from tundish.core.names import SourceName, source_name
from tundish.sync.report import plan_json
from tundish.sync.run import Prepared

FORMAT, VERSION = "tundish-plan", 1
LIMIT = 64 * 1024 * 1024  # bytes; twenty thousand versions with four files each take half of it
_NAMED = 5  # things that moved, in one message

_Facts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Saved:
    """
    What a plan file says, as names and facts to be compared; by kind of fact.
    """

    sources: tuple[SourceName, ...]  # those it was asked for; empty: all enabled ones
    facts: Mapping[str, _Facts]


def document(prepared: Prepared, names: Iterable[SourceName], made_at: datetime) -> dict[str, Json]:
    """
    A plan with all that it depends on.
    """
    plan = plan_json(prepared.plan)
    head: dict[str, Json] = {
        "format": FORMAT,
        "version": VERSION,
        "made_at": made_at.isoformat(),
        "sources": list(names),
        "world": {kind: dict(facts) for kind, facts in _world(prepared).items()},
    }
    return {**head, **plan} if isinstance(plan, dict) else head


def parse(text: bytes, origin: str) -> Saved:
    """
    Read a plan file.

    Raises:
        InputError: it is none, or of another version; `origin` names it.
    """
    try:
        return _read(text)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, InputError) as error:
        reason = f"{type(error).__name__}: {error}"[:200]
        raise InputError(
            f"{origin} is not a plan file ({reason}); make one: tundish sync --plan --save FILE"
        ) from error


def _read(text: bytes) -> Saved:
    if len(text) > LIMIT:
        raise ValueError(f"longer than {LIMIT} bytes")
    found: Any = json.loads(text)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError("it does not say that it is a plan")
    if found.get("version") != VERSION:
        raise ValueError(f"it has version {str(found.get('version'))[:20]}, understood is {VERSION}")
    world = {kind: _facts(found["world"][kind]) for kind in ("documents", "selections", "images")}
    versions = {_line(each): _text(each["action"]) for each in found["versions"]}
    files = {_text(each["sha256"]): "to fetch" for each in found["files"]}
    sources = tuple(source_name(each) for each in found["sources"])
    return Saved(sources, {**world, "versions": versions, "files": files})


def check(saved: Saved, prepared: Prepared, origin: str) -> None:
    """
    Let a plan pass if it is that of the file, and the world is too.

    Raises:
        Conflict: something moved; the message names it.
    """
    now = {
        **_world(prepared),
        "versions": {
            _line(each): _text(each["action"]) for each in _listed(plan_json(prepared.plan), "versions")
        },
        "files": {file.digest.hex: "to fetch" for file in prepared.plan.files},
    }
    moved = [line for kind in now for line in _differences(kind, saved.facts[kind], now[kind])]
    if moved:
        shown = "; ".join(moved[:_NAMED]) + (f"; and {len(moved) - _NAMED} more" if moved[_NAMED:] else "")
        raise Conflict(
            f"the world moved since {origin} was made, so nothing was done: {shown}. Make a new plan: "
            "tundish sync --plan --save FILE"
        )


def _differences(kind: str, then: _Facts, now: _Facts) -> Iterable[str]:
    for name in sorted({*then, *now}):
        before, after = then.get(name, "absent"), now.get(name, "absent")
        if before != after:
            yield f"{kind}: {name[:120]} was {before[:80]}, is {after[:80]}"


def _world(prepared: Prepared) -> dict[str, _Facts]:
    """
    What a plan is made of: the documents as they were accepted, what is selected, what is held and how.
    """
    documents = {
        f"{offer.source.name} {mark.document}": mark.digest
        for offer in prepared.offers
        for mark in offer.marks
    }
    unread = {
        f"{offer.source.name} {each.content_id}": "unreadable"
        for offer in prepared.offers
        for each in offer.unread
    }
    dumb = {str(each.source): "unreadable" for each in prepared.unreadable}
    return {
        "documents": {**documents, **unread, **dumb},
        "selections": {json.dumps(asdict(each)): "selected" for each in prepared.selections},
        "images": {
            f"{each.source} {each.product.name}@{each.version.name}": ", ".join(
                filter(
                    None,
                    (
                        str(each.state),
                        "tied" if each.id in prepared.ties else "",
                        "on hold" if each.on_hold else "",
                    ),
                )
            )
            for each in prepared.holdings
        },
    }


def _listed(plan: Json, name: str) -> list[Any]:
    found = plan.get(name) if isinstance(plan, dict) else None
    return found if isinstance(found, list) else []


def _line(version: Mapping[str, Any]) -> str:
    return " ".join(_text(version[name]) for name in ("source", "product", "version"))


def _facts(value: Any) -> _Facts:
    return {_text(name): _text(fact) for name, fact in value.items()}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{str(value)[:40]!r} where a text should be")
    return value

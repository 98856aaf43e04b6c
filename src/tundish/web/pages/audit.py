"""
The audit: who changed what, when and from where.
"""

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from tundish.core.people import Deed, Power
from tundish.web.visit import Answer, Route, Same, Shown, Visit

PER_PAGE = 100
_FIELDS = ("actor", "deed", "subject")


def show(visit: Visit) -> Answer:
    """
    Raises:
        Forbidden: only an admin may see it.
    """
    visit.actor.must(Power.AUDIT_SEE)
    words = {name: visit.query.one(name) for name in _FIELDS}
    before = visit.query.number("before", 0)
    found = visit.app.catalog.audit.list(
        PER_PAGE, before=before, actor=words["actor"], deed=words["deed"], subject=words["subject"]
    )
    said = {name: word for name, word in words.items() if word}
    options = "".join(f" --{name} {word}" for name, word in said.items())
    values = {
        "lines": [(each, _changed(each)) for each in found],
        "said": words,
        "is_filtered": bool(said),
        "before": before,
        "older": found[-1].id if len(found) == PER_PAGE else 0,
        "query": urlencode(said),
    }
    path = f"/audit?{urlencode(said)}" if said else "/audit"
    return Shown("audit.html", values, (Same(f"tundish audit list{options}", path),))


def _changed(deed: Deed) -> list[tuple[str, str, str]]:
    """
    What differs: name, before and after.
    """
    before, after = _read(deed.before), _read(deed.after)
    names = [*before, *(name for name in after if name not in before)]
    return [
        (name, _text(before.get(name)), _text(after.get(name)))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _read(text: str) -> Mapping[str, object]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return "-" if value in (None, "", []) else value if isinstance(value, str) else json.dumps(value)


ROUTES = (Route("/audit", show),)

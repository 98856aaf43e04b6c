"""
Templates into text. They are strict: an unknown name is a mistake, and all that is put in is escaped.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from shlex import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from tundish import __version__
from tundish.core import clock
from tundish.core.urls import without_password
from tundish.web import words
from tundish.web.assets import Assets
from tundish.web.beneath import beneath
from tundish.web.visit import Same, Shown, View, Visit


class Renderer:
    def __init__(self, assets: Assets, views: Sequence[View]) -> None:
        self._views = views
        self._templates = Environment(
            loader=PackageLoader("tundish.web"),
            autoescape=True,
            auto_reload=False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            version=__version__, static=assets.paths.__getitem__, curl=curl, percent=words.percent
        )
        self._templates.filters.update(
            size=words.size,
            span=words.span,
            number=words.number,
            many=words.many,
            stamp=words.stamp,
            moment=_moment,
            shown=without_password,
        )

    def page(self, visit: Visit, shown: Shown, csrf: str) -> str:
        """
        A page, or that part of it which htmx asked for.
        """
        name = shown.part if visit.is_part and shown.part else shown.template
        values = {**self._frame(visit, shown, csrf), **shown.values}
        return beneath(self._templates.get_template(name).render(values), visit.prefix)

    def _frame(self, visit: Visit, shown: Shown, csrf: str) -> Mapping[str, object]:
        actor = visit.actor
        return {
            "visit": visit,
            "actor": actor,
            "may": actor.may_somewhere,
            "views": [view for view in self._views if actor.name and actor.may_somewhere(view.power)],
            "csrf": csrf,
            "same": shown.same,
            "problem": "",
        }


def curl(same: Same, origin: str) -> str:
    """
    The line for a shell that asks the API.
    """
    parts = ["curl", "-H", '"Authorization: Bearer $TUNDISH_TOKEN"']
    if same.method != "GET":
        parts += ["-X", same.method]
    if same.body:
        parts += ["-H", quote("Content-Type: application/json"), "-d", quote(same.body)]
    return " ".join([*parts, quote(f"{origin}/api/v1{same.path}")])


def _moment(at: datetime | None) -> Markup:
    """
    How long ago, with the moment in full for whoever hovers, and for programs.
    """
    if at is None:
        return Markup('<span class="quiet">never</span>')
    full, spoken = escape(words.stamp(at)), escape(words.ago(at, clock.now()))
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), full, spoken)

"""
Settings: what is chosen for the whole state.
"""

from collections import Counter

from tundish.app.deeds import settings as deeds
from tundish.app.orders import GRACE_DAYS
from tundish.core.errors import InputError, TundishError
from tundish.core.image import Json
from tundish.core.notice import OPTIONAL
from tundish.core.people import Power
from tundish.web.visit import Answer, Moved, Route, Same, Shown, Visit

HOUR = 3600


def show(visit: Visit) -> Answer:
    """
    Raises:
        Forbidden: the asker may not look at everything.
    """
    visit.actor.must(Power.SEE)
    return _shown(visit)


def _shown(visit: Visit, *, problem: str = "", status: int = 200) -> Shown:
    chosen = deeds.chosen(visit.app)
    settings = visit.app.settings
    values = {
        "chosen": chosen,
        "every": _span(chosen.sync_every),
        "optional": tuple(map(str, OPTIONAL)),
        "can_edit": visit.actor.may(Power.SETTING_EDIT),
        "can_select": visit.actor.may(Power.SELECTION_EDIT),
        "kept": Counter(each.keep for _, each in visit.app.catalog.selections.list()).most_common(),
        "days": GRACE_DAYS,
        "problem": problem,
        "fixed": (
            ("State", str(settings.state)),
            ("Listens on", settings.host),
            ("Ports, control and files", f"{settings.control_port} and {settings.file_port}"),
            ("Files side by side", str(settings.parallel)),
            ("Proxy", "set" if settings.http_proxy else "none"),
            ("Kernel arguments", settings.kernel_arguments or "none"),
        ),
    }
    same = (
        Same("tundish sync auto", "/settings"),
        Same("tundish sync auto --every 1h", "/settings", "PATCH", '{"sync_every":3600}'),
        Same("tundish notice off release", "/settings", "PATCH", '{"notices_off":["release"]}'),
    )
    return Shown("settings.html", values, same, status=status)


def change(visit: Visit) -> Answer:
    """
    Choose anew.
    """
    form = visit.form
    try:
        wanted: dict[str, Json] = {
            "sync_on": form.one("sync_on") == "yes",
            "sync_every": _seconds(form.one("every")),
            "sync_window": form.one("window"),
            "commissioning": form.one("commissioning"),
            "notices_off": [kind for kind in map(str, OPTIONAL) if kind not in form.all("notice")],
        }
        deeds.change(visit.app, visit.actor, wanted)
    except TundishError as error:
        return _shown(visit, problem=str(error), status=422)
    return Moved("/settings", "The settings count now.")


def _span(seconds: int) -> str:
    for unit, size in (("d", 24 * HOUR), ("h", HOUR), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _seconds(text: str) -> int:
    """
    Raises:
        InputError: no span.
    """
    sizes = {"s": 1, "m": 60, "h": HOUR, "d": 24 * HOUR}
    number, unit = text[:-1], text[-1:]
    if unit not in sizes or not (number.isascii() and number.isdigit() and len(number) < 7):
        raise InputError(f"{text[:40]!r} is no span of time; give one as in 30m, 1h or 1d")
    return int(number) * sizes[unit]


ROUTES = (Route("/settings", show), Route("/settings", change, "POST"))

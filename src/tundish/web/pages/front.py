"""
The front of the house: log in, log out, the first admin, and light or dark.
"""

from urllib.parse import urlsplit

from tundish.core.errors import Locked, TundishError
from tundish.web.guard import local
from tundish.web.visit import SESSION, THEME, Answer, Cookie, Moved, Route, Shown, Visit

A_YEAR = 365 * 86_400


def login(visit: Visit) -> Answer:
    if visit.actor.name:
        return Moved("/")
    if visit.house.admission.is_new():
        return Moved("/setup")
    return _login(then=visit.query.one("then"))


def _login(*, then: str, name: str = "", problem: str = "", status: int = 200) -> Shown:
    values = {"then": local(then), "name": name, "problem": problem}
    return Shown("login.html", values, status=status)


def log_in(visit: Visit) -> Answer:
    name, then = visit.form.one("name"), visit.form.one("then")
    try:
        actor = visit.house.admission.login(name, visit.form.text("password"), visit.address)
    except Locked as error:
        return _login(then=then, name=name, problem=str(error), status=429)
    except TundishError as error:
        return _login(then=then, name=name, problem=str(error), status=401)
    visit.house.admission.close_session(visit.session)  # of whoever sat here before
    return Moved(local(then), cookies=(Cookie(SESSION, visit.house.admission.open_session(actor)),))


def log_out(visit: Visit) -> Answer:
    visit.house.admission.close_session(visit.session)
    return Moved("/login", "You are logged out.", cookies=(Cookie(SESSION, "", 0),))


def setup(visit: Visit) -> Answer:
    if not visit.house.admission.is_new():
        return Moved("/login", "Somebody is known here already: log in.")
    return Shown("setup.html", {"name": "", "problem": ""})


def set_up(visit: Visit) -> Answer:
    """
    Make the first admin, for whoever has the code that only this machine knows.
    """
    form, admission = visit.form, visit.house.admission
    name = form.one("name")
    if form.text("password") != form.text("again"):
        return Shown("setup.html", {"name": name, "problem": "the two passwords differ"}, status=422)
    try:
        actor = admission.setup(form.one("code"), name, form.text("password"), visit.address)
    except TundishError as error:
        return Shown("setup.html", {"name": name, "problem": str(error)}, status=422)
    return Moved("/", f"Welcome, {name}.", cookies=(Cookie(SESSION, admission.open_session(actor)),))


def dress(visit: Visit) -> Answer:
    """
    Light, dark, or as the browser likes it; kept in a cookie, and back to where one was.
    """
    theme = visit.form.one("theme")
    chosen = theme if theme in ("light", "dark") else ""
    parts = urlsplit(visit.form.one("back"))
    back = local(parts.path + (f"?{parts.query}" if parts.query else "")) if not parts.netloc else "/"
    return Moved(back, cookies=(Cookie(THEME, chosen, A_YEAR if chosen else 0),))


ROUTES = (
    Route("/login", login, is_open=True),
    Route("/login", log_in, "POST", is_open=True),
    Route("/logout", log_out, "POST"),
    Route("/setup", setup, is_open=True),
    Route("/setup", set_up, "POST", is_open=True),
    Route("/theme", dress, "POST", is_open=True),
)

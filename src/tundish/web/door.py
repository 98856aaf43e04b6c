"""
The routes of the pages: find out who asks, let the page answer, and present the answer or the error.

Default deny: a route that is not open answers nobody without a session. Pages run on threads.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from urllib.parse import quote, unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Match
from starlette.routing import Route as Mounted
from starlette.types import Scope

from tundish.access.admission import Admission
from tundish.app.opened import App
from tundish.core.errors import InputError, NotFound, TundishError, Unauthorised, reaction
from tundish.core.problem import problem
from tundish.web import live
from tundish.web.assets import CACHED, Assets, load
from tundish.web.beneath import moved
from tundish.web.forms import form_of, spoken
from tundish.web.guard import CSRF_FIELD, CSRF_HEADER, HEADERS, must_be_ours, must_fit
from tundish.web.rendering import Renderer
from tundish.web.views import FRONT, VIEWS
from tundish.web.visit import (
    NOBODY,
    SESSION,
    THEME,
    Answer,
    Cookie,
    Handed,
    House,
    Moved,
    Route,
    Shown,
    Visit,
    Words,
)
from tundish.web.words import plain

SAID = "tundish-said"
SAID_FOR = 20  # seconds that the words of a deed wait for their page
PROGRAMS = ("/api/", "/MAAS")  # paths that are answered to programs alone
MOST_SAID = 800  # characters

LOG = logging.getLogger(__name__)


def page_routes(app: App, admission: Admission) -> list[BaseRoute]:
    """
    The pages over an opened app, to stand beside the routes of other doors.
    """
    assets = load()
    pages = _Pages(House(app, admission), Renderer(assets, VIEWS))
    return [
        _static(assets),
        Mounted("/live", pages.live),
        *_mounted(pages, all_routes()),
        _Lost("/{path:path}", pages.lost, methods=["GET"]),
    ]


def page_door(app: App, admission: Admission) -> Starlette:
    """
    The same as a door of its own.
    """
    return Starlette(routes=page_routes(app, admission))


def all_routes() -> tuple[Route, ...]:
    return (*FRONT, *(route for view in VIEWS for route in view.routes))


def _mounted(pages: "_Pages", routes: Iterable[Route]) -> list[Mounted]:
    return [Mounted(route.path, pages.endpoint(route), methods=[route.method]) for route in routes]


class _Lost(Mounted):
    """
    Whatever path a person asks for that nobody has. Programs are answered by their own doors.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
        is_program = path.startswith(PROGRAMS) or "text/html" not in Headers(scope=scope).get("accept", "")
        return (Match.NONE, {}) if is_program else super().matches(scope)


class _Pages:
    def __init__(self, house: House, renderer: Renderer) -> None:
        self._house, self._renderer = house, renderer

    def endpoint(self, route: Route) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                form = await form_of(request) if route.method == "POST" else Words()
            except TundishError as error:
                return await run_in_threadpool(self._failed, self._visit(request, Words()), error)
            return await run_in_threadpool(self._answered, request, route, form)

        return answer

    async def lost(self, request: Request) -> Response:
        error = NotFound(f"there is no page {_path(request)[:200]}")
        return await run_in_threadpool(self._failed, self._visit(request, Words()), error)

    async def live(self, request: Request) -> Response:
        """
        The stream of events, for whoever has a session.
        """
        visit = self._visit(request, Words())
        try:
            known = await run_in_threadpool(self._known, visit, is_open=False)
        except TundishError:
            return Response(status_code=204, headers=HEADERS)  # tells the browser not to come again
        told = live.events(self._house.app.feed, known.actor)
        return StreamingResponse(told, media_type=live.MEDIA_TYPE, headers=HEADERS)

    def _answered(self, request: Request, route: Route, form: Words) -> Response:
        visit = self._visit(request, form)
        try:
            if route.method != "GET":
                must_be_ours(request.headers, request.url.netloc)
            visit = self._known(visit, is_open=route.is_open)
            if route.method != "GET" and not route.is_open:
                given = request.headers.get(CSRF_HEADER) or form.one(CSRF_FIELD)
                must_fit(self._house.admission.csrf(visit.session), given)
            return self._presented(visit, route.page(visit))
        except Unauthorised:
            return self._shown_in(visit, request)
        except TundishError as error:
            return self._failed(visit, error)
        except Exception as error:  # the edge of the process: a bug is logged whole, its text is not shown
            LOG.exception("the page %s met a bug", route.path)
            return self._failed(visit, error)

    def _known(self, visit: Visit, *, is_open: bool) -> Visit:
        """
        The visit with its actor. Open routes go without, but know who has a session.
        """
        if not visit.session:
            if is_open:
                return visit
            raise Unauthorised
        try:
            actor = self._house.admission.session(visit.session, visit.address)
        except Unauthorised:
            if is_open:
                return replace(visit, session="")
            raise
        return replace(visit, actor=actor)

    def _visit(self, request: Request, form: Words) -> Visit:
        cookies, headers, url = request.cookies, request.headers, request.url
        theme = cookies.get(THEME, "")
        return Visit(
            house=self._house,
            actor=NOBODY,
            path=_path(request),
            origin=f"{url.scheme}://{url.netloc}",
            prefix=_prefix(request),
            address=request.client.host if request.client else "",
            place={key: str(value) for key, value in request.path_params.items()},
            query=_query(url.query),
            form=form,
            session=cookies.get(SESSION, ""),
            theme=theme if theme in ("light", "dark") else "",
            said=_unquoted(cookies.get(SAID, "")),
            is_part="hx-request" in headers and "hx-history-restore-request" not in headers,
        )

    def _shown_in(self, visit: Visit, request: Request) -> Response:
        """
        Send who is not known to the login, and from there back.
        """
        back = visit.path + (f"?{request.url.query}" if request.url.query else "")
        to = f"/login?then={quote(back if request.method == 'GET' and not visit.is_part else '/')}"
        to = moved(to, visit.prefix)
        if visit.is_part:
            return Response(status_code=401, headers={**HEADERS, "HX-Redirect": to})
        return RedirectResponse(to, 303, HEADERS)

    def _failed(self, visit: Visit, error: BaseException) -> Response:
        said = problem(error)
        if isinstance(error, TundishError):
            level = logging.getLevelNamesMapping()[reaction(error).log.upper()]
            LOG.log(level, "%s: %s", type(error).__name__, error)
        values = {"status": said.status, "title": said.title, "detail": said.detail}
        return self._presented(visit, Shown("error.html", values, status=said.status))

    def _presented(self, visit: Visit, answer: Answer) -> Response:
        if isinstance(answer, Handed):
            name = quote(answer.name)
            kept = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}", **HEADERS}
            return Response(answer.body, media_type=answer.media_type, headers=kept)
        if isinstance(answer, Moved):
            response: Response = RedirectResponse(moved(answer.to, visit.prefix), 303, HEADERS)
            if answer.said:
                _set(response, Cookie(SAID, quote(answer.said[:MOST_SAID]), SAID_FOR), visit)
        else:
            csrf = self._house.admission.csrf(visit.session) if visit.actor.name else ""
            text = self._renderer.page(visit, answer, csrf)
            response = Response(text, answer.status, HEADERS, "text/html")
            if visit.said and not visit.is_part:
                _set(response, Cookie(SAID, "", 0), visit)
        for cookie in answer.cookies:
            _set(response, cookie, visit)
        return response


def _static(assets: Assets) -> Mounted:
    """
    What pages are dressed with; nobody needs to be known for it.
    """

    async def asset(request: Request) -> Response:
        found = assets.held.get(request.path_params["name"])
        if found is None:
            return Response(status_code=404, headers=HEADERS)
        kept = {**HEADERS, "Cache-Control": CACHED}
        return Response(found.body, media_type=found.media_type, headers=kept)

    return Mounted("/static/{name}", asset, methods=["GET"])


def _set(response: Response, cookie: Cookie, visit: Visit) -> None:
    response.set_cookie(
        cookie.name,
        cookie.value,
        max_age=cookie.seconds,
        path=visit.prefix or "/",
        secure=visit.is_secure,
        httponly=True,
        samesite="lax",
    )


def _prefix(request: Request) -> str:
    return str(request.scope.get("root_path", ""))


def _path(request: Request) -> str:
    return request.url.path.removeprefix(_prefix(request)) or "/"


def _query(text: str) -> Words:
    """
    The query; of one that is too long, nothing.
    """
    try:
        return spoken(text)
    except InputError:
        return Words()


def _unquoted(text: str) -> str:
    return plain(unquote(text))[:MOST_SAID]

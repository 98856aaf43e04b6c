"""
What routes are given: who asks, the opened app, and where in a list they are.

Nobody comes in without being known. Who came by the page's session must show its token for every change,
for the browser sends the cookie whoever made the page.
"""

from hmac import compare_digest
from typing import Annotated, TypeAlias

from fastapi import Depends, Path, Query, Request, Response
from fastapi.security import HTTPBearer

from tundish.access.admission import COOKIE, Admission
from tundish.app.opened import App
from tundish.core.errors import Forbidden, NotFound, Unauthorised
from tundish.core.people import Actor, Kind, Power

CSRF_HEADER = "x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_NUMBER = 2**63 - 1

_scheme = HTTPBearer(auto_error=False, description="A token, as made by `tundish token create`.")


def admission_of(request: Request) -> Admission:
    found: Admission = request.app.state.admission
    return found


def app_of(request: Request) -> App:
    found: App = request.app.state.app
    return found


def actor_of(request: Request, _: Annotated[object, Depends(_scheme)] = None) -> Actor:
    """
    Who asks.

    Raises:
        Unauthorised: nobody known.
        Forbidden: a session without its token, which a page of another site cannot know.
    """
    admission, address = admission_of(request), address_of(request)
    said = request.headers.get("authorization", "")
    if said:
        scheme, _, token = said.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorised("give a token as: Authorization: Bearer td_...")
        return admission.bearer(token.strip(), address)
    cookie = request.cookies.get(COOKIE, "")
    actor = admission.session(cookie, address)
    if request.method not in SAFE:
        given = request.headers.get(CSRF_HEADER, "")
        if not compare_digest(admission.csrf(cookie).encode(), given.encode()):
            raise Forbidden(f"a change by a session needs its token in {CSRF_HEADER}; load the page again")
    return actor


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def must_see(actor: Actor, what: str, kind: Kind = Kind.ALL, name: str = "") -> None:
    """
    What an actor may not see is answered as if it were not there.

    Raises:
        NotFound: it may not be seen.
    """
    if not actor.may(Power.SEE, kind, name):
        raise NotFound(f"there is no {what}, or it is not yours to see")


def follow(request: Request, **changed: object) -> str:
    """
    The address of the same list with some parameters changed.
    """
    return str(request.url.include_query_params(**changed).replace(scheme="", netloc=""))


def created(response: Response, path: str) -> None:
    response.headers["Location"] = path


Who: TypeAlias = Annotated[Actor, Depends(actor_of)]
Opened: TypeAlias = Annotated[App, Depends(app_of)]
Doorkeeper: TypeAlias = Annotated[Admission, Depends(admission_of)]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=500, description="how many rows at most", examples=[100])]
After: TypeAlias = Annotated[
    int, Query(ge=0, le=MOST_NUMBER, description="the id of the last row seen; 0: from the start")
]
Number: TypeAlias = Annotated[int, Path(ge=1, le=MOST_NUMBER, description="its id")]
Word: TypeAlias = Annotated[str, Path(max_length=255, description="its name")]

"""
Bundles on the server: which there are. They are written, shown and taken in by jobs.
"""

from datetime import datetime

from fastapi import APIRouter

from tundish.api.asking import Opened, Who
from tundish.api.repeating import Route
from tundish.api.schemas import Page, Shown
from tundish.app.lying import bundles
from tundish.core.people import Power

ROUTER = APIRouter(route_class=Route, tags=["bundles"])


class Bundle(Shown):
    name: str
    size: int
    at: datetime


@ROUTER.get("/bundles")
def list_bundles(app: Opened, actor: Who) -> Page[Bundle]:
    """
    The files in the folder `bundles` of the state, by name.
    """
    actor.must(Power.BUNDLE)
    return Page(
        items=[Bundle(name=each.name, size=each.size, at=each.at) for each in bundles(app)], next=None
    )

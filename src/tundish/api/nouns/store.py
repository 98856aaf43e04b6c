"""
The store: how full it is, and what would go from it. What changes it is a job.
"""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from tundish.api.asking import Opened, Who
from tundish.api.repeating import Route
from tundish.api.schemas import Shown
from tundish.app.holdings import held_json, leaving_json
from tundish.app.orders import GRACE_DAYS, MOST_SECONDS
from tundish.core.people import Power

ROUTER = APIRouter(route_class=Route, tags=["store"])
Grace = Annotated[
    int, Query(ge=0, le=MOST_SECONDS, description="how long what nobody needs stays, in seconds")
]
USUAL = GRACE_DAYS * 86_400


class Held(Shown):
    """
    What is held, on its way and free, in blobs and bytes; `free_bytes` is null where nobody knows.
    """

    blobs: int
    bytes: int
    unfinished: int
    unfinished_bytes: int
    unreferenced: int
    unreferenced_bytes: int
    reclaimable_bytes: int
    reclaimable_later_bytes: int
    free_bytes: int | None


@ROUTER.get("/store")
def get_store(app: Opened, actor: Who, grace: Grace = USUAL) -> Held:
    """
    How full the store is, and what a garbage collection would free. Who may see only some things is not
    answered.
    """
    actor.must(Power.SEE)
    return Held.model_validate(held_json(app, timedelta(seconds=grace)))


@ROUTER.get("/store/leaving")
def get_leaving(app: Opened, actor: Who, grace: Grace = USUAL) -> dict[str, object]:
    """
    What a garbage collection would delete; nothing is. The answer is what `tundish store gc --dry-run --json`
    prints, with the first 10,000 of each list, and in `left_out` how many more there are.
    """
    actor.must(Power.STORE_EDIT)
    return {**leaving_json(app, timedelta(seconds=grace))}

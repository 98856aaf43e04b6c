"""
What happened and what there is to know: events, notices, machines, deployments, the audit, usage.
"""

from datetime import datetime
from itertools import islice
from typing import Annotated, Self

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict

from tundish.api.asking import After, Limit, Number, Opened, Who, Word, follow, must_see
from tundish.api.repeating import Route
from tundish.api.schemas import Deployment, Event, Machine, Notice, Page, Shown, Usage
from tundish.app.deeds import notices as deeds
from tundish.app.deeds import settings
from tundish.app.happening import happened
from tundish.app.noticing import shown
from tundish.app.viewing import CatalogViews
from tundish.core import clock, people
from tundish.core.machine import mac_address
from tundish.core.people import Kind, Power

ROUTER = APIRouter(route_class=Route)
Text = Annotated[str, Query(max_length=255)]
Since = Annotated[AwareDatetime | None, Query(description="nothing from before this moment")]


class Deed(Shown):
    """
    One line of the audit.
    """

    id: int
    at: datetime
    actor: str
    door: str
    address: str
    deed: str
    subject: str
    before: str
    after: str
    outcome: str

    @classmethod
    def of(cls, done: people.Deed) -> Self:
        return cls(
            id=done.id,
            at=done.at,
            actor=done.actor,
            door=done.door,
            address=done.address,
            deed=done.deed,
            subject=done.subject,
            before=done.before,
            after=done.after,
            outcome=done.outcome,
        )


class Settings(Shown):
    """
    What is chosen for the whole state. `sync_every` is in seconds; `commissioning` is os/series, or empty.
    """

    sync_on: bool
    sync_every: int
    sync_window: str
    commissioning: str
    notices_off: list[str]

    @classmethod
    def of(cls, chosen: settings.Chosen) -> Self:
        return cls.model_validate(chosen.public())


class Choice(BaseModel):
    """
    What is to be chosen anew; what is left out or null stays.
    """

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"sync_every": 3600, "sync_window": "22:00-06:00"}]}
    )

    sync_on: bool | None = None
    sync_every: int | None = None
    sync_window: str | None = None
    commissioning: str | None = None
    notices_off: list[str] | None = None


@ROUTER.get("/events", tags=["events"])
def list_events(
    app: Opened,
    actor: Who,
    request: Request,
    *,
    kind: Text = "",
    since: Since = None,
    limit: Limit = 100,
    after: After = 0,
) -> Page[Event]:
    """
    What happened, the newest first: to the sources, images, channels and machines that the asker may see.
    What concerns all of them is for who may see everything.
    """
    if not actor.may_somewhere(Power.SEE):
        actor.must(Power.SEE)
    rows = happened(app.catalog, actor, kind=kind, since=since, before=after, limit=limit)
    more = follow(request, after=rows[-1].id) if len(rows) == limit else None
    return Page(items=[Event.of(row) for row in rows], next=more)


@ROUTER.get("/notices", tags=["notices"])
def list_notices(app: Opened, actor: Who, everything: bool = False) -> Page[Notice]:
    """
    What an operator should know, the worst first; with `everything` also what was put aside.
    """
    actor.must(Power.SEE)
    rows = app.catalog.notices.list()
    seen = rows if everything else shown(rows, clock.now())
    return Page(items=[Notice.of(row) for row in seen], next=None)


@ROUTER.post("/notices/{number}/dismiss", tags=["notices"])
def dismiss_notice(app: Opened, actor: Who, number: Number) -> Notice:
    """
    Put a notice aside for two weeks.
    """
    return Notice.of(deeds.dismiss(app, actor, number))


@ROUTER.get("/machines", tags=["machines"])
def list_machines(
    app: Opened,
    actor: Who,
    limit: Limit = 100,
    after: Annotated[str, Query(max_length=17, description="the MAC address last seen")] = "",
) -> Page[Machine]:
    """
    The machines that asked to boot, by MAC address.
    """
    behind = mac_address(after) if after else ""
    seen = (
        each
        for each in app.catalog.machines.list()
        if each.mac > behind and actor.may(Power.SEE, Kind.MACHINE, each.mac)
    )
    rows = list(islice(seen, limit))
    more = f"/api/v1/machines?limit={limit}&after={rows[-1].mac}" if len(rows) == limit else None
    return Page(items=[Machine.of(row) for row in rows], next=more)


@ROUTER.get("/machines/{mac}", tags=["machines"])
def get_machine(app: Opened, actor: Who, mac: Word) -> Machine:
    """
    One machine.
    """
    known = mac_address(mac)
    must_see(actor, f"machine {mac}", Kind.MACHINE, known)
    return Machine.of(app.catalog.machines.get(known))


@ROUTER.get("/deployments", tags=["deployments"])
def list_deployments(
    app: Opened,
    actor: Who,
    request: Request,
    *,
    mac: Annotated[str, Query(max_length=17, description="only of this machine")] = "",
    limit: Limit = 100,
    after: After = 0,
) -> Page[Deployment]:
    """
    Which machine was given which image, the newest first.
    """
    of = mac_address(mac) if mac else None
    rows = app.catalog.machines.deployments(of, limit=limit, before=after)
    more = follow(request, after=rows[-1].id) if len(rows) == limit else None
    seen = [row for row in rows if actor.may(Power.SEE, Kind.MACHINE, row.mac)]
    return Page(items=[Deployment.of(row) for row in seen], next=more)


@ROUTER.get("/audit", tags=["audit"])
def list_audit(
    app: Opened,
    asker: Who,
    request: Request,
    *,
    actor: Text = "",
    deed: Text = "",
    subject: Text = "",
    since: Since = None,
    limit: Limit = 100,
    after: After = 0,
) -> Page[Deed]:
    """
    Who changed what, the newest first. Nothing is ever taken out of this list.
    """
    asker.must(Power.AUDIT_SEE)
    rows = app.catalog.audit.list(limit, before=after, actor=actor, deed=deed, subject=subject, since=since)
    more = follow(request, after=rows[-1].id) if len(rows) == limit else None
    return Page(items=[Deed.of(row) for row in rows], next=more)


@ROUTER.get("/usage", tags=["store"])
def get_usage(app: Opened, actor: Who) -> Usage:
    """
    What this state holds, in numbers. Who may see only some things is not answered.
    """
    actor.must(Power.SEE)
    return Usage.of(CatalogViews(app.catalog, app.store).usage())


@ROUTER.get("/settings", tags=["settings"])
def get_settings(app: Opened, actor: Who) -> Settings:
    """
    What is chosen for the whole state.
    """
    actor.must(Power.SEE)
    return Settings.of(settings.chosen(app))


@ROUTER.patch("/settings", tags=["settings"])
def change_settings(app: Opened, actor: Who, choice: Choice) -> Settings:
    """
    Choose anew what is named.
    """
    wanted = {name: value for name, value in choice.model_dump().items() if value is not None}
    return Settings.of(settings.change(app, actor, wanted))

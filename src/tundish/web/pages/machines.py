"""
Machines that asked to boot, and what they were given.
"""

from tundish.core.errors import InvalidName, NotFound
from tundish.core.machine import mac_address
from tundish.core.people import Kind, Power
from tundish.web.visit import Answer, Route, Same, Shown, Visit

PER_PAGE = 100
MOST = 1_000


def show(visit: Visit) -> Answer:
    text = visit.query.one("q").casefold()
    seen = [
        each
        for each in visit.app.catalog.machines.list()
        if visit.actor.may(Power.SEE, Kind.MACHINE, each.mac)
        and (not text or text in f"{each.mac} {each.uuid or ''} {each.machine_id or ''}".casefold())
    ]
    page = visit.query.number("page", 1, least=1, most=100_000)
    last = max(1, -(-len(seen) // PER_PAGE))
    page = min(page, last)
    recent = [
        each
        for each in visit.app.catalog.machines.deployments(limit=PER_PAGE)
        if visit.actor.may(Power.SEE, Kind.MACHINE, each.mac)
    ]
    values = {
        "machines": seen[(page - 1) * PER_PAGE : page * PER_PAGE],
        "deployments": recent if page == 1 and not text else [],
        "total": len(seen),
        "page": page,
        "last": last,
        "q": visit.query.one("q"),
    }
    return Shown("machines.html", values, (Same("tundish machine list", "/machines"),))


def one(visit: Visit) -> Answer:
    """
    Raises:
        NotFound: there is none, or none to be seen.
    """
    try:
        mac = mac_address(visit.place["mac"])
    except InvalidName:
        raise NotFound(f"there is no machine {visit.place['mac'][:40]!r}") from None
    if not visit.actor.may(Power.SEE, Kind.MACHINE, mac):
        raise NotFound(f"there is no machine {mac}, or it is not yours to see")
    found = visit.app.catalog.machines.get(mac)
    given = [each for each in visit.app.catalog.machines.deployments(limit=MOST) if each.mac == mac]
    same = Same(f"tundish machine show {mac}", f"/machines/{mac}")
    return Shown("machine.html", {"machine": found, "deployments": given}, (same,))


ROUTES = (Route("/machines", show), Route("/machines/{mac}", one))

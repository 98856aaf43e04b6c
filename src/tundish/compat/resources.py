"""
`boot-resources/`: the images; and the sync that brings them, which answers at once and is asked about.
"""

from contextlib import suppress

from tundish.app.deeds import images, jobs, syncs, uploads
from tundish.compat import answers, inventory
from tundish.compat.answers import Answer
from tundish.compat.call import Call
from tundish.compat.inventory import KIND, MODEL, TYPES, Resource
from tundish.core.errors import Conflict, NotFound
from tundish.core.people import Power

BEGUN = "Import of boot resources started"
STOPPED = "Import of boot resources is being stopped"


def read_all(call: Call) -> Answer:
    asked = call.query.text("type") or "all"
    if asked not in TYPES:
        return answers.said(
            400, f"'{asked[:40]}' is not a valid type. Available types: ['synced', 'uploaded']"
        )
    found = inventory.resources(call.app, call.actor, TYPES[asked], bare=True)
    numbers = inventory.numbered(call.app, found)
    deployed = inventory.deployed(call.app)
    return answers.json([inventory.listed(numbers[each.identity.key], each, deployed) for each in found])


def read(call: Call) -> Answer:
    number, resource = found(call)
    return answers.json(inventory.detailed(call.app, number, resource, inventory.deployed(call.app)))


def delete(call: Call) -> Answer:
    """
    Retire every version; one that is tied is not, and the answer says by what.
    """
    _, resource = found(call)
    for upload in resource.uploads:
        with suppress(Conflict):
            uploads.cancel(call.app, call.actor, upload.id)
    for holding in resource.holdings:
        images.delete(call.app, call.actor, holding.ref)
    return answers.gone()


def found(call: Call) -> tuple[int, Resource]:
    """
    The resource that the path numbers.

    Raises:
        NotFound: there is none, or the actor may not see it.
    """
    number = call.named("id")
    lost = NotFound(f"No {MODEL} matches the given query.")
    try:
        key = call.app.catalog.numbers.key(KIND, number)
    except NotFound:
        raise lost from None
    resource = inventory.resource(call.app, call.actor, key)
    if resource is None:
        raise lost
    return number, resource


def start_import(call: Call) -> Answer:
    call.actor.must(Power.SYNC)
    syncs.begin(call.app, call.actor)
    return answers.said(200, BEGUN)


def stop_import(call: Call) -> Answer:
    call.actor.must(Power.SYNC)
    for job in call.app.catalog.jobs.active():
        if job.kind == "sync":
            with suppress(Conflict):
                jobs.stop(call.app, call.actor, job.id)
    return answers.said(200, STOPPED)


def is_importing(call: Call) -> Answer:
    """
    Whether a sync of any kind runs or waits.
    """
    return answers.json(any(job.kind == "sync" for job in call.app.catalog.jobs.active()))

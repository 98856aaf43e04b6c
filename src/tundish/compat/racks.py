"""
`rack-controllers/` and `version/`: there are no racks here, the server itself is what boots machines.
"""

from tundish.compat import answers, inventory
from tundish.compat.answers import Answer
from tundish.compat.call import Call
from tundish.core.image import Json
from tundish.core.lifecycle import State

VERSION: Json = {
    "capabilities": [
        "networks-management",
        "static-ipaddresses",
        "ipv6-deployment-ubuntu",
        "devices-management",
        "storage-deployment-ubuntu",
        "network-deployment-ubuntu",
        "bridging-interface-ubuntu",
        "bridging-automatic-ubuntu",
        "authenticate-api",
    ],
    "subversion": "",
    "version": "3.8.0",
}


def version(_: Call) -> Answer:
    return answers.json(VERSION)


def import_boot_images(_: Call) -> Answer:
    return answers.said(202, "Accepted")


def list_boot_images(call: Call) -> Answer:
    """
    What machines can boot: every architecture that has a complete version.
    """
    images: list[Json] = []
    for each in inventory.resources(call.app, call.actor):
        complete = [held for held in each.holdings if held.state is State.COMPLETE]
        if complete:
            arch, _, subarch = each.identity.architecture.partition("/")
            listed = str(complete[-1].product.extra.get("subarches", "")) or subarch
            shown: list[Json] = list(filter(None, listed.split(",")))
            images.append({"name": each.identity.name, "architecture": arch, "subarches": shown})
    running = any(job.kind == "sync" for job in call.app.catalog.jobs.active())
    status = "syncing" if running else "synced"
    return answers.json({"images": images, "connected": True, "status": status})

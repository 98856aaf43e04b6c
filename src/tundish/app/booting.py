"""
What machines are told, answered from the catalog: the file door asks through `boot.machines.Boots`.
"""

import secrets

from tundish.catalog.opened import Catalog
from tundish.core import clock
from tundish.core.holding import Holding
from tundish.core.image import Item
from tundish.core.machine import Asker, BootScript, Deployment, Report


class CatalogBoots:
    """
    Every machine boots the newest complete image of its architecture that has kernel, initrd and squashfs.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def script_for(self, asker: Asker) -> BootScript | None:
        at = clock.now()
        self._catalog.machines.asked(asker, at)
        holding = self._catalog.images.newest_bootable(asker.arch)
        if holding is None:
            self._catalog.events.add("boot-refused", asker.mac, "no complete bootable image is held", at)
            return None
        script = _script(holding, token=secrets.token_hex(16))
        self._catalog.machines.begin(
            script.token, asker.mac, image=script.image, version=script.version, root=script.root, at=at
        )
        return script

    def reported(self, report: Report) -> Deployment:
        at = clock.now()
        deployment = self._catalog.machines.report(report, at)
        text = f"runs {deployment.image} {deployment.version}"
        self._catalog.events.add("deployed", deployment.mac, text, at)
        return deployment


def _script(holding: Holding, token: str) -> BootScript:
    kernel, initrd, root = (_item(holding, ftype) for ftype in ("boot-kernel", "boot-initrd", "squashfs"))
    product = holding.product
    return BootScript(
        image=product.ref,
        version=holding.version.name,
        kernel=kernel.digest,
        initrd=initrd.digest,
        root=root.digest,
        token=token,
        label=product.label,
    )


def _item(holding: Holding, ftype: str) -> Item:
    item = holding.version.item(ftype)
    if item is None:
        raise LookupError(f"{holding.ref} has no {ftype}, although it is bootable")
    return item

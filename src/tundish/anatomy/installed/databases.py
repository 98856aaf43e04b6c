"""
The packages of an image, of whichever system it has.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tundish.anatomy.facts import Family, Installed
from tundish.anatomy.index import Index
from tundish.anatomy.installed import apk, dpkg, rpm
from tundish.core.errors import BadImage

_READERS: Mapping[str, Callable[[Index], tuple[Installed, ...]]] = {
    "dpkg": dpkg.read,
    "rpm": rpm.read,
    "apk": apk.read,
}
_OWN = {Family.DEBIAN: "dpkg", Family.ALPINE: "apk"}  # rpm elsewhere


@dataclass(frozen=True, slots=True)
class Database:
    """
    `system` is empty where there is none or more than one; `packages` are then those of the family's own.
    """

    system: str = ""
    packages: tuple[Installed, ...] = ()
    fault: str = ""


def read(index: Index, family: Family) -> Database:
    """
    What is installed. A database that cannot be read is told as a fault.
    """
    found: dict[str, tuple[Installed, ...]] = {}
    faults: list[str] = []
    for system, reader in _READERS.items():
        try:
            found[system] = reader(index)
        except BadImage as error:
            faults.append(str(error))
    holding = {system: packages for system, packages in found.items() if packages}
    system = next(iter(holding), "") if len(holding) == 1 else ""
    own = system or _OWN.get(family, "rpm")
    return Database(system, holding.get(own, ()), "; ".join(faults))

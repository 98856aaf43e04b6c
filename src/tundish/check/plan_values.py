"""
The deploy plan as a value: steps, packages, firmware, and where it fails first.
"""

from dataclasses import dataclass
from enum import StrEnum


class Where(StrEnum):
    """
    On which system a step happens.
    """

    MAAS = "MAAS"
    EPHEMERAL = "in the ephemeral system"
    TARGET = "in the target"
    FIRMWARE = "firmware"
    MACHINE = "on the machine"


class State(StrEnum):
    OK = "ok"
    WARNS = "warns"
    UNKNOWN = "unknown"
    FAILS = "fails"


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A step before it is known how it ends; `rules` are those that decide it.
    """

    stage: str
    where: Where
    what: str
    command: str = ""
    rules: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """
    `rules` are those that give it its state, `problems` what they found.
    """

    stage: str
    where: Where
    what: str
    state: State
    command: str = ""
    rules: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Needed:
    """
    A package that the installer wants for a firmware or for a kernel; what is not present it fetches.
    """

    name: str
    purpose: str  # uefi, bios, kernel
    present: bool


@dataclass(frozen=True, slots=True)
class DeployPlan:
    """
    `fails_at` is the place of the first failing step, None if there is none. `minimum_disk` is in bytes.
    """

    steps: tuple[Step, ...]
    fails_at: int | None
    packages: tuple[Needed, ...]
    firmware: tuple[str, ...]
    default_user: str
    minimum_disk: int

    @property
    def from_network(self) -> tuple[str, ...]:
        """
        The packages without which a deployment needs a network.
        """
        return tuple(dict.fromkeys(one.name for one in self.packages if not one.present))

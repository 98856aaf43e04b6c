"""
Who asks to boot, and what it is told.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from tundish.core.digest import Digest
from tundish.core.errors import InvalidName

_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MACHINE_ID = re.compile(r"[0-9a-f]{32}")


def mac_address(value: object) -> str:
    """
    A MAC address as lower-case pairs joined by colons; dashes are accepted.
    """
    text = str(value).strip().lower().replace("-", ":")
    if not _MAC.fullmatch(text):
        raise InvalidName("MAC address", value, "six pairs of hexadecimal digits, as in 52:54:00:12:34:56")
    return text


def hardware_uuid(value: object) -> str:
    text = str(value).strip().lower()
    if not _UUID.fullmatch(text):
        raise InvalidName("hardware UUID", value)
    return text


def machine_id(value: object) -> str:
    """
    What systemd calls a machine id: 32 hexadecimal digits.
    """
    text = str(value).strip().lower()
    if not _MACHINE_ID.fullmatch(text):
        raise InvalidName("machine id", value)
    return text


@dataclass(frozen=True, slots=True)
class Asker:
    """
    What a booting machine says of itself.
    """

    mac: str
    uuid: str | None = None
    arch: str | None = None  # as images name it; None: not said


@dataclass(frozen=True, slots=True)
class BootScript:
    """
    What a machine is told: which blobs to load and what to say on the kernel's command line.

    URLs are made by the file door, which knows how the machine reached it.
    """

    image: str  # os/series/arch, and the kernel where there is one
    version: str
    kernel: Digest
    initrd: Digest
    root: Digest
    token: str  # names this boot in the report
    label: str = "stable"  # of the stream the image came from


@dataclass(frozen=True, slots=True)
class Report:
    """
    What a machine says once its userspace runs. Everything in it is the machine's word.
    """

    token: str
    machine_id: str
    version: str
    root: Digest


@dataclass(frozen=True, slots=True)
class Machine:
    mac: str
    uuid: str | None
    machine_id: str | None
    first_seen: datetime
    last_seen: datetime
    deployments: int


@dataclass(frozen=True, slots=True)
class Deployment:
    """
    One boot of one image on one machine; `reported_at` is None until its userspace called back.
    """

    mac: str
    image: str
    version: str
    root: Digest
    started_at: datetime
    reported_at: datetime | None
    id: int = 0  # its place in the catalog, rising; 0 before it has one

"""
The machine that measured, as far as it matters for the figures.
"""

import os
import platform
import re
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.server import nginx_version


@dataclass(frozen=True, slots=True)
class Machine:
    cpu: str
    cores: int
    memory_gib: float
    system: str
    kernel: str
    disk: str  # file system and device of the folder that was measured in
    python: str
    nginx: str
    curl: str
    reference: str
    tundish: str

    def lines(self) -> list[str]:
        return [
            f"CPU: {self.cpu}, {self.cores} cores usable",
            f"Memory: {self.memory_gib:.0f} GiB",
            f"System: {self.system}, Linux {self.kernel}",
            f"Disk: {self.disk}",
            f"Python {self.python}, nginx {self.nginx}, curl {self.curl}",
            f"python-simplestreams {self.reference}, tundish {self.tundish}",
        ]


def describe(folder: Path) -> Machine:
    return Machine(
        cpu=_found(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text()) or platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3,
        system=platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        kernel=platform.release(),
        disk=_disk(folder),
        python=platform.python_version(),
        nginx=".".join(map(str, nginx_version())),
        curl=_found(r"curl (\S+)", _said("curl", "--version")),
        reference=version("python-simplestreams"),
        tundish=version("tundish"),
    )


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found.group(1) if found else ""


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout


def _disk(folder: Path) -> str:
    device = folder.stat().st_dev
    numbers = f"{os.major(device)}:{os.minor(device)}"
    pattern = rf"(?m)^\d+ \d+ {numbers} .* - (\S+ \S+) "
    return _found(pattern, Path("/proc/self/mountinfo").read_text()) or "unknown"

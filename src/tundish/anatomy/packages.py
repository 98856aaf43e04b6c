"""
What dpkg says is installed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Package:
    name: str
    version: str


def installed(status: str) -> tuple[Package, ...]:
    """
    The packages that dpkg's status file calls installed, sorted by name.
    """
    return tuple(sorted(package for package, state in _stanzas(status) if state.endswith(" installed")))


def manifest(packages: Sequence[Package]) -> bytes:
    """
    One line `name<TAB>version` per package.
    """
    return "".join(f"{package.name}\t{package.version}\n" for package in packages).encode()


def _stanzas(status: str) -> Iterator[tuple[Package, str]]:
    for stanza in status.split("\n\n"):
        pairs = (line.partition(":") for line in stanza.splitlines() if not line.startswith(" "))
        fields = {key: value.strip() for key, _, value in pairs}
        if "Package" in fields and "Version" in fields:
            yield Package(fields["Package"], fields["Version"]), fields.get("Status", "")

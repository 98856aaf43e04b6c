"""
What a bill of materials tells of an image, whichever form it is written in.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from tundish.anatomy.facts import Installed, Os
from tundish.anatomy.index import Index
from tundish.core.digest import Digest

LATEST = 253_402_300_799  # the last second of the year 9999


@dataclass(frozen=True, slots=True)
class Described:
    """
    `moment` is when the document counts as made, in seconds since 1970; `system` as in Facts.
    """

    name: str
    os: Os
    system: str
    packages: tuple[Installed, ...]
    digest: Digest | None = None
    moment: int = 0
    tool: str = ""  # the version of tundish

    @property
    def created(self) -> str:
        moment = datetime.fromtimestamp(max(0, min(self.moment, LATEST)), tz=UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def version(self) -> str:
        return self.os.version_id or self.os.codename

    def number(self, form: str) -> UUID:
        """
        The number of the document: of the same content always the same, of another form another.
        """
        text = "\n".join((form, self.name, self.created, str(self.digest), *map(repr, told(self.packages))))
        return UUID(bytes=sha256(text.encode("utf-8", "replace")).digest()[:16], version=5)


def latest(index: Index) -> int:
    """
    When an image was changed last, by the newest of its files.
    """
    return max((entry.mtime for entry in index), default=0)


def told(packages: Iterable[Installed]) -> tuple[Installed, ...]:
    """
    Packages in the order of their names, no two alike, without signs that no document can carry.
    """
    return tuple(sorted({_printable(package) for package in packages}))


def _printable(package: Installed) -> Installed:
    texts = (package.name, package.version, package.arch, package.source, package.licence, package.vendor)
    if all(text.isprintable() for text in texts):
        return package
    name, version, arch, source, licence, vendor = ("".join(filter(str.isprintable, text)) for text in texts)
    return replace(
        package, name=name, version=version, arch=arch, source=source, licence=licence, vendor=vendor
    )

"""
What can be said of an image without judging it: its facts, what takes its space, and what it is made of.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from tundish import __version__
from tundish.anatomy import packages
from tundish.anatomy.disk.disk import target_of
from tundish.anatomy.facts import Facts
from tundish.anatomy.image import Image
from tundish.anatomy.index import Entry, Index
from tundish.anatomy.inspect import facts_of
from tundish.anatomy.sbom import cyclonedx, spdx
from tundish.anatomy.sbom.described import Described, latest
from tundish.anatomy.sbom.licences import with_licences
from tundish.anatomy.system.sizes import Weight, biggest
from tundish.core.errors import BadImage, NotFound


class Form(StrEnum):
    """
    How a bill of materials is written.
    """

    CYCLONEDX = "cyclonedx"
    SPDX = "spdx"


_WRITERS: dict[Form, Callable[[Described], bytes]] = {
    Form.CYCLONEDX: cyclonedx.document,
    Form.SPDX: spdx.document,
}


@dataclass(frozen=True, slots=True)
class Inspected:
    image: Image
    facts: Facts
    biggest: tuple[Weight, ...]


def facts_within(image: Image, arch: str = "") -> Facts:
    """
    The facts of an image, of whichever form it is; `arch` holds where nothing in it tells the architecture.

    Raises:
        BadImage: it is damaged where it has to be read.
    """
    target = target_of(image.disk) if image.disk else None
    return facts_of(_root(image), image.disk, target.mounted if target else None, arch)


def inspected(image: Image) -> Inspected:
    """
    Everything that `tundish image inspect` shows.

    Raises:
        BadImage: it is damaged where it has to be read.
    """
    return Inspected(image, facts_within(image), biggest(_root(image)))


def bill(image: Image, form: Form, name: str = "", moment: int | None = None) -> bytes:
    """
    The bill of materials. It counts as made at `moment`, or when the image was changed last.

    Raises:
        NotFound: no package database is there.
        BadImage: it is there, and cannot be read.
    """
    facts, root = _with_packages(image), _root(image)
    described = Described(
        name or image.name,
        facts.os,
        facts.package_system,
        with_licences(root, facts.packages),
        image.wrapping.sha256,
        latest(root) if moment is None else moment,
        __version__,
    )
    return _WRITERS[form](described)


def manifest(image: Image) -> bytes:
    """
    One line `package<TAB>version` for each package, as streams have it.

    Raises:
        NotFound: no package database is there.
        BadImage: it is there, and cannot be read.
    """
    listed = (packages.Package(one.name, one.version) for one in _with_packages(image).packages)
    return packages.manifest(sorted(listed))


def _with_packages(image: Image) -> Facts:
    facts = facts_within(image)
    if facts.packages_fault:
        raise BadImage(f"{image.name}: {facts.packages_fault}")
    if not facts.packages:
        raise NotFound(
            f"{image.name} has no package database of dpkg, rpm or apk; see what it is: "
            f"tundish image inspect {image.name}"
        )
    return facts


def _root(image: Image) -> Index:
    return Index(image.name, [], _Nothing()) if image.root is None else image.root


class _Nothing:
    """
    The contents of a root with no files.
    """

    def stream(self, entry: Entry) -> Iterator[bytes]:
        raise NotFound(f"there is no file {entry.path}")

"""
The facts of an image: everything that its tree tells of the system inside, by asking each part for its own.

Whatever stands in the image, facts come back, or `BadImage` where its bytes cannot be read.
"""

from tundish.anatomy.facts import Facts
from tundish.anatomy.image import Disk
from tundish.anatomy.index import Index
from tundish.anatomy.installed import databases
from tundish.anatomy.system import (
    accounts,
    architecture,
    cloud_init,
    firmware,
    hooks,
    kernels,
    listening,
    loaders,
    os_release,
    sizes,
    units,
)
from tundish.core.errors import BadImage, NotFound

MAX_HOSTNAME = 64 * 1024


def facts_of(index: Index, disk: Disk | None = None, target: Index | None = None, arch: str = "") -> Facts:
    """
    What a root tells of its system. `disk` is where it was found, if on one; `target` is the filesystem that
    the installer would look into for hooks, if it is not the root; `arch` is what holds where nothing in the
    image tells the architecture.

    Raises:
        BadImage: a file that has to be read is damaged, or far longer than such a file is.
    """
    try:
        return _facts(index, disk, index if target is None else target, arch)
    except NotFound as error:  # a further name of a file whose first name is not there
        raise BadImage(f"{index.origin} is damaged: {error}") from error


def _facts(index: Index, disk: Disk | None, target: Index, arch: str) -> Facts:
    os = os_release.read(index)
    family = os_release.family_of(os, index, disk)
    database = databases.read(index, family)
    found, wanted = loaders.read(index, disk), units.read(index)
    services = tuple(dict.fromkeys(one.unit for one in wanted))
    return Facts(
        family=family,
        os=os,
        arch=architecture.arch_of(index, database.packages, found) or arch,
        package_system=database.system,
        packages=database.packages,
        packages_fault=database.fault,
        kernels=kernels.read(index),
        loaders=found,
        cloud_init=cloud_init.read(index, database.packages, wanted),
        users=accounts.read(index),
        services=services,
        listening=listening.read(index, services),
        hooks=hooks.read(target),
        firmware=firmware.read(index, disk, found, database.packages),
        hostname=_hostname(index),
        minimum_disk=sizes.minimum_disk(index, disk),
    )


def _hostname(index: Index) -> str:
    text = index.text("etc/hostname", MAX_HOSTNAME) or ""
    names = (line.strip() for line in text.splitlines())
    return next((name for name in names if name and not name.startswith("#")), "")

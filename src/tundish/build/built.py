"""
What a build left in the store, as a value.
"""

from dataclasses import dataclass

from tundish.anatomy.packages import Package
from tundish.store.blobs import Blob


@dataclass(frozen=True, slots=True)
class Step:
    """
    One step of a build and the seconds it took.
    """

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Built:
    """
    What a build left in the store.
    """

    recipe: str  # content id of the recipe
    release: str  # of the kernel, as `uname -r` says it
    kernel_package: Package
    packages: tuple[Package, ...]
    kernel: Blob
    initrd: Blob
    squashfs: Blob
    root_tgz: Blob
    manifest: Blob
    steps: tuple[Step, ...]

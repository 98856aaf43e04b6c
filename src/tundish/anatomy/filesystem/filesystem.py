"""
What every reader of a filesystem answers. Each kind is one module here with a function `read`.
"""

from dataclasses import dataclass

from tundish.anatomy.image import Form
from tundish.anatomy.index import Index


@dataclass(frozen=True, slots=True)
class Filesystem:
    """
    `default` is the folder that a mount shows as the root where no other is asked for: a subvolume of btrfs.
    `state` is "clean", or says why an installer could not mount it. `features` have the names that the
    filesystem's own tools use. `index` is None where nothing can be listed; `why` then says so.
    """

    form: Form
    size: int  # bytes, as its superblock says
    label: str = ""
    uuid: str = ""
    state: str = "clean"
    features: tuple[str, ...] = ()
    used: int = 0
    free_zeroed: float | None = None  # share of sampled free blocks that hold only zeros
    index: Index | None = None
    why: str = ""
    default: str = ""

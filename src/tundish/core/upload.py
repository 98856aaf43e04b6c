"""
An image of our own on its way in: what was asked for, how many bytes have come, and what became of it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tundish.core.digest import Digest
from tundish.core.holding import HoldingId

ABANDONED = timedelta(days=1)  # after so long without a byte, an upload counts as given up
MOST_BYTES = 64 * 1024**3  # of one upload


class UploadState(StrEnum):
    ARRIVING = "arriving"
    CHECKING = "checking"  # all bytes are held; what is in them is being looked at
    COMPLETE = "complete"
    REFUSED = "refused"  # wrong bytes, or of another type; nothing is kept
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What somebody brings. Empty is what nobody said; made by `intake.naming.asked`, which judges it.

    `base_said` is false where `base_image` is the default that stands in. `keep_old` is false where a new
    version replaces the older ones.
    """

    os: str
    series: str
    arch: str
    subarch: str = "generic"
    title: str = ""
    filetype: str = ""  # empty: taken from the bytes
    base_image: str = ""
    base_said: bool = False
    label: str = "uploaded"
    firmware: str = ""  # bios, uefi, both; empty: taken from the bytes
    default_user: str = ""
    min_disk: int = 0  # bytes; 0: taken from the bytes, if they tell
    keep_old: bool = True

    @property
    def name(self) -> str:
        return f"{self.os}/{self.series}"

    @property
    def ref(self) -> str:
        """
        How people name the image: os/series/arch/kernel.
        """
        return f"{self.name}/{self.arch}/{self.subarch}"


@dataclass(frozen=True, slots=True)
class Upload:
    """
    `size` and `sha256` are what was promised; None: known once all has come. `came` bytes are durable.
    """

    id: int
    asked: Asked
    size: int | None
    sha256: Digest | None
    came: int
    state: UploadState
    error: str
    holding: HoldingId | None
    made_at: datetime
    touched_at: datetime
    actor: str

    @property
    def part(self) -> Digest:
        """
        The name under which the store keeps its bytes until they have one of their own.
        """
        return part_name(self.id, self.made_at)

    @property
    def is_over(self) -> bool:
        return self.state is not UploadState.ARRIVING


def part_name(number: int, made_at: datetime) -> Digest:
    """
    A name that no other upload has, nor any blob.
    """
    return Digest.of(f"upload {number} of {made_at.isoformat()}".encode())

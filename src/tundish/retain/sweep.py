"""
Delete from the store what was decided.

What is gone already, or being written by somebody, is passed over: the next sweep comes to it.
"""

from contextlib import suppress

from tundish.core.errors import Busy
from tundish.retain.policy import Sweep
from tundish.store.blobs import BlobJanitor


def carry_out(sweep: Sweep, store: BlobJanitor) -> None:
    """
    Delete the blobs and drop the parts.

    Raises:
        StorageError: the disk refuses; what is deleted by then is deleted.
    """
    for blob in sweep.blobs:
        store.remove(blob.digest)
    for part in sweep.parts:
        with suppress(Busy):
            store.discard(part.digest)

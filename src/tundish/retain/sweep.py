"""
Delete from the store what was decided.

What is gone already, or being written by somebody, is passed over: the next sweep comes to it.
"""

from contextlib import suppress

from tundish.core.errors import Busy
from tundish.core.progress import UNWATCHED, Gauge
from tundish.retain.policy import Sweep
from tundish.store.blobs import BlobJanitor


def carry_out(sweep: Sweep, store: BlobJanitor, gauge: Gauge = UNWATCHED) -> None:
    """
    Delete the blobs and drop the parts.

    Raises:
        Stopped: `gauge` wants it to end; what is deleted by then is deleted.
        StorageError: the disk refuses; what is deleted by then is deleted.
    """
    gauge.more(len(sweep.blobs) + len(sweep.parts), sweep.size)
    for blob in sweep.blobs:
        store.remove(blob.digest)
        gauge.passed(blob.size)
    for part in sweep.parts:
        with suppress(Busy):
            store.discard(part.digest)
        gauge.passed(part.size)

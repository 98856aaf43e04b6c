"""
Uploads: those that go on keep their bytes, those that nobody goes on with lose them.
"""

from contextlib import suppress
from datetime import datetime

from tundish.catalog.uploads import Uploads
from tundish.core.digest import Digest
from tundish.core.errors import Busy, Conflict
from tundish.core.upload import ABANDONED, UploadState
from tundish.store.blobs import BlobJanitor


def coming(uploads: Uploads, now: datetime) -> frozenset[Digest]:
    """
    The names under which the store keeps what uploads that go on have brought.
    """
    return frozenset(one.part for one in uploads.arriving() if now - one.touched_at < ABANDONED)


def give_up(uploads: Uploads, store: BlobJanitor, now: datetime) -> int:
    """
    Drop what came of abandoned uploads, and note that they have expired; the answer is how many there were.
    """
    count = 0
    for one in uploads.arriving():
        if now - one.touched_at >= ABANDONED:
            with suppress(Busy, Conflict):  # somebody goes on with it at this moment
                store.discard(one.part)
                uploads.end(one.id, UploadState.EXPIRED, "nothing came for a day", now)
                count += 1
    return count

"""
Where the bytes of a digest are, remembered for a while.

The store is asked on a thread, because it may wait. A path once known is opened right away: that takes
microseconds where a change of threads takes most of a millisecond, and a blob never changes under its name.
"""

import asyncio
import os
from collections import OrderedDict
from io import FileIO
from pathlib import Path

from tundish.boot.machines import Bytes
from tundish.boot.sending import open_file
from tundish.core.digest import Digest
from tundish.core.errors import NotFound

MOST = 1024  # paths


class Finder:
    """
    Opens blobs for sending.
    """

    def __init__(self, blobs: Bytes) -> None:
        self._blobs = blobs
        self._known: OrderedDict[Digest, Path] = OrderedDict()

    async def open(self, digest: Digest) -> tuple[FileIO, os.stat_result]:
        """
        The open file that holds the bytes. The caller closes it.

        Raises:
            BlobMissing: the store does not hold it.
            NotFound: the store has it, but not as a file of this machine.
            StorageError: it cannot be read.
        """
        return self.known(digest) or await self._asked(digest)

    def known(self, digest: Digest) -> tuple[FileIO, os.stat_result] | None:
        """
        The same at once, if it is known where the bytes are.

        Raises:
            StorageError: it cannot be read.
        """
        path = self._known.get(digest)
        if path is None:
            return None
        self._known.move_to_end(digest)
        try:
            return open_file(path)
        except NotFound:  # removed since; the store has the last word
            self._known.pop(digest, None)
            return None

    async def _asked(self, digest: Digest) -> tuple[FileIO, os.stat_result]:
        path = await asyncio.to_thread(self._blobs.local_path, digest)
        if path is None:
            raise NotFound(f"the store keeps {digest} elsewhere, not in a file that this door can send")
        opened = open_file(path)
        self._known[digest] = path
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return opened

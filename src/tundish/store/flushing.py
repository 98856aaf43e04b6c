"""
Bringing a long file to the disk while more of it comes, so that little is left for the sync at its end.

A sync that failed counts for the whole file: after it nobody knows which bytes are on the disk.
"""

from concurrent.futures import Future, ThreadPoolExecutor

from tundish.store.durable import Sync

STEP = 128 * 1024 * 1024  # bytes between two syncs


class Flushing:
    """
    Used from one thread; it syncs on another one.
    """

    def __init__(self, handle: int, sync: Sync) -> None:
        self._handle, self._sync, self._written = handle, sync, 0
        self._thread: ThreadPoolExecutor | None = None
        self._running: Future[None] | None = None

    def wrote(self, count: int) -> None:
        """
        So many more bytes were written: perhaps it is time for a sync, which is not waited for.

        Raises:
            OSError: an earlier one failed.
        """
        self._written += count
        if self._written < STEP or (self._running is not None and not self._running.done()):
            return
        self.wait()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="flush")
        self._running, self._written = self._thread.submit(self._sync, self._handle), 0

    def wait(self) -> None:
        """
        Wait for the sync under way, if any.

        Raises:
            OSError: it failed.
        """
        running, self._running = self._running, None
        if running is not None:
            running.result()

    def ended_well(self) -> bool:
        """
        Wait for the sync under way, if any; the answer is whether it did not fail.
        """
        try:
            self.wait()
        except OSError:
            return False
        return True

    def close(self) -> None:
        """
        Let go of the thread, once it is done.
        """
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

"""
Syncing a long file while it is written: when, on which thread, and what a failure does.
"""

import threading

import pytest

from tundish.store.flushing import STEP, Flushing

HANDLE = 77  # never used as one
LATE = 10.0  # s


class Disk:
    """
    A sync that can be held up and can fail.
    """

    def __init__(self, error: OSError | None = None) -> None:
        self.error, self.handles = error, list[int]()
        self.go = threading.Event()
        self.go.set()

    def sync(self, handle: int) -> None:
        assert self.go.wait(LATE)
        self.handles.append(handle)
        if self.error:
            raise self.error


def test_short_files_are_left_alone() -> None:
    """
    Below one step nothing is synced, and no thread is begun.
    """
    disk, before = Disk(), threading.active_count()
    flushing = Flushing(HANDLE, disk.sync)
    flushing.wrote(STEP - 1)
    flushing.wait()

    assert ([], before) == (disk.handles, threading.active_count())


def test_every_step_is_synced() -> None:
    """
    A file of three steps is synced three times if the disk keeps up.
    """
    disk = Disk()
    flushing = Flushing(HANDLE, disk.sync)
    for _ in range(6):
        flushing.wrote(STEP // 2)
        flushing.wait()
    flushing.close()

    assert [HANDLE] * 3 == disk.handles


def test_a_slow_disk_is_not_waited_for() -> None:
    """
    While one sync is under way the writer goes on, and no second one is begun.
    """
    disk = Disk()
    disk.go.clear()
    flushing = Flushing(HANDLE, disk.sync)
    for _ in range(5):
        flushing.wrote(STEP)
    disk.go.set()
    flushing.close()

    assert [HANDLE] == disk.handles


def test_a_failed_sync_is_told_at_the_next_step() -> None:
    """
    The writer of a file that cannot be kept need not write it to its end.
    """
    flushing = Flushing(HANDLE, Disk(OSError(5, "no")).sync)
    flushing.wrote(STEP)
    flushing.close()  # so that the sync has ended

    with pytest.raises(OSError, match="no"):
        flushing.wrote(STEP)


def test_a_failed_sync_is_told_before_the_last_one() -> None:
    """
    Waiting raises what went wrong, so a file is not given its name on the word of a later sync alone.
    """
    flushing = Flushing(HANDLE, Disk(OSError(5, "no")).sync)
    flushing.wrote(STEP)

    with pytest.raises(OSError, match="no"):
        flushing.wait()
    flushing.close()


@pytest.mark.parametrize("error", [None, OSError(5, "no")])
def test_how_the_last_sync_ended_can_be_asked(error: OSError | None) -> None:
    """
    Who gives up a file half way asks, rather than have an error raised over the one it has.
    """
    flushing = Flushing(HANDLE, Disk(error).sync)
    flushing.wrote(STEP)
    ended_well = flushing.ended_well()
    flushing.close()

    assert (error is None) == ended_well

"""
How many files are under way at once: so many, or up to twice as many while they are small.

Of a small file most of the time goes into waiting for the answer, not into its bytes. A file leaves when its
bytes are here: while the disk makes it last, the network has room for the next one.
"""

import threading
from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from tundish.fetch.brake import Stoppable

SMALL = 128 * 1024  # bytes; in the 50 ms that a far server takes to answer, it could send about as much


class Sized(Protocol):
    @property
    def size(self) -> int: ...


S = TypeVar("S", bound=Sized)


class Gate(Generic[S]):
    """
    Room for so many files; a small one takes half a place. Whoever is let in has to leave.
    """

    def __init__(self, files: int, stop: Stoppable) -> None:
        self.lanes = 2 * files  # how many can be inside at most
        self._room, self._stop = self.lanes, stop
        self._changed = threading.Condition()

    def admitted(self, files: Iterable[S]) -> Iterator[S]:
        """
        The files in order, each as soon as there is room for it, or at once when all is to end.
        """
        for file in files:
            places = _places(file)
            with self._changed:
                while self._room < places and not self._stop.is_set():
                    self._changed.wait()
                self._room -= places
            yield file

    def leave(self, file: S) -> None:
        with self._changed:
            self._room += _places(file)
            self._changed.notify()  # one at most waits: who takes the next file


def _places(file: Sized) -> int:
    return 1 if file.size <= SMALL else 2

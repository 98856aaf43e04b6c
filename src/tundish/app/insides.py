"""
Looking into held images for somebody who waits for the answer: few at once, and none for too long.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from tundish.anatomy.image import Image
from tundish.anatomy.readable import Readable
from tundish.app.looking import look_at
from tundish.app.watched import Watched
from tundish.core import clock
from tundish.core.errors import Busy, Conflict, Stopped
from tundish.core.holding import Holding
from tundish.store.blobs import BlobSource

AT_ONCE = 2  # readers; each takes a processor
LONGEST = 240.0  # seconds; who asks from afar waits 300
_LANES = BoundedSemaphore(AT_ONCE)


@contextmanager
def reader(seconds: float = LONGEST) -> Iterator["Reader"]:
    """
    What looks into images, while there is room for one more.

    Raises:
        Busy: there is none.
        Conflict: it takes too long.
    """
    if not _LANES.acquire(blocking=False):
        raise Busy(f"{AT_ONCE} images are being looked into already; ask again in a while")
    try:
        yield Reader(clock.monotonic() + seconds)
    except Stopped as error:
        raise Conflict(
            f"reading it takes more than {seconds:.0f} seconds; run it on the server itself, which waits "
            "longer, or download the image and look into the file"
        ) from error
    finally:
        _LANES.release()


class Reader:
    """
    Reads until its time is over.
    """

    def __init__(self, until: float) -> None:
        self._until = until

    @contextmanager
    def look(self, holding: Holding, blobs: BlobSource) -> Iterator[Image]:
        """
        An image of the catalog, open.

        Raises:
            NotFound, BadImage: as `looking.look_at`.
            Stopped: the time is over.
        """
        with look_at(holding, blobs, watched=self._watched) as image:
            yield image

    def _watched(self, readable: Readable) -> Readable:
        return Watched(readable, _Hasty(self._until))


class _Hasty:
    """
    A gauge that ends what takes too long.
    """

    def __init__(self, until: float) -> None:
        self._until = until

    def more(self, files: int, size: int) -> None: ...

    def moved(self, _count: int) -> None:
        if clock.monotonic() > self._until:
            raise Stopped

    def passed(self, size: int) -> None: ...

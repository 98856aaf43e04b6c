"""
Who wants to hear of changes: one thread looks at the catalog, for any number of listeners.

A listener costs a queue while nothing happens. One that is too slow is told to come again from where it was;
the last changes are kept for that. While nobody listens, nobody looks. Whose token counts no more, or whose
user may something else by now, is let go at the next look.
"""

import logging
import random
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from tundish.app.changes import AGAIN, BEAT, KINDS, RESET, Change, Eye
from tundish.catalog.opened import Catalog
from tundish.core import clock
from tundish.core.errors import TundishError
from tundish.core.people import Actor

if TYPE_CHECKING:  # only a server has a loop
    import asyncio

LOOK = 0.5  # seconds between two looks
STILL = 20.0  # seconds without a word, after which one is said
KEPT = 2_000  # changes that can be heard of later
MOST_WAITING = 256  # changes that one listener may be behind
LIFE = 30  # words of nothing new; then a listener comes again

LOG = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Listener:
    """
    Touched in its own loop alone.
    """

    loop: "asyncio.AbstractEventLoop"
    wake: "asyncio.Event"
    kinds: frozenset[str]
    may: Callable[[Change], bool]
    actor: Actor | None = None
    waiting: deque[Change] = field(default_factory=deque)
    life: int = LIFE
    is_over: bool = False

    def hear(self, batch: Sequence[Change]) -> None:
        wanted = [each for each in batch if self.wants(each)]
        if self.is_over or not wanted:
            return
        self.life -= sum(each.kind == BEAT for each in wanted)
        if len(self.waiting) + len(wanted) > MOST_WAITING:
            self.waiting.clear()
            self.is_over = True
        else:
            self.waiting.extend(wanted)
            self.is_over = self.life <= 0
        self.wake.set()

    def end(self) -> None:
        self.waiting.clear()
        self.is_over = True
        self.wake.set()

    def wants(self, change: Change) -> bool:
        return change.kind not in KINDS or (change.kind in self.kinds and self.may(change))


class Feed:
    """
    `listen` in a loop; `close` before the catalog is.
    """

    def __init__(self, catalog: Catalog, *, now: Callable[[], datetime] = clock.now) -> None:
        self._catalog, self._now, self._eye = catalog, now, Eye(catalog)
        self._lock, self._starting, self._looking = (threading.Lock() for _ in range(3))
        self._listeners: set[_Listener] = set()
        self._kept: deque[tuple[int, Change]] = deque(maxlen=KEPT)
        self._life, self._number = f"{random.getrandbits(32):08x}", 0  # numbers of another life say nothing
        self._wanted, self._over = threading.Event(), threading.Event()
        self._is_new = False  # somebody came whom nobody has looked at yet
        self._thread: threading.Thread | None = None

    def mark(self) -> str:
        """
        The number of this moment: who listens from it on later misses nothing that happens meanwhile.
        """
        self._start()
        with self._lock:
            return f"{self._life}-{self._number}"

    async def listen(
        self,
        *,
        after: str = "",
        kinds: Collection[str] = KINDS,
        may: Callable[[Change], bool] = lambda _: True,
        actor: Actor | None = None,
    ) -> AsyncGenerator[Change, None]:
        """
        Changes of these kinds, as they come; with `after`, those behind that number first. Where they are not
        kept any more a `reset` comes first. It ends, after `again`, for who is too slow, for an actor whose
        token counts no more or whose grants are others, and when we close.
        """
        import asyncio

        mine = _Listener(asyncio.get_running_loop(), asyncio.Event(), frozenset(kinds), may, actor)
        await asyncio.to_thread(self._start)
        with self._lock:
            missed = self._missed(after) if after else ()
            last = after or f"{self._life}-{self._number}"
            self._listeners.add(mine)
            self._is_new = True
        self._wanted.set()
        try:
            for change in missed:
                if mine.wants(change):
                    last = change.id
                    yield change
            while not self._over.is_set():
                await mine.wake.wait()
                mine.wake.clear()
                while mine.waiting:
                    change = mine.waiting.popleft()
                    last = change.id or last
                    yield change
                if mine.is_over:
                    yield Change(AGAIN, "", {}, id=last)
                    return
        finally:
            with self._lock:
                self._listeners.discard(mine)
                if not self._listeners:
                    self._wanted.clear()

    def count(self) -> int:
        """
        How many listen.
        """
        with self._lock:
            return len(self._listeners)

    def close(self) -> None:
        """
        Let everybody go, and return when nobody looks any more.
        """
        self._over.set()
        self._wanted.set()
        thread = self._thread
        if thread is not None:
            thread.join()
        self.still()

    def still(self) -> None:
        """
        Say to everybody that we are still there.
        """
        self._tell((Change(BEAT, "", {}),))

    def review(self) -> None:
        """
        Let go whoever came with a token that counts no more, or whose user may something else by now.
        """
        with self._lock:
            self._is_new = False
            known = [(each, each.actor) for each in self._listeners if each.actor is not None]
        held = [(each, actor) for each, actor in known if actor.key]
        if not held:
            return
        standing = self._catalog.tokens.standing({actor.key for _, actor in held}, self._now())
        gone = [each for each, actor in held if standing.get(actor.key) != actor.grants]
        self._call(gone, lambda each: each.end())

    def look(self) -> None:
        """
        Look once, and tell what changed.
        """
        with self._looking:
            self._look()

    def _look(self) -> None:
        found = self._eye.look(self._now())
        batch = []
        with self._lock:
            for change in found:
                self._number += 1
                batch.append(replace(change, id=f"{self._life}-{self._number}"))
                self._kept.append((self._number, batch[-1]))
        if batch:
            self._tell(batch)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None and not self._over.is_set():
                self._try()  # what is there already is no change
                self._thread = threading.Thread(target=self._work, name="feed", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while not self._over.is_set():
            try:
                with self._catalog.changes.watching() as stamp:
                    self._watch(stamp)
            except TundishError as error:
                LOG.warning("changes cannot be looked at: %s", error)
                self._over.wait(LOOK)

    def _watch(self, stamp: Callable[[], object]) -> None:
        """
        Look whenever somebody has written anything and somebody listens, until we close.
        """
        seen: object = None
        since = clock.monotonic()
        while not self._over.is_set():
            self._wanted.wait()
            now = stamp()
            is_still = clock.monotonic() - since >= STILL
            if now != seen or self._is_new or is_still:
                self.review()
            if now != seen and self._try():
                seen = now
            if is_still:
                since = clock.monotonic()
                self.still()
            self._over.wait(LOOK)

    def _try(self) -> bool:
        try:
            self.look()
        except TundishError as error:
            LOG.warning("changes cannot be looked at: %s", error)
            return False
        return True

    def _tell(self, batch: Sequence[Change]) -> None:
        with self._lock:
            listeners = list(self._listeners)
        self._call(listeners, lambda each: each.hear(batch))

    def _call(self, listeners: Sequence[_Listener], act: Callable[[_Listener], None]) -> None:
        """
        Do something to listeners, each in its own loop.
        """
        for loop in {each.loop for each in listeners}:
            ours = [each for each in listeners if each.loop is loop]
            try:
                loop.call_soon_threadsafe(_for_each, ours, act)
            except RuntimeError:  # the loop was closed with its listeners in it
                with self._lock:
                    self._listeners.difference_update(ours)

    def _missed(self, after: str) -> Sequence[Change]:
        """
        What is kept behind a number; a reset where that is not all there was.
        """
        life, _, text = after.partition("-")
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1
        oldest = self._kept[0][0] if self._kept else self._number + 1
        if life != self._life or not oldest - 1 <= number <= self._number:
            return (Change(RESET, "", {}, id=f"{self._life}-{self._number}"),)
        return [change for place, change in self._kept if place > number]


def _for_each(listeners: Iterable[_Listener], act: Callable[[_Listener], None]) -> None:
    for each in listeners:
        act(each)

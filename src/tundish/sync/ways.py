"""
How each source is reached in one run: through its own proxy, with its own token, within its own cap.

A document is asked for once in a run, whoever asks again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from tundish.core.clock import monotonic
from tundish.core.errors import UpstreamError
from tundish.core.selection import Fetching, Source
from tundish.fetch.brake import Stoppable, pauses
from tundish.fetch.fetcher import Fetched, Fetcher
from tundish.fetch.throttle import Throttle, ThrottledFetcher
from tundish.sync.patient import PatientFetcher
from tundish.sync.shelf import Pages

Line: TypeAlias = Callable[[Fetching], Fetcher]


@dataclass(frozen=True, slots=True)
class Ways:
    """
    The ways of one run. `line` gives the fetcher for a source's settings, its cap aside.
    """

    line: Line
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    stop: Stoppable
    _made: dict[str, Fetcher] = field(default_factory=dict)
    _asked: dict[str, "Once"] = field(default_factory=dict)

    def to(self, source: Source) -> Fetcher:
        """
        The fetcher for a source's files; all that comes through it shares the source's cap.
        """
        if source.name not in self._made:
            fetcher, rate = self.line(source.fetching), source.fetching.bandwidth
            if rate is not None:
                pause = pauses(self.sleep, self.stop)
                fetcher = ThrottledFetcher(fetcher, Throttle(rate, now=monotonic, sleep=pause))
            self._made[source.name] = fetcher
        return self._made[source.name]

    def pages(self, source: Source) -> "Once":
        """
        Where a source's documents come from.
        """
        if source.name not in self._asked:
            patient = PatientFetcher(self.to(source), self.sleep, self.jitter, self.stop)
            self._asked[source.name] = Once(patient)
        return self._asked[source.name]

    def renew(self, source: Source) -> None:
        """
        From now on the documents of a source are asked for again.
        """
        self._asked.pop(source.name, None)


@dataclass(frozen=True, slots=True)
class Once:
    """
    `Pages` that pass the same question on only once.
    """

    pages: Pages
    _said: dict[tuple[str, str | None], Fetched | UpstreamError | None] = field(default_factory=dict)

    def fresh(self, url: str, *, limit: int, validator: str | None = None) -> Fetched | None:
        asked = (url, validator)
        if asked not in self._said:
            try:
                self._said[asked] = self.pages.fresh(url, limit=limit, validator=validator)
            except UpstreamError as error:
                self._said[asked] = error
        said = self._said[asked]
        if isinstance(said, UpstreamError):
            raise said
        return said

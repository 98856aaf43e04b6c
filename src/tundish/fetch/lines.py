"""
The ways out of one process: a fetcher for each set of proxy, token and cap that sources ask for.
"""

from dataclasses import replace

from tundish.core.selection import Fetching, Proxying
from tundish.fetch.fetcher import DEFAULTS, Fetcher, Limits
from tundish.fetch.folder import FolderFetcher
from tundish.fetch.guard import Guard
from tundish.fetch.http import HttpFetcher
from tundish.fetch.routed import RoutedFetcher

_PER_SECOND = 4  # pieces a capped transfer comes in, so that no server waits long for us
_SMALLEST = 4096  # bytes of a piece


class Lines:
    """
    Fetchers made on first use and closed together. For one thread; the fetchers are for many. What is fetched
    for a guarded source must pass the `guard`, where there is one: in a server.
    """

    def __init__(
        self,
        *,
        connections: int,
        http_proxy: str | None,
        no_proxy: tuple[str, ...] = (),
        limits: Limits = DEFAULTS,
        guard: Guard | None = None,
    ) -> None:
        self._connections, self._http_proxy, self._no_proxy = connections, http_proxy, no_proxy
        self._limits, self.guard = limits, guard
        self._made: dict[tuple[str | None, str, int, Guard | None], HttpFetcher] = {}

    def of(self, fetching: Fetching) -> Fetcher:
        """
        The fetcher for a source that is fetched so; its cap is the caller's to keep.

        Raises:
            InputError: the proxy's address or the token is none.
        """
        usual = {Proxying.SETTINGS.value: self._http_proxy, Proxying.NONE.value: None}
        proxy = usual.get(fetching.proxy, fetching.proxy)
        limits = self._limits_of(fetching)
        guard = self.guard if fetching.is_guarded else None
        key = (proxy, fetching.token, limits.chunk, guard)
        if key not in self._made:
            self._made[key] = HttpFetcher(
                limits,
                connections=self._connections,
                token=fetching.token or None,
                http_proxy=proxy,
                no_proxy=self._no_proxy,
                guard=guard,
                is_proxy_chosen=fetching.proxy not in usual,
            )
        return RoutedFetcher(self._made[key], FolderFetcher(limits))

    def close(self) -> None:
        """
        Let go of all idle connections.
        """
        for fetcher in self._made.values():
            fetcher.close()

    def _limits_of(self, fetching: Fetching) -> Limits:
        if fetching.bandwidth is None:
            return self._limits
        piece = max(_SMALLEST, fetching.bandwidth // _PER_SECOND)
        return replace(self._limits, chunk=min(self._limits.chunk, piece))

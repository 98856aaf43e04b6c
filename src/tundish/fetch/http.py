"""
The way out over HTTP: bounded in time and length, resuming, never following out of https.

The status is judged before the body is touched, and the body is taken as it is (no decoding). Errors
of urllib3 stop at `fetch.wire`. Safe to share between threads.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from urllib3 import Timeout
from urllib3.util import Url

from tundish import __version__
from tundish.core.errors import BadStatus, CutShort, InputError, TooLong
from tundish.fetch.direct import Direct, Reply
from tundish.fetch.fetcher import DEFAULTS, Fetched, Limits, gather, too_long
from tundish.fetch.guard import Guard
from tundish.fetch.headers import (
    PORTS,
    REDIRECTS,
    address,
    basic,
    is_direct,
    is_other_file,
    is_validator,
    number,
    origin,
    part_of,
    redirected,
    refused,
    renewal,
    shown,
    unless,
    validator_of,
)
from tundish.fetch.wire import pools, translated

REDIRECT_PAGE = 64 * 1024  # a page of this length is read to keep the connection; longer ones cost it
NOTHING: Mapping[str, str] = {}
ALWAYS = {"Accept-Encoding": "identity", "User-Agent": f"tundish/{__version__}"}


class HttpFetcher:
    """
    A `Fetcher` for http and https.

    `token` goes, as a bearer token, to the host asked and not to where that host redirects. The hosts of
    `no_proxy` are asked directly: see `headers.is_direct`. A `guard` admits every host asked, redirects
    included, and with `is_proxy_chosen` the proxy, too.
    """

    def __init__(
        self,
        limits: Limits = DEFAULTS,
        *,
        connections: int = 8,
        token: str | None = None,
        http_proxy: str | None = None,
        no_proxy: tuple[str, ...] = (),
        guard: Guard | None = None,
        is_proxy_chosen: bool = False,
    ) -> None:
        if token is not None and not (token.isascii() and token.isprintable() and token):
            raise InputError("the token has signs that no token can have; copy it again")
        self._limits, self._token = limits, token
        self._timeout = Timeout(connect=limits.connect, read=limits.stall)
        self._direct = Direct(connections, connect=limits.connect, stall=limits.stall, guard=guard)
        of_proxy = guard if is_proxy_chosen else None
        self._pools = pools(connections, http_proxy, of_proxy) if http_proxy else None
        self._no_proxy, self._guard = no_proxy, guard

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """
        Let go of all idle connections.
        """
        self._direct.clear()
        if self._pools is not None:
            self._pools.clear()

    @contextmanager
    def open(self, url: str, *, offset: int = 0, validator: str | None = None) -> Iterator["HttpAnswer"]:
        """
        Begin a transfer; see `Fetcher.open`.
        """
        response = self._first(url, offset, validator)
        try:
            yield _judged(response, shown(url), offset, self._limits.chunk)
        finally:
            _finish(response)

    def document(self, url: str, *, limit: int) -> bytes:
        """
        A whole small file; see `Fetcher.document`.
        """
        with self.open(url) as answer:
            return self._whole(answer, url, limit)

    def fresh(self, url: str, *, limit: int, validator: str | None = None) -> Fetched | None:
        """
        A whole small file that has changed; see `Fetcher.fresh`.
        """
        wish = unless(validator)
        response = self._asked(url, wish)
        try:
            if wish and response.status == 304:
                with translated(shown(url)):
                    response.read1(1)  # nothing follows; its connection is free once that was seen
                return None
            answer = _judged(response, shown(url), 0, self._limits.chunk)
            return Fetched(self._whole(answer, url, limit), renewal(response.headers))
        finally:
            _finish(response)

    def _whole(self, answer: "HttpAnswer", url: str, limit: int) -> bytes:
        limit = min(limit, self._limits.document)
        if answer.length is not None and answer.length > limit:
            raise too_long(shown(url), limit)
        return gather(answer.read, limit=limit, chunk=self._limits.chunk, url=shown(url))

    def _first(self, url: str, offset: int, validator: str | None) -> Reply:
        """
        The answer to a request for the rest of a file, or for all of it where there is no such rest.
        """
        wish = _wish(offset, validator)
        response = self._asked(url, wish)
        is_past = response.status == 416  # no longer than what is held: it has changed
        if wish and (is_past or (response.status == 206 and is_other_file(response.headers, validator))):
            _finish(response)
            response = self._asked(url, NOTHING)
        return response

    def _asked(self, url: str, wish: Mapping[str, str]) -> Reply:
        """
        The first answer that is not a redirect.
        """
        asked = target = address(url)
        for _ in range(self._limits.redirects + 1):
            secrets = self._secrets(asked) if origin(target) == origin(asked) else NOTHING
            response = self._sent(target, {**wish, **secrets})
            if response.status not in REDIRECTS:
                return response
            try:
                target = redirected(target, response.status, response.headers.get("Location"))
                _read_page(response, shown(asked.url))
            finally:
                _finish(response)
        raise BadStatus(
            f"{shown(url)}: more than {self._limits.redirects} redirects; use the address they lead to",
            url=shown(url),
            status=response.status,
        )

    def _secrets(self, asked: Url) -> Mapping[str, str]:
        if asked.auth:
            return {"Authorization": basic(asked.auth)}
        return {"Authorization": f"Bearer {self._token}"} if self._token else NOTHING

    def _sent(self, target: Url, headers: Mapping[str, str]) -> Reply:
        headers = {**ALWAYS, **headers}
        with translated(shown(target.url)):
            if self._pools is None or is_direct(target, self._no_proxy):
                return self._direct.sent(target, headers)
            if self._guard is not None:
                self._guard.must_admit(target.host or "", target.port or PORTS[target.scheme or ""])
            return self._pools.urlopen(
                "GET",
                target._replace(auth=None, fragment=None).url,
                headers=headers,
                redirect=False,
                retries=False,
                timeout=self._timeout,
                preload_content=False,
                decode_content=False,
            )


class HttpAnswer:
    """
    An open transfer over HTTP; see `Answer`.
    """

    def __init__(self, response: Reply, url: str, offset: int, length: int | None, chunk: int) -> None:
        self._response, self._url, self._chunk = response, url, chunk
        self._offset, self._promised, self._came = offset, length, 0

    @property
    def offset(self) -> int:
        return self._offset

    @property
    def length(self) -> int | None:
        return None if self._promised is None else self._promised - self._came

    @property
    def validator(self) -> str | None:
        return validator_of(self._response.headers)

    def chunks(self) -> Iterator[bytes]:
        while piece := self.read(self._chunk):
            yield piece

    def read(self, amount: int) -> bytes:
        """
        What has come, at most `amount` bytes; nothing at the end.

        Raises:
            Stalled, CutShort, TooLong: the transfer did not end as promised.
        """
        with translated(self._url, begun=True):
            piece = self._response.read1(amount)
        self._came += len(piece)
        if self._promised is not None:
            if self._came > self._promised:
                raise TooLong(f"{self._url}: more than the {self._promised} bytes promised", url=self._url)
            if not piece and self._came < self._promised:
                raise CutShort(
                    f"{self._url}: ended after {self._came} of {self._promised} bytes; run it again to go on",
                    url=self._url,
                )
        return piece


def _wish(offset: int, validator: str | None) -> Mapping[str, str]:
    """
    The headers that ask for the rest; none, so for the whole file, when the validator is not usable.
    """
    if not offset or (validator is not None and not is_validator(validator)):
        return NOTHING
    wish = {"Range": f"bytes={offset}-"}
    return wish if validator is None else {**wish, "If-Range": validator}


def _judged(response: Reply, url: str, offset: int, chunk: int) -> HttpAnswer:
    """
    The answer, if it is one that was asked for.

    Raises:
        BadStatus, Gone: it is not.
    """
    headers, length = response.headers, number(response.headers.get("Content-Length"))
    coding = headers.get("Content-Encoding", "identity").strip().lower()
    if response.status not in {200, 206}:
        raise refused(url, response.status, headers)
    if coding not in {"", "identity"}:
        raise BadStatus(
            f"{url}: the bytes come re-coded ({shown(coding)}) although they were asked for as they are; "
            "switch this off at the server",
            url=url,
            status=response.status,
        )
    if response.status == 200:
        return HttpAnswer(response, url, 0, length, chunk)
    part = part_of(headers.get("Content-Range"))
    if not offset or part is None or part.start != offset or length not in {None, part.end + 1 - part.start}:
        raise BadStatus(
            f"{url}: another part than the one from byte {offset} came; its ranges cannot be used",
            url=url,
            status=206,
        )
    rest = part.end + 1 if part.total is None else part.total
    return HttpAnswer(response, url, offset, rest - offset, chunk)


def _read_page(response: Reply, url: str) -> None:
    """
    Read what comes with a redirect, if it is short, so that its connection can be used again.
    """
    length = number(response.headers.get("Content-Length"))
    if length is not None and length <= REDIRECT_PAGE:
        with translated(url, begun=True):
            while response.read1(REDIRECT_PAGE):
                pass


def _finish(response: Reply) -> None:
    """
    Give the connection back: alive after a complete answer, closed after any other.
    """
    response.close()
    response.release_conn()

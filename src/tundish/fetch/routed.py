"""
One fetcher for every kind of address, and the one way to make an address from a base and a path.
"""

from contextlib import AbstractContextManager
from urllib.parse import quote, urlsplit

from tundish.core.errors import InputError
from tundish.fetch.fetcher import Answer, Fetched, Fetcher
from tundish.fetch.headers import shown

_PLAIN = "/:@!$&'()*+,;=~"  # what may stand unquoted in the path of an address, beside letters and digits


class RoutedFetcher:
    """
    A `Fetcher` that asks `http` for http and https, and `folder` for file:// and absolute paths.
    """

    def __init__(self, http: Fetcher, folder: Fetcher) -> None:
        self._http, self._folder = http, folder

    def open(
        self, url: str, *, offset: int = 0, validator: str | None = None
    ) -> AbstractContextManager[Answer]:
        """
        Begin a transfer; see `Fetcher.open`.

        Raises:
            InputError: neither http nor https nor file:// nor an absolute path.
        """
        return self._for(url).open(url, offset=offset, validator=validator)

    def document(self, url: str, *, limit: int) -> bytes:
        """
        A whole small file; see `Fetcher.document`.

        Raises:
            InputError: neither http nor https nor file:// nor an absolute path.
        """
        return self._for(url).document(url, limit=limit)

    def fresh(self, url: str, *, limit: int, validator: str | None = None) -> Fetched | None:
        """
        A whole small file that has changed; see `Fetcher.fresh`.

        Raises:
            InputError: neither http nor https nor file:// nor an absolute path.
        """
        return self._for(url).fresh(url, limit=limit, validator=validator)

    def _for(self, url: str) -> Fetcher:
        scheme = "file" if url.startswith("/") else url.partition("://")[0].lower()
        if scheme in {"http", "https"}:
            return self._http
        if scheme == "file":
            return self._folder
        raise InputError(
            f"{shown(url)} is not an address we can fetch from; "
            "give http://, https://, file:// or the absolute path of a folder"
        )


def join(base: str, path: str) -> str:
    """
    The address of `path` (a valid item path) below `base`, whatever signs the path contains.

    Raises:
        InputError: the base has a query or fragment, so nothing can be below it.
    """
    if base.startswith("/"):
        return f"{base.rstrip('/')}/{path}"
    try:
        parts = urlsplit(base)
    except ValueError:
        raise InputError(f"{shown(base.rpartition('@')[2])} is not an address; check its form") from None
    if parts.query or parts.fragment:
        raise InputError(f"{shown(base)}: nothing can be below an address with '?' or '#'; leave that off")
    return f"{base.rstrip('/')}/{quote(path, safe=_PLAIN)}"

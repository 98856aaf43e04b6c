"""
The way out without a network: `file://` addresses and absolute paths of folders, for air gaps and tests.

Same promises as over HTTP. Only regular files are read; symbolic links are the operator's business.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from tundish.core.errors import BadStatus, CutShort, Gone, InputError, Unreachable
from tundish.fetch.fetcher import DEFAULTS, Fetched, Limits, gather, too_long
from tundish.fetch.headers import shown

_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP}
_FORBIDDEN = {errno.EACCES, errno.EPERM}


class FolderFetcher:
    """
    A `Fetcher` for folders. Its errors carry the status that a web server would give.
    """

    def __init__(self, limits: Limits = DEFAULTS) -> None:
        self._limits = limits

    @contextmanager
    def open(self, url: str, *, offset: int = 0, validator: str | None = None) -> Iterator["FolderAnswer"]:
        """
        Begin a transfer; see `Fetcher.open`.
        """
        path = path_of(url)
        with _opened(path) as file:
            facts = os.fstat(file.fileno())
            mark = f'"{facts.st_ino:x}-{facts.st_size:x}-{facts.st_mtime_ns:x}"'
            is_other = offset >= facts.st_size or validator not in {None, mark}
            start = file.seek(0 if is_other else offset)
            end, chunk = facts.st_size, self._limits.chunk
            yield FolderAnswer(file, shown(path), start=start, end=end, mark=mark, chunk=chunk)

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
        with self.open(url) as answer:
            if validator == answer.validator:
                return None
            return Fetched(self._whole(answer, url, limit), answer.validator)

    def _whole(self, answer: "FolderAnswer", url: str, limit: int) -> bytes:
        limit, path = min(limit, self._limits.document), shown(path_of(url))
        if answer.length > limit:
            raise too_long(path, limit)
        return gather(answer.read, limit=limit, chunk=self._limits.chunk, url=path)


class FolderAnswer:
    """
    An open transfer from a folder; see `Answer`. A file that grows meanwhile is read as long as it was.
    """

    def __init__(self, file: BinaryIO, path: str, *, start: int, end: int, mark: str, chunk: int) -> None:
        self._file, self._path, self._chunk = file, path, chunk
        self._offset, self._length, self._mark = start, end - start, mark

    @property
    def offset(self) -> int:
        return self._offset

    @property
    def length(self) -> int:
        return self._length

    @property
    def validator(self) -> str:
        return self._mark

    def chunks(self) -> Iterator[bytes]:
        while piece := self.read(self._chunk):
            yield piece

    def read(self, amount: int) -> bytes:
        """
        The next bytes, at most `amount`; nothing at the end.

        Raises:
            CutShort: the file has become shorter.
        """
        with _translated(self._path):
            piece = self._file.read(min(amount, self._length))
        self._length -= len(piece)
        if not piece and self._length:
            raise CutShort(
                f"{self._path}: the file became {self._length} bytes shorter while it was read; run it again",
                url=self._path,
            )
        return piece


def path_of(url: str) -> str:
    """
    The path that a `file://` address or an absolute path means. A path is taken literally.

    Raises:
        InputError: it is neither, or names another machine.
    """
    if url.startswith("/"):
        path = url
    else:
        try:
            parts = urlsplit(url)
        except ValueError:
            raise InputError(f"{shown(url)} is not an address; give file:///PATH or /PATH") from None
        if parts.scheme != "file" or parts.netloc not in {"", "localhost"} or not parts.path.startswith("/"):
            raise InputError(f"{shown(url)} is not a folder of this machine; give file:///PATH or /PATH")
        if parts.query or parts.fragment:
            raise InputError(f"{shown(url)}: in a file:// address write '?' as %3F and '#' as %23")
        path = unquote(parts.path, errors="surrogateescape")
    if "\0" in path or any(0xD800 <= ord(sign) < 0xDC80 or 0xDCFF < ord(sign) <= 0xDFFF for sign in path):
        raise InputError(f"{shown(path)} has signs that no path can have; check it")
    return path


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    """
    A regular file, open. Opening a pipe would hang and opening a device may act: neither is opened.
    """
    url = shown(path)
    with _translated(url):
        _ensure_regular(Path(path).stat().st_mode, url)
        # Should a pipe have taken its place just now, this does not hang either.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        file = os.fdopen(number, "rb", buffering=0)
    with file:
        _ensure_regular(os.fstat(number).st_mode, url)
        yield file


def _ensure_regular(mode: int, url: str) -> None:
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a device, pipe or socket"
        raise BadStatus(f"{url} is {kind}, not a file; it is not read", url=url, status=403)


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _ABSENT:
            raise Gone(f"{url}: no such file; check the path", url=url, status=404) from error
        if error.errno in _FORBIDDEN:
            text = f"{url}: we may not read it; give this user the right to"
            raise BadStatus(text, url=url, status=403) from error
        raise Unreachable(f"{url}: cannot be read ({error.strerror}); check the disk", url=url) from error

"""
Bytes of a file to a client: the kernel copies them (sendfile), the client must keep taking them.

A file is opened once, never through a link, and what is sent is that file, whatever happens to its name.
"""

import asyncio
import os
import stat
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from io import FileIO
from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from tundish.boot.asked import Face, Part, reply
from tundish.boot.pumping import PACE, Pace, Way, pumped
from tundish.core.errors import NotFound, StorageError

Told = Callable[[int, int], None]  # (status, bytes of the file that were handed to the kernel)

PIECE = 256 * 1024  # bytes, where they pass through this process
BOUNDARY = "tundish-part-2d1f0c7a9be84c55"  # cannot mislead: each part's length is told before it


def open_file(path: Path) -> tuple[FileIO, os.stat_result]:
    """
    Open a regular file for sending. The caller closes it.

    Raises:
        NotFound: it is gone, or not a regular file.
        StorageError: it cannot be read.
    """
    try:
        file = FileIO(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK))
    except FileNotFoundError:
        raise NotFound(f"{path.name} is not here any more") from None
    except OSError as error:
        raise StorageError(f"cannot read {path.name}: {error.strerror}") from error
    facts = os.fstat(file.fileno())
    if not stat.S_ISREG(facts.st_mode):
        file.close()
        raise NotFound(f"{path.name} is not a regular file")
    return file, facts


def face_of(facts: os.stat_result, tag: str | None = None) -> Face:
    """
    What clients compare: with `tag`, a name by content; else the time and length of the file.
    """
    if tag is not None:
        return Face(facts.st_size, tag, None)
    modified = datetime.fromtimestamp(int(facts.st_mtime), UTC)
    return Face(facts.st_size, f"{facts.st_mtime_ns:x}-{facts.st_size:x}", modified)


class FileAnswer(web.StreamResponse):
    """
    An answer made of one open file, which it closes at the end.
    """

    def __init__(
        self,
        file: FileIO,
        face: Face,
        *,
        headers: Mapping[str, str],
        pace: Pace = PACE,
    ) -> None:
        super().__init__(headers=headers)
        self._file, self._face, self._pace = file, face, pace
        self.told: Told | None = None
        self._handed = 0

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """
        Send everything: head, and the parts of the file that were asked for.

        Raises:
            ConnectionResetError: the client went away, was too slow, or the file got shorter.
        """
        if self.prepared:
            return await super().prepare(request)
        try:
            return await self._send(request)
        finally:
            self._file.close()
            if self.told is not None:
                self.told(self.status, self._handed)

    async def _send(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        face = self._face
        answer = reply(request.method, request.headers, face)
        self.set_status(answer.status)
        self.headers["ETag"] = f'"{face.tag}"'
        self.headers["Accept-Ranges"] = "bytes"
        if face.modified is not None:
            self.headers["Last-Modified"] = format_datetime(face.modified, usegmt=True)
        frames = self._frames(answer.parts)
        if answer.status != 304:
            self.content_length = sum(len(frame) for frame in frames) + sum(
                part.length for part in answer.parts
            )
        if answer.status == 416:
            self.headers["Content-Range"] = f"bytes */{face.size}"
        elif answer.status == 206 and len(answer.parts) == 1:
            self.headers["Content-Range"] = _content_range(answer.parts[0], face.size)
        writer = await super().prepare(request)
        if request.method != "HEAD":
            for frame, part in zip(frames, (*answer.parts, None), strict=False):
                if frame:
                    await self.write(frame)
                if part is not None and part.length:
                    await self._hand_over(request, part)
        return writer

    def _frames(self, parts: tuple[Part, ...]) -> tuple[bytes, ...]:
        """
        What stands before each part and after the last; all empty unless there are several.
        """
        if len(parts) < 2:
            return (b"",) * len(parts)
        kind = self.content_type
        self.headers["Content-Type"] = f"multipart/byteranges; boundary={BOUNDARY}"
        heads = (
            f"\r\n--{BOUNDARY}\r\nContent-Type: {kind}\r\n"
            f"Content-Range: {_content_range(part, self._face.size)}\r\n\r\n"
            for part in parts
        )
        return (*(head.encode() for head in heads), f"\r\n--{BOUNDARY}--\r\n".encode())

    async def _hand_over(self, request: web.BaseRequest, part: Part) -> None:
        """
        Let the kernel send one part; a client that takes no slice of it in time is cut off.
        """
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client went away")
        try:
            if request.secure or transport.get_write_buffer_size():
                await self._copied(part)
            else:
                # A second name for the socket: the loop lets nobody wait for one that a transport has.
                with transport.get_extra_info("socket").dup() as out:
                    way = Way(out.fileno(), self._file.fileno(), part.start, part.start + part.length)
                    await pumped(way, self._pace, self._moved)
        except ConnectionError:
            transport.abort()
            raise

    async def _copied(self, part: Part) -> None:
        """
        Piece by piece through this process, where something must be done to the bytes, or some of before are
        still held.
        """
        at, end = part.start, part.start + part.length
        while at < end:
            data = os.pread(self._file.fileno(), min(PIECE, end - at), at)
            if not data:
                raise ConnectionResetError("the file got shorter while it was sent")
            try:
                async with asyncio.timeout(self._pace.patience(len(data))):
                    await self.write(data)
            except TimeoutError:
                raise ConnectionResetError("the client took nothing for too long") from None
            at += len(data)
            self._moved(len(data))

    def _moved(self, count: int) -> None:
        self._handed += count


def _content_range(part: Part, size: int) -> str:
    return f"bytes {part.start}-{part.start + part.length - 1}/{size}"

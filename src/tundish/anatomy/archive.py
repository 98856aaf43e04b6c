"""
Look into the tar of a root filesystem without unpacking it.

The archive is treated as hostile: members, path lengths and the bytes of a read are bounded, links are
followed inside the archive only, and a path that leads out of it is an error.
"""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Self

from tundish.core.errors import InputError, NotFound

MAX_MEMBERS = 2_000_000
MAX_PATH = 4096
MAX_READ = 512 * 1024 * 1024
MAX_PIECE = 16 * 1024 * 1024  # bytes at once; the name of a file takes far less, and its bytes come in pieces
_CHUNK = 1024 * 1024
MAX_LINKS = 40  # as the kernel has it


@dataclass(frozen=True, slots=True)
class Archive:
    """
    A root filesystem in an uncompressed, seekable tar. Paths are written without a leading slash.
    """

    origin: str
    _tar: tarfile.TarFile
    _members: dict[str, tarfile.TarInfo]

    @classmethod
    def read_from(cls, stream: BinaryIO, origin: str) -> Self:
        """
        Read the table of contents; the stream stays the caller's to close, after the last read.

        Raises:
            InputError: it is no tar, holds too many members, or a path that leads out of it.
        """
        members: dict[str, tarfile.TarInfo] = {}
        with _readable(origin):
            tar = tarfile.TarFile(fileobj=_Bounded(stream))
            place = -1
            for count, member in enumerate(tar, start=1):
                # A size below zero leads back to a header that was read: round and round, for ever.
                if member.size < 0 or member.offset <= place:
                    raise InputError(f"{origin} is not a readable tar: a member ends before it begins")
                if count > MAX_MEMBERS:
                    raise InputError(f"{origin} holds more than {MAX_MEMBERS} members")
                members[_normal(member.name, origin)], place = member, member.offset
        return cls(origin, tar, members)

    def paths(self) -> Iterator[str]:
        """
        Every path, sorted; the root itself left out.
        """
        yield from sorted(path for path in self._members if path)

    def files_below(self, folder: str) -> Iterator[str]:
        """
        The paths of plain files below a folder, sorted; links on the way to the folder are followed.
        """
        start = self.resolve(folder) + "/"
        for path in self.paths():
            if path.startswith(start) and self._members[path].isfile():
                yield path

    def has(self, path: str) -> bool:
        """
        Whether there is such a file, links followed.
        """
        member = self._members.get(self.resolve(path))
        return member is not None and (member.isfile() or member.islnk())

    def read(self, path: str) -> bytes:
        """
        The bytes of a file, links followed.

        Raises:
            NotFound: there is no such file.
            InputError: it is too long to be read at once, or the archive is cut short.
        """
        member = self._file(path)
        if member.size > MAX_READ:
            raise InputError(f"{path} in {self.origin} is longer than {MAX_READ} bytes")
        with _readable(self.origin):
            stream = self._tar.extractfile(member)
            data = b"".join(iter(lambda: stream.read(_CHUNK), b"")) if stream else b""
        if len(data) != member.size:
            raise InputError(f"{self.origin} ends in the middle of {path}; build it again")
        return data

    def resolve(self, path: str) -> str:
        """
        Where a path leads once every link is followed, whether or not something is there.

        Raises:
            NotFound: the links go round in a circle.
        """
        todo = path.split("/")[::-1]
        done: list[str] = []
        followed = 0
        while todo:
            name = todo.pop()
            if name == "..":
                done = done[:-1]
            elif name not in {"", "."}:
                target = self._target_of("/".join([*done, name]))
                followed += target is not None
                if followed > MAX_LINKS:
                    raise NotFound(f"{path} in {self.origin} is a circle of links")
                if target is None:
                    done.append(name)
                else:
                    done = [] if target.startswith("/") else done
                    todo.extend(target.split("/")[::-1])
        return "/".join(done)

    def _target_of(self, path: str) -> str | None:
        member = self._members.get(path)
        return member.linkname if member and member.issym() else None

    def _file(self, path: str) -> tarfile.TarInfo:
        member = self._members.get(self.resolve(path))
        if member and member.islnk():
            member = self._members.get(_normal(member.linkname, self.origin))
        if member is None or not member.isfile():
            raise NotFound(f"{self.origin} has no file {path}")
        return member


@dataclass(frozen=True, slots=True)
class _Bounded:
    """
    The stream as tarfile gets it, which reads as much at once as a header says.
    """

    stream: BinaryIO

    def read(self, size: int, /) -> bytes:
        if not 0 <= size <= MAX_PIECE:
            raise ValueError(f"a header of {size} bytes")
        return self.stream.read(size)

    def seek(self, place: int, /) -> int:
        return self.stream.seek(place)

    def tell(self) -> int:
        return self.stream.tell()

    def write(self, _data: bytes, /) -> int:
        raise ValueError("it is only read")

    def close(self) -> None:
        """
        The stream stays the caller's.
        """


@contextmanager
def _readable(origin: str) -> Iterator[None]:
    """
    The wall: numbers that no file can have and headers upon headers end as an error of ours.
    """
    try:
        yield
    except (tarfile.TarError, ValueError, EOFError, OverflowError, RecursionError) as error:
        raise InputError(f"{origin} is not a readable tar: {error}") from error


def _normal(name: str, origin: str) -> str:
    segments = [segment for segment in name.split("/") if segment not in {"", "."}]
    if ".." in segments or "\0" in name or len(name) > MAX_PATH:
        raise InputError(f"{origin} holds the path {name[:80]!r}, which leads out of it")
    return "/".join(segments)

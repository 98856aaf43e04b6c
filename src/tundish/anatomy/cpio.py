"""
Write a cpio archive in the newc form, the one a Linux kernel unpacks as its first root.

Same members, same bytes: owners are root, times are zero, inodes count up from one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from stat import S_IFDIR, S_IFLNK, S_IFREG, S_ISDIR

from tundish.core.errors import InvalidName


@dataclass(frozen=True, slots=True)
class Member:
    """
    One path of the archive, without a leading slash. `mode` carries the kind as well.
    """

    path: str
    mode: int
    data: bytes = b""


_TRAILER = Member("TRAILER!!!", 0)


def folder(path: str) -> Member:
    return Member(path, S_IFDIR | 0o755)


def file(path: str, data: bytes, *, executable: bool = False) -> Member:
    return Member(path, S_IFREG | (0o755 if executable else 0o644), data)


def link(path: str, target: str) -> Member:
    return Member(path, S_IFLNK | 0o777, target.encode())


def newc(members: Iterable[Member]) -> bytes:
    """
    The archive, members in the order given; folders must come before what they hold.

    Raises:
        InvalidName: a path is empty, absolute, or leads upwards.
    """
    return b"".join(_blocks(members))


def _blocks(members: Iterable[Member]) -> Iterator[bytes]:
    for inode, member in enumerate(members, 1):
        yield from _block(inode, _checked(member))
    yield from _block(0, _TRAILER)


def _checked(member: Member) -> Member:
    if "\0" in member.path or {"", ".", ".."} & set(member.path.split("/")):
        raise InvalidName("path in an initrd", member.path, "relative, without '.' and '..'")
    return member


def _block(inode: int, member: Member) -> Iterator[bytes]:
    name = member.path.encode() + b"\0"
    links = 2 if S_ISDIR(member.mode) else 1
    # inode, mode, owner, group, links, time, size, device and special device (two each), name, check
    fields = (inode, member.mode, 0, 0, links, 0, len(member.data), 0, 0, 0, 0, len(name), 0)
    yield _padded(b"070701" + b"".join(b"%08X" % number for number in fields) + name)
    yield _padded(member.data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)

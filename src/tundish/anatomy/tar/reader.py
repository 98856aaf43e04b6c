"""
A tar as an Index: one pass over the stream, every file's digest on the way.

What GNU tar would do when it unpacks decides: the later of two members holds, links are followed inside,
and what comes after the end is not there. What is odd is a Remark; rules judge it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tundish.anatomy.index import (
    MAX_ENTRIES,
    MAX_LINKS,
    MAX_PATH,
    Entry,
    Index,
    Keep,
    Kind,
    Remark,
    Trait,
    normal,
)
from tundish.anatomy.tar import sparse
from tundish.anatomy.tar.contents import Kept, Parts, Passes, TarContents
from tundish.anatomy.tar.feed import Feed
from tundish.anatomy.tar.header import BLOCK
from tundish.anatomy.tar.members import Member, members
from tundish.core.digest import Digest
from tundish.core.errors import BadImage

MAX_METADATA = 512 * 1024 * 1024  # bytes that all entries, attributes and maps may take in memory
MAX_STEPS = 20_000_000  # folders looked at to see where members land; a good tar needs ten for each
MAX_ZEROS_HASHED = 2**30  # of all holes, a second's work; a file whose holes are longer has no digest
MAX_REMARKS = 10_000
PART_COST, ENTRY_COST, FOLDER_COST = 64, 400, 100  # bytes that a part of a map, an entry, a folder take


@dataclass(frozen=True, slots=True)
class Listing:
    """
    `fault` says why the tar was not read to its end, or is empty. `after` counts the bytes beyond its end
    that are not zero; `again` whether they begin with a further tar, which nobody will unpack.
    """

    index: Index
    files: tuple[Entry, ...]  # in their order; the first few of them, which say whether it carries a disk
    members: int = 0
    fault: str = ""
    after: int = 0
    again: bool = False


def read_tar(pieces: Iterable[bytes], name: str, keep: Keep, passes: Passes) -> Listing:
    """
    The Index of a tar. `passes` say how the same bytes are read again, for what was not kept.

    Raises:
        BadImage: it is more than may be held in memory.
    """
    feed, kept = Feed(pieces), Kept(keep)
    building = _Building(feed, kept)
    fault = ""
    try:
        for member in members(feed):
            building.take(member)
    except BadImage as error:
        if building.is_too_much:
            raise
        fault = str(error)
    after, again = (0, False) if fault else _after(feed)
    contents = TarContents(passes, kept, building.parts)
    index = Index(name, building.entries.values(), contents, building.remarks)
    return Listing(index, tuple(building.files), building.count, fault, after, again)


def _after(feed: Feed) -> tuple[int, bool]:
    """
    What follows the end: how many bytes that are not zero, and whether the first of them look like a tar.
    """
    count, first = 0, b""
    while block := feed.take(BLOCK * 128):
        if not block.strip(b"\0"):
            continue
        count += len(block) - block.count(0)
        if not first:
            at = len(block) - len(block.lstrip(b"\0"))
            first = block[at - at % BLOCK :][:BLOCK]
    return count, first[257:262] == b"ustar"


def _entry(path: str, member: Member, kind: Kind, digest: Digest | None) -> Entry:
    return Entry(
        path,
        kind,
        member.mode,
        member.uid,
        member.gid,
        member.size if kind is Kind.FILE else len(member.target),
        member.mtime,
        member.target if kind is Kind.LINK else "",
        xattrs=member.xattrs,
        device=member.device,
        digest=digest,
        place=member.place,
    )


class _Building:
    """
    The Index as it grows, member by member.
    """

    FIRST_FILES = 8

    def __init__(self, feed: Feed, kept: Kept) -> None:
        self._feed, self._kept = feed, kept
        self.entries: dict[str, Entry] = {}
        self.remarks: list[Remark] = []
        self.parts: dict[int, Parts] = {}
        self.files: list[Entry] = []
        self.count = self._metadata = self._zeros = 0
        self.is_too_much = False
        self._steps = 0
        self._landings: dict[str, str] = {}
        self._folders = {""}  # that something is in
        self._links: dict[str, str] = {}  # symbolic
        self._names: dict[str, list[str]] = {}  # further names of a file, by its first

    def take(self, member: Member) -> None:
        self.count += 1
        path = self._path_of(member)
        if path is None:
            return
        if member.kind is None:
            self._remark(Trait.UNSUPPORTED, path, "a member of unknown type")
        elif member.hard:
            self._take_name(path, member)
        else:
            self._take_entry(path, member, member.kind)

    def _take_entry(self, path: str, member: Member, kind: Kind) -> None:
        entry = _entry(path, member, kind, None)
        if kind is Kind.FILE:
            digest = self._passed(entry, member)
            if self._feed.at < member.place + member.stored:
                self._remark(Trait.UNREADABLE, path, "the tar ends within it")
                return
            entry = _entry(path, member, kind, digest)
            if len(self.files) < self.FIRST_FILES:
                self.files.append(entry)
        self._put(entry, sum(len(key) + len(value) for key, value in member.xattrs))

    def _take_name(self, path: str, member: Member) -> None:
        target = normal(member.target)
        first = self.entries.get(self._through_links(target)) if target is not None else None
        if first is None or first.kind is Kind.FOLDER:
            self._remark(Trait.DANGLING, path, f"a hard link to {member.target}")
            return
        origin = first.first or first.path
        if origin == path:
            return  # a link to itself changes nothing
        if self._put(replace(first, path=path, first=origin), 0):
            self._names.setdefault(origin, []).append(path)

    def _put(self, entry: Entry, attributes: int) -> bool:
        """
        Whether it finds its place: where a file is no folder can come, and no file where a folder is in use.
        """
        self._charge(ENTRY_COST + len(entry.path) + len(entry.target) + attributes)
        if why := self._obstacle(entry):
            self._remark(Trait.CLASH, entry.path, why)
            return False
        if (before := self.entries.get(entry.path)) is not None:
            same = before.kind is entry.kind
            note = "" if same else f"a {before.kind}, then a {entry.kind}"
            self._remark(Trait.DUPLICATE if same else Trait.CLASH, entry.path, note)
            self._inherit(before)
        if entry.kind is Kind.LINK:
            self._links[entry.path] = entry.target
            self._landings.clear()
        elif self._links.pop(entry.path, None) is not None:
            self._landings.clear()
        self.entries[entry.path] = entry
        if len(self.entries) > MAX_ENTRIES:
            raise self._too_much(f"the tar holds more than {MAX_ENTRIES} paths")
        return True

    def _obstacle(self, entry: Entry) -> str:
        if entry.kind is not Kind.FOLDER and entry.path in self._folders:
            return f"a folder with something in it, then a {entry.kind}"
        folder = entry.path.rpartition("/")[0]
        found = []
        while folder not in self._folders:
            above = self.entries.get(folder)
            if above is not None and above.kind is not Kind.FOLDER:
                return f"below {folder}, which is a {above.kind}"
            found.append(folder)
            self._charge(FOLDER_COST + len(folder))
            folder = folder.rpartition("/")[0]
        self._folders.update(found)
        return ""

    def _inherit(self, gone: Entry) -> None:
        """
        A file whose first name goes to something else lives on under its other names.
        """
        if gone.first:
            self._names[gone.first].remove(gone.path)
            return
        first, *others = self._names.pop(gone.path, []) or [""]
        if first:
            self.entries[first] = replace(self.entries[first], first="")
            for other in others:
                self.entries[other] = replace(self.entries[other], first=first)
            self._names[first] = others

    def _passed(self, entry: Entry, member: Member) -> Digest | None:
        """
        The digest of a file whose bytes are next, holes as zeros; None if the holes are too long for that.
        """
        passing = self._feed.passing(member.stored)
        if member.parts is not None:
            self.parts[member.place] = member.parts
            self._charge(PART_COST * len(member.parts))
            self._zeros += member.size - member.stored
            if self._zeros > MAX_ZEROS_HASHED:
                self._zeros -= member.size - member.stored
                self._feed.skip(member.stored)
                return None
            passing = sparse.filled(member.parts, member.size, passing)
        wanted, pieces, digest = self._kept.wants(entry, member.stored), [], hashlib.sha256()
        for piece in passing:
            digest.update(piece)
            if wanted:
                pieces.append(bytes(piece))
        if wanted:
            self._kept.take(member.place, digest.hexdigest(), b"".join(pieces))
        return Digest(digest.hexdigest())

    def _path_of(self, member: Member) -> str | None:
        path = normal(member.name)
        if path is None:
            upwards = ".." in member.name.split("/")
            note = "" if upwards else "no path, or one that is too long"
            self._remark(Trait.UPWARDS if upwards else Trait.UNREADABLE, member.name[:200], note)
            return None
        if member.name.startswith("/"):
            self._remark(Trait.ABSOLUTE, path)
        real = self._through_links(path)
        if real != path:
            self._remark(Trait.THROUGH_LINK, path, f"lands at {real}")
        return real

    def _through_links(self, path: str) -> str:
        """
        Where a member lands when folders on its way are symbolic links that came before it.
        """
        folder, _, name = path.rpartition("/")
        if not folder or not self._links:
            return path
        if folder not in self._landings:
            self._landings = {folder: self._landing(folder)}  # the next member is often in the same
        landing = self._landings[folder]
        return f"{landing}/{name}" if landing else name

    def _landing(self, folder: str) -> str:
        todo, done, followed = folder.split("/")[::-1], "", 0
        while todo:
            name = todo.pop()
            self._steps += 1
            if self._steps > MAX_STEPS:
                raise self._too_much("links in the tar lead too far to follow them all")
            if name == "..":
                done = done.rpartition("/")[0]
            elif name not in {"", "."}:
                done = f"{done}/{name}" if done else name
                target = self._links.get(done)
                if target is not None:
                    followed += 1
                    done = "" if target.startswith("/") else done.rpartition("/")[0]
                    todo.extend(target.split("/")[::-1])
                if followed > MAX_LINKS or len(done) > MAX_PATH:
                    return folder
        return done

    def _remark(self, trait: Trait, path: str, note: str = "") -> None:
        self._charge(len(path) + len(note))
        if len(self.remarks) < MAX_REMARKS:
            self.remarks.append(Remark(trait, path, note))

    def _charge(self, cost: int) -> None:
        self._metadata += cost
        if self._metadata > MAX_METADATA:
            raise self._too_much(f"entries and attributes of the tar take more than {MAX_METADATA} bytes")

    def _too_much(self, why: str) -> BadImage:
        self.is_too_much = True
        return BadImage(why)

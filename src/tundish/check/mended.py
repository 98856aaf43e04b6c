"""
A root with changes laid over it: the old contents, but for the files that have new ones.

A file that is changed leaves its hard links; the names that stay go on sharing what they shared.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from tundish.anatomy.index import Entry, Index, Kind
from tundish.check.hygiene import Act, Change
from tundish.core.digest import Digest

OF_CONTENT = ("security.ima", "security.evm")  # signatures of what is no longer there


def mended(index: Index, changes: Iterable[Change]) -> Index:
    """
    The root as it is once the changes are made; the old one stays as it is.
    """
    by_path = {change.path: change for change in changes}
    kept = [entry for entry in index if entry.path not in by_path]
    heirs = _heirs(kept, by_path)
    entries = [_inherited(entry, heirs) for entry in kept]
    fresh: dict[str, bytes] = {}
    for path, change in by_path.items():
        entry = _changed(change, index.get(path))
        if entry is not None:
            entries.append(entry)
            if entry.kind is Kind.FILE:
                fresh[path] = change.content
    return Index(index.origin, entries, _Over(index, fresh), index.remarks)


@dataclass(frozen=True, slots=True)
class _Over:
    old: Index
    fresh: Mapping[str, bytes]

    def stream(self, entry: Entry) -> Iterator[bytes]:
        if entry.path in self.fresh:
            return iter((self.fresh[entry.path],))
        return self.old.stream(entry.path)


def _heirs(kept: Iterable[Entry], gone: Mapping[str, Change]) -> dict[str, str]:
    """
    For each first name that goes, the first of the further ones that stay.
    """
    heirs: dict[str, str] = {}
    for entry in kept:
        if entry.first in gone:
            heirs.setdefault(entry.first, entry.path)
    return heirs


def _inherited(entry: Entry, heirs: Mapping[str, str]) -> Entry:
    if entry.first not in heirs:
        return entry
    heir = heirs[entry.first]
    return replace(entry, first="" if heir == entry.path else heir)


def _changed(change: Change, old: Entry | None) -> Entry | None:
    if change.act is Act.REMOVE:
        return None
    if change.act is Act.MODE:
        return replace(old or Entry(change.path, Kind.FOLDER), mode=0o755, uid=0, gid=0)
    mtime = old.mtime if old else 0
    if change.act is Act.LINK:
        size = len(change.target.encode())
        return Entry(change.path, Kind.LINK, 0o777, size=size, mtime=mtime, target=change.target)
    base = old if old and old.kind is Kind.FILE else Entry(change.path, Kind.FILE, mtime=mtime)
    xattrs = tuple(pair for pair in base.xattrs if pair[0] not in OF_CONTENT)
    digest = Digest.of(change.content)
    return replace(base, size=len(change.content), first="", xattrs=xattrs, digest=digest)

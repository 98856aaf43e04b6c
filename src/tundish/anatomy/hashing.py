"""
Digests for the files of an Index whose reader made none: of a disk, where content is read on demand.

Files are read in the order of their place, by two threads, each file with several names once. How many
bytes are hashed is bounded, so that a sparse file of an exabyte is listed and not read.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from tundish.anatomy.index import Entry, Index, Kind, Remark, Trait
from tundish.core.digest import Digest
from tundish.core.errors import BadImage

MAX_HASHED = 256 * 1024 * 1024 * 1024  # bytes of all files together
_THREADS = 2
_BATCH, _BATCH_SIZE = 256, 16 * 1024 * 1024  # files, and bytes, that a thread takes at once


def hashed(index: Index, limit: int = MAX_HASHED) -> Index:
    """
    The Index with the sha256 of each regular file; what is damaged, or over the limit, is remarked.
    """
    wanted = [one for one in index if one.kind is Kind.FILE and not one.first and one.digest is None]
    wanted.sort(key=lambda one: (one.place, one.path))
    taken, left = _within(wanted, limit)
    remarks = [Remark(Trait.UNSUPPORTED, one.path, f"not hashed: over {limit} bytes in all") for one in left]
    digests: dict[str, Digest] = {}
    with ThreadPoolExecutor(_THREADS) as threads:
        for done, failed in threads.map(lambda batch: _digests(index, batch), _batches(taken)):
            digests.update(done)
            remarks += failed
    for one in index:
        first = index.get(one.first) if one.first else None
        if first is not None and one.digest is None and (found := digests.get(first.path) or first.digest):
            digests[one.path] = found
    return index.with_digests(digests, remarks)


def _within(entries: Iterable[Entry], limit: int) -> tuple[list[Entry], list[Entry]]:
    taken: list[Entry] = []
    left: list[Entry] = []
    total = 0
    for one in entries:
        if total + one.size > limit:
            left.append(one)
        else:
            total += one.size
            taken.append(one)
    return taken, left


def _batches(entries: Sequence[Entry]) -> list[list[Entry]]:
    batches: list[list[Entry]] = []
    size = 0
    for one in entries:
        if not batches or len(batches[-1]) >= _BATCH or size >= _BATCH_SIZE:
            batches.append([])
            size = 0
        batches[-1].append(one)
        size += one.size
    return batches


def _digests(index: Index, batch: Iterable[Entry]) -> tuple[dict[str, Digest], list[Remark]]:
    done: dict[str, Digest] = {}
    failed: list[Remark] = []
    for one in batch:
        made = sha256()
        try:
            for piece in index.content(one):
                made.update(piece)
        except BadImage as error:
            failed.append(Remark(Trait.UNREADABLE, one.path, str(error)))
        else:
            done[one.path] = Digest(made.hexdigest())
    return done, failed

"""
Identifiers that follow from what is packed: the same root has the same ones, another root others.
"""

from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

from tundish.anatomy.index import Entry


def seed_of(entries: Iterable[Entry], epoch: int) -> bytes:
    """
    The digest of all that is packed: paths, what is said of them, and the digests of files.
    """
    made = sha256(b"%d" % epoch)
    for one in entries:
        said = (
            one.path,
            one.kind.value,
            one.mode,
            one.uid,
            one.gid,
            max(0, min(one.mtime, epoch)),
            one.target,
            one.first,
            one.xattrs,
            one.device,
            "" if one.digest is None else one.digest.hex,
        )
        made.update(repr(said).encode(errors="surrogateescape"))
    return made.digest()


def identifier(seed: bytes, role: str) -> UUID:
    """
    A UUID of the random kind for one part of what is packed.
    """
    return UUID(bytes=sha256(seed + role.encode()).digest()[:16], version=4)

"""
Real tar files of the trees of `systems.py`.
"""

import io
import tarfile
from pathlib import Path
from typing import Literal

from tests.support.images import Tree, index_of
from tundish.anatomy.index import Kind

_KINDS = {Kind.FOLDER: tarfile.DIRTYPE, Kind.LINK: tarfile.SYMTYPE}
MADE_AT = 1764000000


def packed(tree: Tree, path: Path, how: Literal["w:", "w:gz", "w:bz2", "w:xz"] = "w:gz") -> Path:
    """
    A tree as a tar, its paths behind `./`, in order.
    """
    root = index_of(tree)
    with tarfile.open(path, how) as tar:
        for entry in root:
            member = tarfile.TarInfo(f"./{entry.path}".rstrip("/"))
            member.type = _KINDS.get(entry.kind, tarfile.REGTYPE)
            member.mode, member.linkname, member.mtime = entry.mode, entry.target, MADE_AT
            data = root.read(entry.path) if entry.kind is Kind.FILE else b""
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path

"""
Paths as Windows and its filesystems look them up: whatever the case of their letters.
"""

from tundish.anatomy.index import Entry, Index

MAX_CHILDREN = 200_000


def folded(index: Index, path: str) -> Entry | None:
    """
    The entry of a path whose segments differ in case at most; None if there is none.
    """
    if exact := index.get(path):
        return exact
    at: Entry | None = None
    folder = ""
    for segment in path.split("/"):
        wanted = segment.casefold()
        children = index.children(folder)[:MAX_CHILDREN]
        at = next((entry for entry in children if entry.name.casefold() == wanted), None)
        if at is None:
            return None
        folder = at.path
    return at

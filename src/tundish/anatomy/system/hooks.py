"""
What an image brings along for the installer in /curtin.
"""

from tundish.anatomy.facts import Hooks
from tundish.anatomy.index import Index, Kind

FOLDER = "curtin"
_MAIN = ("curtin-hooks", "finalize")


def read(target: Index) -> Hooks:
    """
    The hooks in the filesystem that is the installer's target.
    """
    others = (entry.path for entry in target.children(FOLDER) if entry.name not in _MAIN)
    return Hooks(
        folder=target.is_folder(FOLDER),
        curtin_hooks=_is_run(target, _MAIN[0]),
        finalize=_is_run(target, _MAIN[1]),
        others=tuple(others),
    )


def _is_run(target: Index, name: str) -> bool:
    """
    Whether the installer finds a regular file: it looks from outside, where an absolute link leads elsewhere.
    """
    folder, entry = target.get(FOLDER), target.get(f"{FOLDER}/{name}")
    outside = any(
        one is not None and one.kind is Kind.LINK and one.target.startswith("/") for one in (folder, entry)
    )
    return not outside and target.is_file(f"{FOLDER}/{name}")

"""
Which modules an interpreter inside an image can import, by where it would look for them.
"""

import re
from collections.abc import Iterator

from tundish.anatomy.index import Index
from tundish.anatomy.system.beginning import beginning

MAX_FOLDERS = 20
_BASES = ("usr/local/lib", "usr/lib", "usr/lib64", "usr/local/lib64", "lib")
_PACKAGES = ("dist-packages", "site-packages")
_VERSION = re.compile(r"python(\d+(?:\.\d+)?)\Z")
_FOLDER = re.compile(r"python(\d+(?:\.\d+)?)")


def folders(index: Index, script: str) -> tuple[str, ...]:
    """
    Where the interpreter of a script looks for modules; every interpreter's folders if that is not known.
    """
    version = _version(index, script)
    found = (tuple(dict.fromkeys(_folders(index, each))) for each in (version, ""))
    return next(filter(None, found), ())[:MAX_FOLDERS]


def _folders(index: Index, version: str) -> Iterator[str]:
    for base in _BASES:
        for entry in index.children(base):
            found = _FOLDER.fullmatch(entry.name)
            if found and _fits(found[1], version):
                yield from (
                    index.resolve(f"{entry.path}/{name}")
                    for name in _PACKAGES
                    if index.is_folder(f"{entry.path}/{name}")
                )


def _fits(found: str, version: str) -> bool:
    """
    Debian keeps modules for every version 3 in `python3`.
    """
    return (
        not version or found == version or found.startswith(f"{version}.") or version.startswith(f"{found}.")
    )


def _version(index: Index, script: str) -> str:
    words = (
        beginning(index, script, 256)
        .partition(b"\n")[0]
        .decode("utf-8", "replace")
        .removeprefix("#!")
        .split()
    )
    program = next((word for word in words if "python" in word), "")
    path = program if program.startswith("/") else f"usr/bin/{program}"
    place = index.at(path) if program else None
    found = _VERSION.search(place.path if place else program)
    return found[1] if found else ""

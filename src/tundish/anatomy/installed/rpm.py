"""
What rpm says is installed, in whichever of its three databases.

A folder may hold the database of an earlier rpm beside the current one; the newest kind that is there counts.
"""

from collections.abc import Iterator

from tundish.anatomy.facts import Installed
from tundish.anatomy.index import Index
from tundish.anatomy.installed import bdb, ndb, rpm_header, sqlite
from tundish.core.errors import BadImage

FOLDERS = ("usr/lib/sysimage/rpm", "var/lib/rpm", "usr/share/rpm")
FILES = ("rpmdb.sqlite", "Packages.db", "Packages")
MAX_DATABASE = 256 * 1024 * 1024
_KEYS = "gpg-pubkey"  # a key that was imported stands there like a package


def read(index: Index) -> tuple[Installed, ...]:
    """
    The packages that are installed, sorted; empty where there is no database.

    Raises:
        BadImage: the database is damaged; the message names the file.
    """
    place = found(index)
    if not place:
        return ()
    try:
        packages = [rpm_header.package(blob) for blob in _blobs(index, place)]
    except BadImage as error:
        raise BadImage(f"{place}: {error}") from error
    return tuple(sorted(package for package in packages if package.name != _KEYS))


def found(index: Index) -> str:
    """
    The path of the database; empty where there is none that holds anything.
    """
    places = (f"{folder}/{name}" for folder in FOLDERS for name in FILES)
    return next((place for place in places if (entry := index.at(place)) and entry.size), "")


def _blobs(index: Index, place: str) -> Iterator[bytes]:
    data = index.read(place, MAX_DATABASE)
    if place.endswith(FILES[0]):
        log = index.read(place + "-wal", MAX_DATABASE) if index.is_file(place + "-wal") else b""
        for row in sqlite.rows(data, "Packages", log):
            if len(row) < 2 or not isinstance(row[1], bytes):
                raise BadImage("a row of the table Packages holds no header")
            yield row[1]
    elif place.endswith(FILES[1]):
        yield from ndb.blobs(data)
    else:
        # the key 0 holds the last number that was given to a package
        yield from (value for key, value in bdb.values(data) if any(key))

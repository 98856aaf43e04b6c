"""
Where foreign exceptions stop: what the database says becomes an error of ours.

The table is looked up along the ancestors of an exception. Statements and parameters never get into a
message, they may hold secrets; the words of the engine do.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from tundish.core.errors import Conflict, InputError, NoSpace, Overloaded, StorageError, TundishError

MEANING: dict[type[exc.SQLAlchemyError], type[TundishError]] = {
    exc.IntegrityError: Conflict,
    exc.DataError: InputError,  # a value that the engine cannot hold
    exc.TimeoutError: Overloaded,  # every connection is in use
    exc.DBAPIError: StorageError,
    exc.StatementError: InputError,  # a value that could not be written down
    # The rest are our own mistakes; still nobody above should meet a foreign class.
    exc.ArgumentError: StorageError,
    exc.CircularDependencyError: StorageError,
    exc.CompileError: StorageError,
    exc.DisconnectionError: StorageError,
    exc.IdentifierError: StorageError,
    exc.InvalidRequestError: StorageError,
    exc.NoReferenceError: StorageError,
    exc.UnboundExecutionError: StorageError,
    exc.UnreflectableTableError: StorageError,
}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_NO_ROOM_TO_OPEN = sqlite3.SQLITE_IOERR_SHMSIZE  # what a full disk is called before the first statement
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@contextmanager
def wall(place: str) -> Iterator[None]:
    """
    Let only errors of ours out; `place` names the catalog in their messages.

    Raises:
        Overloaded: somebody else is writing and did not end in time.
        NoSpace: the disk is full.
        Conflict: it is there already, or refers to something that is not.
        InputError: a value that cannot be stored.
        StorageError: the catalog is damaged, cannot be read or written, or the statement is wrong.
    """
    try:
        yield
    except exc.SQLAlchemyError as error:
        raise translated(error, place) from error
    except (OverflowError, UnicodeError, RecursionError) as error:  # what the driver says of a value
        raise InputError(f"{place}: a value that cannot be stored: {error}") from error


def translated(error: exc.SQLAlchemyError, place: str) -> TundishError:
    """
    The error of ours that says the same.
    """
    if isinstance(error, exc.DBAPIError) and isinstance(error.orig, sqlite3.Error):
        special = _of_sqlite(error.orig, place)
        if special is not None:
            return special
    meaning = next(MEANING[kind] for kind in [*type(error).__mro__, exc.DBAPIError] if kind in MEANING)
    words = (error.orig if isinstance(error, exc.StatementError) else None) or type(error).__name__
    if meaning is Overloaded:
        return Overloaded(f"{place} has too many callers at once; try again")
    if meaning is Conflict:
        return Conflict(f"{place} holds this already, or does not hold what it refers to: {words}")
    if meaning is InputError:
        return InputError(f"{place}: a value that cannot be stored: {words}")
    return StorageError(f"{place} cannot be read or written: {words}")


def _of_sqlite(error: sqlite3.Error, place: str) -> TundishError | None:
    refined = getattr(error, "sqlite_errorcode", 0)
    code = refined & 0xFF
    if code in _BUSY:
        return Overloaded(f"somebody else is writing to {place} and did not end in time; try again")
    if code == sqlite3.SQLITE_FULL or refined == _NO_ROOM_TO_OPEN:
        return NoSpace(place)
    if code in _BROKEN:
        return StorageError(
            f"{place} is damaged or not a catalog ({error}); put a backup in its place, or move it away "
            "and sync again"
        )
    return None

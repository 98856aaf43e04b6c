"""
No exception of the database gets past the catalog.
"""

import sqlite3

import pytest
from sqlalchemy import exc

from tundish.catalog.wall import MEANING, wall
from tundish.core.errors import Conflict, InputError, NoSpace, Overloaded, StorageError, TundishError

FOREIGN = sorted(
    (kind for kind in vars(exc).values() if isinstance(kind, type) and issubclass(kind, exc.SQLAlchemyError)),
    key=lambda kind: kind.__name__,
)


def of_the_driver(code: int) -> exc.OperationalError:
    original = sqlite3.OperationalError("the engine's words")
    original.sqlite_errorcode = code
    return exc.OperationalError("SELECT secret", {"password": "secret"}, original)


def let_through(error: Exception) -> TundishError:
    with pytest.raises(TundishError) as caught, wall("the catalog x"):
        raise error
    return caught.value


@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda kind: kind.__name__)
def test_every_foreign_exception_has_a_meaning(foreign: type[exc.SQLAlchemyError]) -> None:
    """
    Each class of the library, or the family it belongs to, stands in the table.
    """
    assert foreign is exc.SQLAlchemyError or set(foreign.__mro__) & set(MEANING)


@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda kind: kind.__name__)
def test_every_foreign_exception_becomes_one_of_ours(foreign: type[exc.SQLAlchemyError]) -> None:
    """
    Each class of the library, thrown within the wall, comes out as an error that names the catalog.
    """
    assert "the catalog x" in str(let_through(foreign.__new__(foreign)))


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        (sqlite3.SQLITE_BUSY, Overloaded),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Overloaded),
        (sqlite3.SQLITE_LOCKED, Overloaded),
        (sqlite3.SQLITE_FULL, NoSpace),
        (sqlite3.SQLITE_IOERR_SHMSIZE, NoSpace),
        (sqlite3.SQLITE_CORRUPT, StorageError),
        (sqlite3.SQLITE_NOTADB, StorageError),
        (sqlite3.SQLITE_IOERR_FSYNC, StorageError),
        (sqlite3.SQLITE_READONLY, StorageError),
        (sqlite3.SQLITE_CANTOPEN, StorageError),
    ],
)
def test_what_the_engine_says_becomes_one_of_ours(code: int, ours: type[TundishError]) -> None:
    """
    Locked, full, damaged and unreadable are told apart.
    """
    assert ours is type(let_through(of_the_driver(code)))


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (exc.IntegrityError("INSERT", {}, sqlite3.IntegrityError("UNIQUE")), Conflict),
        (exc.TimeoutError(), Overloaded),
        (exc.StatementError("a time without a zone", "INSERT", {}, ValueError("no zone")), InputError),
        (OverflowError("too large"), InputError),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), InputError),
    ],
)
def test_a_fault_of_the_caller_is_told_so(error: Exception, ours: type[TundishError]) -> None:
    """
    What the caller can mend is not called a broken catalog.
    """
    assert ours is type(let_through(error))


def test_statements_and_parameters_stay_inside() -> None:
    """
    The engine's words are told, what was asked of it is not.
    """
    assert "the catalog x cannot be read or written: the engine's words" == str(
        let_through(of_the_driver(sqlite3.SQLITE_ERROR))
    )


def test_our_own_errors_pass() -> None:
    """
    An error of ours, raised within the wall, is not touched.
    """
    ours = Conflict("taken")

    assert ours is let_through(ours)

"""
The database: opening, transactions, and everything in which engines differ.

Today the engine is SQLite in WAL mode: readers never wait, one writer at a time, every commit is on the
disk when it returns. Statements elsewhere in this room must run on PostgreSQL as they stand.
"""

import glob
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import quote, unquote_to_bytes

from sqlalchemy import URL, Connection, Engine, create_engine, event

from tundish.catalog import alive, conditions
from tundish.catalog.lock import held, holder_of, shared
from tundish.catalog.schema import stored_revision, upgrade
from tundish.catalog.tables import HEAD
from tundish.catalog.wall import wall
from tundish.core.errors import Busy, InputError, NotFound, StorageError
from tundish.core.names import word

T = TypeVar("T")

PATIENCE = 10.0  # seconds a writer waits for another
MOST_ROWS = 10_000  # in one answer to a list with a limit
PORTION = 500  # values in one IN (...); engines bound the parameters of a statement
CONNECTIONS = 20  # at once; more callers wait

_SCHEME = "sqlite:///"
_ALIVE = ".alive"


class Database:
    """
    One open catalog database. Safe to use from several threads.
    """

    def __init__(self, engine: Engine, path: Path, patience: float = PATIENCE) -> None:
        self._turn, self._patience = threading.Lock(), patience
        self.place = f"the catalog {path}"
        self._path = path
        self._reading = engine
        self._writing = engine.execution_options(begin="BEGIN IMMEDIATE")

    @classmethod
    def open(cls, url: str, *, patience: float = PATIENCE) -> Self:
        """
        Open the database of a URL (see `sqlite_url`): made if it is new, brought to our schema if it is old.

        Raises:
            InputError: a URL that we do not understand.
            NotFound: there is no folder for it.
            StorageError: it is damaged, no catalog, or written by a newer tundish.
        """
        path = _path_of(url)
        if not path.parent.is_dir():
            raise NotFound(f"there is no folder {path.parent} to keep the catalog in; create it")
        if not path.exists():
            _create(path, patience)
        database = cls(_engine(path, patience), path, patience)
        try:
            database._bring_up_to_date()
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        self._reading.dispose()

    def hide_place(self) -> None:
        """
        Let errors not say where the catalog is any more: for a process that tells them to strangers.
        """
        self.place = "the catalog"

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """
        All or nothing: committed when the context is left, undone when it is left by an error.

        Raises:
            Busy, NoSpace, Conflict, InputError, StorageError: see `wall`.
        """
        if (inside := conditions.inside()) is not None:
            yield inside
            return
        with self._in_turn(), wall(self.place), self._writing.begin() as connection:
            conditions.judge(connection)
            yield connection

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """
        One writer of this process at a time. SQLite lets in who looks at the right moment, so of many threads
        some would wait until they give up. Who has waited long enough here asks SQLite all the same.
        """
        is_ours = self._turn.acquire(timeout=self._patience)
        try:
            yield
        finally:
            if is_ours:
                self._turn.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """
        The state of one moment, however many questions are asked within the context.

        Raises:
            Busy, StorageError: see `wall`.
        """
        if (inside := conditions.inside()) is not None:
            yield inside
            return
        with wall(self.place), self._reading.begin() as connection:
            yield connection

    @contextmanager
    def watching(self) -> Iterator[Callable[[], object]]:
        """
        A question that reads no table: its answer is another one once anybody has written to the database.

        Raises:
            Busy, StorageError: see `wall`.
        """
        with wall(self.place):
            connection = self._reading.raw_connection()
        try:

            def stamp() -> object:
                with wall(self.place):
                    cursor = connection.cursor()
                    cursor.execute("PRAGMA data_version")
                    found: object = cursor.fetchone()
                    cursor.close()
                    return found

            yield stamp
        finally:
            connection.close()

    @contextmanager
    def exclusive(self, name: str, holder: str) -> Iterator[None]:
        """
        Be the only one, among all processes with this catalog, to do what is called `name`.

        It ends with the context or the process. `holder` is told to the others.

        Raises:
            Busy: somebody else does it, or has everything to itself; the message says who and since when.
        """
        name = word("lock name", name)
        with shared(self._everything, "the whole state"), held(self._lock(name), name, holder):
            yield

    @contextmanager
    def together(self) -> Iterator[None]:
        """
        Keep everybody from having the state to himself, beside any number of others who do the same.

        Raises:
            Busy: somebody has it to himself; the message says who and since when.
        """
        with shared(self._everything, "the whole state"):
            yield

    @contextmanager
    def alone(self, holder: str) -> Iterator[None]:
        """
        Be the only one who does anything that is exclusive: for who may delete what the others count on.

        Raises:
            Busy: somebody does something; the message says what, who and since when.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(held(self._everything, "the whole state", holder))
            except Busy as error:
                raise Busy(self._under_way() or str(error)) from None
            yield

    def holder(self, name: str) -> str:
        """
        Who does what is called `name` right now, and since when; empty if nobody does.
        """
        return holder_of(self._lock(word("lock name", name)))

    @contextmanager
    def alive(self, mark: str) -> Iterator[None]:
        """
        Be seen to live, by a mark that nobody had before, until the context is left or the process has died.

        Raises:
            NoSpace, StorageError: the disk refuses.
        """
        boot = alive.boot()
        with alive.living(_beside(self._path, f".{word('mark', mark)}{_ALIVE}"), boot):
            yield
            alive.bury(self._path.parent.glob(f"{glob.escape(self._path.name)}.*{_ALIVE}"), boot)

    def is_dead(self, mark: str) -> bool:
        """
        Whether the process that was seen to live by this mark has died, beyond doubt.
        """
        return mark.isalnum() and alive.is_dead(_beside(self._path, f".{mark}{_ALIVE}"), alive.boot())

    @property
    def _everything(self) -> Path:
        return _beside(self._path, ".everything.lock")

    def _lock(self, name: str) -> Path:
        return _beside(self._path, f".{name}.lock")

    def _under_way(self) -> str:
        """
        What is being done, by whom and since when; empty if it ended meanwhile.
        """
        for path in sorted(self._path.parent.glob(f"{glob.escape(self._path.name)}.*.lock")):
            if path != self._everything and (who := holder_of(path)):
                name = path.name.removeprefix(f"{self._path.name}.").removesuffix(".lock")
                return f"{name} is under way, by {who}; wait until that has ended"
        return ""

    def _bring_up_to_date(self) -> None:
        with self.read() as connection:
            if stored_revision(connection) == HEAD:
                return
        with _migrating(self._path), self.transaction() as connection:
            upgrade(connection, self.place)


def sqlite_url(path: Path) -> str:
    """
    The URL of a catalog in a file, whatever signs its path has.
    """
    return _SCHEME + quote(os.fsencode(path.absolute()))


def bounded(limit: int) -> int:
    """
    How many rows an answer may have.

    Raises:
        InputError: none, or too many.
    """
    if not 1 <= limit <= MOST_ROWS:
        raise InputError(f"a limit of {limit}: give one between 1 and {MOST_ROWS}")
    return limit


def portions(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """
    The values in parts that one statement can take.
    """
    for start in range(0, len(values), PORTION):
        yield values[start : start + PORTION]


def _path_of(url: str) -> Path:
    if not url.startswith(_SCHEME):
        kind = url.partition(":")[0][:20]  # never the whole: a URL may hold a password
        raise InputError(f"a catalog of kind {kind!r} is not known; give {_SCHEME}/ABSOLUTE/PATH")
    path = Path(os.fsdecode(unquote_to_bytes(url.removeprefix(_SCHEME))))
    if not path.is_absolute() or not path.name or "\0" in str(path):
        raise InputError(f"a catalog needs the absolute path of a file: {_SCHEME}/ABSOLUTE/PATH")
    return path


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _migrating(path: Path) -> AbstractContextManager[None]:
    return held(_beside(path, ".schema.lock"), "the schema", "an upgrade", wait=True)


def _create(path: Path, patience: float) -> None:
    """
    Make a new catalog under another name first: an empty file in its place is a damaged one, not a new one.
    """
    new = _beside(path, ".new")
    with _migrating(path):
        if path.exists():  # made by another process while we waited
            return
        try:
            for leftover in (new, _beside(new, "-wal"), _beside(new, "-shm")):
                leftover.unlink(missing_ok=True)
            os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            database = Database(_engine(new, patience), path, patience)
            try:
                with database.transaction() as connection:
                    upgrade(connection, database.place, fresh=True)
            finally:
                database.close()  # this also folds the WAL into the file
            new.rename(path)
            _sync_folder(path.parent)
        except OSError as error:
            raise StorageError(f"cannot create the catalog {path}: {error.strerror}") from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _engine(path: Path, patience: float) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        creator=lambda: _connected(path, patience),
        max_overflow=CONNECTIONS - 5,  # above the five that stay open
        pool_timeout=patience,
    )
    event.listen(engine, "begin", _begin)
    return engine


def _connected(path: Path, patience: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(os.fsencode(path))}?mode=rw",  # never creates
        uri=True,
        timeout=patience,
        isolation_level=None,  # we say BEGIN ourselves
        check_same_thread=False,  # the pool hands it to one thread at a time
    )
    try:
        for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}").close()
    except BaseException:
        with suppress(sqlite3.Error):
            connection.close()
        raise
    return connection


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

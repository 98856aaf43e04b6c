"""
Opening a catalog, its transactions, and what SQLite is told. See `tests/migration` for its schema.
"""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from tundish.catalog import tables
from tundish.catalog.db import Database, sqlite_url
from tundish.core.errors import Busy, Conflict, InputError, InvalidName, NoSpace, NotFound

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOB = {"kind": "sync", "outcome": "running", "subject": "maas", "detail": "", "started_at": NOON}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database.open(sqlite_url(path), patience=0.01)
    yield opened
    opened.close()


def count(connection: Connection) -> int:
    return len(connection.execute(select(tables.jobs.c.id)).all())


def jobs(database: Database) -> int:
    with database.read() as connection:
        return count(connection)


@pytest.mark.parametrize("name", ["a b.db", "50%.db", "what?.db", "#1.db", "ü&=+.db", "not utf-8 \udcff.db"])
def test_a_path_may_have_any_signs(tmp_path: Path, name: str) -> None:
    """
    The catalog is kept in exactly the file that its URL was made for.
    """
    (tmp_path / name).mkdir()

    Database.open(sqlite_url(tmp_path / name / name)).close()

    assert {name, f"{name}.schema.lock"} == {file.name for file in (tmp_path / name).iterdir()}


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (
            "postgresql://me:hunter2@db.example/x",
            r"^a catalog of kind 'postgresql' is not known; give sqlite:",
        ),
        ("", "of kind ''"),
        ("catalog.db", "of kind 'catalog.db'"),
        ("sqlite:///catalog.db", "absolute path"),
        ("sqlite:///:memory:", "absolute path"),
        ("sqlite:///", "absolute path"),
        ("sqlite:////", "absolute path"),
        ("sqlite:////tmp/%00", "absolute path"),
    ],
)
def test_a_url_we_do_not_understand_is_refused(url: str, says: str) -> None:
    """
    Only SQLite files with an absolute path are taken; a password in a URL is not repeated.
    """
    with pytest.raises(InputError, match=says):
        Database.open(url)


def test_a_folder_is_not_made(tmp_path: Path) -> None:
    """
    A catalog goes into a folder that is there.
    """
    with pytest.raises(NotFound, match=r"no folder .*/missing to keep the catalog in; create it"):
        Database.open(sqlite_url(tmp_path / "missing" / "catalog.db"))


def test_nobody_else_may_read_it(path: Path, database: Database) -> None:
    """
    The catalog and every file beside it belong to us alone, those of a running transaction too.
    """
    with database.transaction() as connection, database.exclusive("sync", "me"):
        connection.execute(insert(tables.jobs), JOB)

        assert {0o600} == {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}


def test_several_may_create_it_at_once(path: Path) -> None:
    """
    Of those who find no catalog one makes it, and the others open what was made.
    """
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: Database.open(sqlite_url(path)), range(4)))

    assert [0, 0, 0, 0] == [jobs(database) for database in opened]

    for database in opened:
        database.close()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 10)],
)
def test_sqlite_is_told_to_be_careful(database: Database, pragma: str, value: object) -> None:
    """
    Write-ahead log, a real sync at every commit, foreign keys, and patience.
    """
    with database.read() as connection:
        assert value == connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    """
    An error within a transaction undoes all of it.
    """
    with pytest.raises(Conflict), database.transaction() as connection:
        connection.execute(insert(tables.jobs), [{**JOB, "id": 1}, {**JOB, "id": 1}])

    assert 0 == jobs(database)


def test_a_reader_sees_one_moment(database: Database) -> None:
    """
    What is written meanwhile does not change what a reader sees.
    """
    with database.read() as reading:
        before = count(reading)
        with database.transaction() as connection:
            connection.execute(insert(tables.jobs), JOB)

        assert before == count(reading)


def test_a_second_writer_gives_up_in_time(database: Database) -> None:
    """
    Who cannot write within the time given is told that somebody else does.
    """
    with (
        database.transaction(),
        pytest.raises(Busy, match="somebody else is writing"),
        database.transaction(),
    ):
        pass


def test_a_full_disk_is_told_as_such(database: Database) -> None:
    """
    No room for another page is `NoSpace`, and leaves what was there.
    """

    def overfill() -> None:
        with database.transaction() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
            connection.execute(insert(tables.jobs), {**JOB, "detail": "x" * 100_000})

    with pytest.raises(NoSpace, match="no space left in the catalog"):
        overfill()

    assert 0 == jobs(database)


def test_what_refers_to_nothing_is_refused(database: Database) -> None:
    """
    Foreign keys are kept.
    """
    row = {"source": "nowhere", "document": "index", "digest": "", "at": NOON}

    with pytest.raises(Conflict, match="FOREIGN KEY"), database.transaction() as connection:
        connection.execute(insert(tables.seen), row)


def test_one_at_a_time_across_objects(path: Path, database: Database) -> None:
    """
    A second holder is refused, and told who holds it and since when.
    """
    other = Database.open(sqlite_url(path))

    with (
        database.exclusive("sync", "tundish sync"),
        pytest.raises(
            Busy, match=rf"^sync is taken by tundish sync, process {os.getpid()} since 20\d\d-.* UTC;"
        ),
        other.exclusive("sync", "another"),
    ):
        pass

    other.close()


def test_what_was_held_is_free_again(database: Database) -> None:
    """
    A lock ends with its context, also when that is left by an error.
    """
    with pytest.raises(KeyError), database.exclusive("sync", "one"):
        raise KeyError

    with database.exclusive("sync", "two"):
        assert True


def test_other_names_are_other_locks(database: Database) -> None:
    """
    A sync does not keep a build waiting.
    """
    with database.exclusive("sync", "one"), database.exclusive("build", "two"):
        assert True


def test_who_wants_all_to_itself_is_told_what_is_under_way(path: Path, database: Database) -> None:
    """
    Whatever is done exclusively, and by whom.
    """
    other = Database.open(sqlite_url(path))

    with (
        database.exclusive("publish-stable", "one"),
        pytest.raises(Busy, match=r"^publish-stable is under way, by one, process"),
        other.alone("store gc"),
    ):
        pass

    other.close()


def test_nothing_begins_while_one_has_all_to_itself(path: Path, database: Database) -> None:
    """
    Neither a sync nor a second one of its kind; both are told who it is.
    """
    other, refusals = Database.open(sqlite_url(path)), []
    with database.alone("store gc"):
        for attempt in (other.exclusive("sync", "two"), other.alone("two")):
            with pytest.raises(Busy) as refusal, attempt:
                pass
            refusals.append("taken by store gc, process" in str(refusal.value))
    other.close()

    assert [True, True] == refusals


def test_all_to_oneself_ends_with_its_context(database: Database) -> None:
    """
    Then everything may begin again.
    """
    with database.alone("one"):
        pass

    with database.exclusive("sync", "two"), pytest.raises(Busy), database.alone("three"):
        pass


@pytest.mark.parametrize("name", ["", "../sync", "a b", "x" * 300])
def test_a_lock_has_a_plain_name(database: Database, name: str) -> None:
    """
    The name of a lock is a word: it becomes part of a file name.
    """
    with pytest.raises(InvalidName, match="lock name"), database.exclusive(name, "me"):
        pass


def test_opening_loads_only_what_it_needs(path: Path, database: Database) -> None:
    """
    A catalog at our schema is opened without Alembic and without the object mapper: they take long to load.
    """
    script = (
        "import sys; from tundish.catalog.opened import Catalog; Catalog.open(sys.argv[1]).close();"
        "print(sorted({'alembic', 'sqlalchemy.orm', 'difflib'} & set(sys.modules)))"
    )

    assert b"[]\n" == subprocess.check_output([sys.executable, "-c", script, sqlite_url(path)])

"""
The schema and the chain of migrations that leads to it; what is no catalog, or not of our time.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from tundish.catalog.db import Database, sqlite_url
from tundish.catalog.opened import Catalog
from tundish.catalog.schema import MIGRATIONS
from tundish.catalog.tables import HEAD, metadata
from tundish.core.errors import StorageError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """
    A new catalog.
    """
    path = tmp_path / "catalog.db"
    Database.open(sqlite_url(path)).close()
    return path


@pytest.fixture
def scratch() -> Iterator[Engine]:
    engine = create_engine("sqlite://")
    yield engine
    engine.dispose()


def shape(connection: Connection) -> dict[str, object]:
    """
    Everything the engine tells of its tables, by table; the mark of the chain left out.
    """
    eye = inspect(connection)
    return {
        table: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in eye.get_columns(table)],
            eye.get_pk_constraint(table),
            sorted(map(str, eye.get_foreign_keys(table))),
            sorted(map(str, eye.get_unique_constraints(table))),
            sorted(map(str, eye.get_check_constraints(table))),
            sorted(
                str(
                    {
                        **each,
                        "dialect_options": {
                            key: str(value) for key, value in each["dialect_options"].items()
                        },
                    }
                )
                for each in eye.get_indexes(table)
            ),
            re.search("AUTOINCREMENT", words(connection, table)),
        )
        for table in eye.get_table_names()
        if table != "alembic_version"
    }


def words(connection: Connection, table: str) -> str:
    asked = text("SELECT sql FROM sqlite_master WHERE name = :name")
    return re.sub(r"\s+", " ", str(connection.scalar(asked, {"name": table})))


def test_the_chain_leads_to_the_schema(path: Path, scratch: Engine) -> None:
    """
    A database made by the migrations is one made from the tables: columns, types, keys, indexes, names.
    """
    database = Database.open(sqlite_url(path))

    with scratch.begin() as from_zero, database.read() as from_chain:
        metadata.create_all(from_zero)

        assert {table: str(of) for table, of in shape(from_zero).items()} == {
            table: str(of) for table, of in shape(from_chain).items()
        }

    database.close()


def test_every_constraint_has_a_name() -> None:
    """
    What has a name can be changed by a later migration on every engine.
    """
    constraints = [one for table in metadata.tables.values() for one in table.constraints]

    assert [] == [one for one in constraints if not one.name]


def test_the_chain_is_a_chain() -> None:
    """
    Migrations are numbered without gaps, each builds on the one before, and files are named after them.
    """
    scripts = list(ScriptDirectory(str(MIGRATIONS)).walk_revisions())[::-1]
    numbers = [f"{n:04d}" for n in range(1, len(scripts) + 1)]

    assert list(zip([None, *numbers], numbers, strict=False)) == [
        (script.down_revision, script.revision) for script in scripts
    ]


def test_files_are_named_after_their_migration() -> None:
    """
    A migration's file begins with its number and goes on in plain words.
    """
    files = sorted(file.name for file in (MIGRATIONS / "versions").glob("*.py"))

    assert [] == [name for name in files if not re.fullmatch(r"\d{4}(_[a-z0-9]+)+\.py", name)]


def test_the_constant_is_the_head_of_the_chain() -> None:
    """
    The revision that opening compares with, to spare loading Alembic, is the newest.
    """
    assert HEAD == ScriptDirectory(str(MIGRATIONS)).get_current_head()


def test_a_catalog_of_a_newer_tundish_is_refused(path: Path) -> None:
    """
    A schema we do not know is not touched; the message says what to do.
    """
    database = Database.open(sqlite_url(path))
    with database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()

    with pytest.raises(StorageError, match=rf"newer tundish: it has schema '9999', .* up to {HEAD}; upgrade"):
        Database.open(sqlite_url(path))


def test_another_database_is_refused(path: Path) -> None:
    """
    A database without the mark of our chain is not made into a catalog.
    """
    database = Database.open(sqlite_url(path))
    with database.transaction() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    database.close()

    with pytest.raises(StorageError, match="does not say which schema it has; put a backup in its place"):
        Database.open(sqlite_url(path))


@pytest.mark.parametrize("content", [b"\0" * 8192, b"not a database at all\n" * 400, b"SQLite format 3\0"])
def test_garbage_is_refused(path: Path, content: bytes) -> None:
    """
    What is no database is called so, and left as it is.
    """
    path.write_bytes(content)

    with pytest.raises(
        StorageError, match=f"{path} is (damaged or )?not a catalog.*put a backup in its place"
    ):
        Database.open(sqlite_url(path))

    assert content == path.read_bytes()


@pytest.mark.parametrize("length", [0, 1, 100, 4096, 40_000])
def test_a_truncated_catalog_is_refused(path: Path, length: int) -> None:
    """
    A catalog that lost its end, or everything, is not taken for a new one.
    """
    path.write_bytes(path.read_bytes()[:length])

    with pytest.raises(
        StorageError, match=f"{path} is (damaged or )?not a catalog.*put a backup in its place"
    ):
        Catalog.open(sqlite_url(path))


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    """
    What cannot be opened is named.
    """
    (tmp_path / "catalog.db").mkdir()

    with pytest.raises(StorageError, match=r"catalog\.db cannot be read or written: unable to open"):
        Database.open(sqlite_url(tmp_path / "catalog.db"))

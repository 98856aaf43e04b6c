"""
What a process that is killed leaves behind: nothing half-done, nothing taken.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.core.errors import Busy

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

HALFWAY = """
import sys
from sqlalchemy import delete
from tundish.catalog import tables
from tundish.catalog.db import Database
database = Database.open(sys.argv[1])
with database.transaction() as connection:
    connection.exec_driver_sql("PRAGMA cache_size=1")  # let pages reach the disk before the commit
    connection.execute(delete(tables.events))
    print("ready", flush=True)
    sys.stdin.read()
"""
HOLDING = """
import sys
from tundish.catalog.db import Database
database = Database.open(sys.argv[1])
with database.exclusive("sync", "the other"):
    print("ready", flush=True)
    sys.stdin.read()
"""
CREATING = """
import sys
from pathlib import Path
from sqlalchemy import event, Engine
from tundish.catalog.db import Database
def stop(*call):
    if "CREATE TABLE files" in call[2]:
        print("ready", flush=True)
        sys.stdin.read()
event.listen(Engine, "after_cursor_execute", stop)
Database.open(sys.argv[1])
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path / "catalog.db")


@contextmanager
def stopped_at(script: str, url: str) -> Iterator[None]:
    """
    A process that has come to where its script waits; killed when the context is left.
    """
    with subprocess.Popen(
        [sys.executable, "-c", script, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "ready\n" == process.stdout.readline()
        try:
            yield
        finally:
            process.send_signal(signal.SIGKILL)


def events(catalog: Catalog) -> list[str]:
    return [happened.text for happened in catalog.events.list()]


def test_a_killed_transaction_never_was(url: str) -> None:
    """
    Killed in the middle of a transaction, a process leaves the catalog as it was before.
    """
    catalog = Catalog.open(url)
    catalog.events.add("sync", "maas", "x" * 100_000, NOON)
    before = events(catalog)
    catalog.close()

    with stopped_at(HALFWAY, url):
        pass

    again = Catalog.open(url)
    assert before == events(again)
    again.close()


def test_a_killed_process_holds_nothing(url: str) -> None:
    """
    An exclusive lock is taken while its process lives, and free when it is killed.
    """
    catalog = Catalog.open(url)
    with (
        stopped_at(HOLDING, url),
        pytest.raises(Busy, match=r"sync is taken by the other, process \d+ since 20"),
        catalog.database.exclusive("sync", "me"),
    ):
        pass

    with catalog.database.exclusive("sync", "me"):
        catalog.close()


def test_a_killed_creation_is_begun_anew(url: str, tmp_path: Path) -> None:
    """
    A catalog that was never finished is not there, and does not stand in the way of a new one.
    """
    with stopped_at(CREATING, url):
        assert not (tmp_path / "catalog.db").exists()

    catalog = Catalog.open(url)
    assert [] == events(catalog)
    catalog.close()
    assert {"catalog.db", "catalog.db.schema.lock"} == {file.name for file in tmp_path.iterdir()}

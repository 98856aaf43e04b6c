import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tundish.anatomy.installed import sqlite
from tundish.core.errors import BadImage


def made(path: Path, *, rows: int, page: int = 4096, length: int = 10) -> Path:
    """
    A database with a table of numbered blobs; every seventh is ten thousand bytes longer.
    """
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA page_size={page}")
        connection.execute(
            "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)"
        )
        values = ((bytes([n % 251]) * (length + (n % 7 == 0) * 10_000),) for n in range(rows))
        connection.executemany("INSERT INTO Packages (blob) VALUES (?)", values)
        connection.commit()
    return path


def peer(path: Path) -> list[bytes]:
    with closing(sqlite3.connect(path)) as connection:
        return [blob for (blob,) in connection.execute("SELECT blob FROM Packages ORDER BY hnum")]


@pytest.mark.parametrize("page", [512, 1024, 4096, 65_536])
@pytest.mark.parametrize("rows", [0, 1, 800])
def test_rows_are_those_that_sqlite_reads(tmp_path: Path, page: int, rows: int) -> None:
    """
    Over all sizes of pages, deep trees and long rows, the values are SQLite's own.
    """
    path = made(tmp_path / "x", rows=rows, page=page)

    assert peer(path) == [row[1] for row in sqlite.rows(path.read_bytes(), "Packages")]


@pytest.mark.parametrize("extra", range(3940, 4080, 7))
def test_rows_about_as_long_as_a_page_are_whole(tmp_path: Path, extra: int) -> None:
    """
    At the edge where a row begins to overflow its page, nothing is lost.
    """
    path = made(tmp_path / "x", rows=3, length=extra)

    assert peer(path) == [row[1] for row in sqlite.rows(path.read_bytes(), "Packages")]


def test_the_log_is_read_with_the_file(tmp_path: Path) -> None:
    """
    What was committed to the write-ahead log but not yet brought into the file is there, too.
    """
    path = made(tmp_path / "x", rows=5)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("INSERT INTO Packages (blob) VALUES (?)", (b"late" * 3000,))
        connection.commit()
        log = (tmp_path / "x-wal").read_bytes()
        data = path.read_bytes()

    assert peer(path) == [row[1] for row in sqlite.rows(data, "Packages", log)]


def test_a_log_without_a_commit_adds_nothing(tmp_path: Path) -> None:
    """
    A log that was cut before its commit leaves the file as it was.
    """
    path = made(tmp_path / "x", rows=5)
    before = peer(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        data = path.read_bytes()
        connection.execute("INSERT INTO Packages (blob) VALUES (?)", (b"late" * 3000,))
        connection.commit()
        log = (tmp_path / "x-wal").read_bytes()

    assert before == [row[1] for row in sqlite.rows(data, "Packages", log[:-1])]


def test_a_page_that_points_to_itself_is_damage(tmp_path: Path) -> None:
    """
    A tree that leads in a circle is an error, and ends.
    """
    data = bytearray(made(tmp_path / "x", rows=800, page=512).read_bytes())
    root = next(row[3] for row in sqlite._walk(sqlite._opened(bytes(data), b""), 1) if row[1] == b"Packages")
    assert isinstance(root, int)
    data[root * 512 - 512 + 8 : root * 512 - 512 + 12] = root.to_bytes(4, "big")

    with pytest.raises(BadImage, match="used twice"):
        list(sqlite.rows(bytes(data), "Packages"))


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    """
    A file without the table is an error that names it.
    """
    path = made(tmp_path / "x", rows=1)

    with pytest.raises(BadImage, match="no table Nothing"):
        list(sqlite.rows(path.read_bytes(), "Nothing"))

"""
What an operator has survives every upgrade of the schema.
"""

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from tundish.catalog.db import sqlite_url
from tundish.catalog.opened import Catalog
from tundish.catalog.schema import MIGRATIONS

FIRST_ROWS = """
INSERT INTO sources VALUES ('lab', 'http://mirror.example/', x'99', 7, 1, '2026-01-01 00:00:00');
INSERT INTO seen VALUES ('lab', 'index', '2026-01-01 00:00:00', 'sha256:0', '2026-01-01 00:00:00');
INSERT INTO selections VALUES (1, 'lab', '{"os": "ubuntu", "series": "*", "arches": ["*"], "kernels": ["*"],
    "labels": ["*"], "keep": 1}', 'x', '2026-01-01 00:00:00');
INSERT INTO images VALUES (1, 'lab', 'id', 'product', 'ubuntu', 'noble', 'amd64', 'stable', '', '', '{}');
INSERT INTO versions VALUES (1, 1, '20260101', 'complete', '2026-01-01 00:00:00', '{}');
INSERT INTO files VALUES (1, 0, 'squashfs', 'squashfs', 'a', 1, hex(zeroblob(32)), '{}');
INSERT INTO jobs VALUES (1, 'sync', '', '2026-01-01 00:00:00', NULL, 'running', '');
INSERT INTO machines VALUES ('52:54:00:12:34:56', NULL, NULL, '2026-01-01 00:00:00', '2026-01-01 00:00:00');
INSERT INTO deployments VALUES
    (1, 't', '52:54:00:12:34:56', 'i', '1', hex(zeroblob(32)), '2026-01-01 00:00:00', NULL);
INSERT INTO events VALUES (1, '2026-01-01 00:00:00', 'k', 's', 't');
"""


def first_catalog(path: Path) -> None:
    """
    A catalog of the first schema, with a row in every table.
    """
    engine = create_engine(sqlite_url(path))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    with sqlite3.connect(path) as rows:
        rows.executescript(FIRST_ROWS)
    rows.close()


def counts(path: Path) -> dict[str, int]:
    connection = sqlite3.connect(path)
    try:
        names = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in names
            if not name.startswith("sqlite_")
        }
    finally:
        connection.close()


def test_no_row_of_the_first_schema_is_lost(tmp_path: Path) -> None:
    """
    After an upgrade every table of before has the rows it had.
    """
    path = tmp_path / "catalog.db"
    first_catalog(path)
    before = counts(path)

    Catalog.open(sqlite_url(path)).close()

    assert before == {name: count for name, count in counts(path).items() if name in before}


def test_what_was_held_is_read_after_an_upgrade(tmp_path: Path) -> None:
    """
    Sources, selections and holdings of the first schema are read as values.
    """
    path = tmp_path / "catalog.db"
    first_catalog(path)
    catalog = Catalog.open(sqlite_url(path))
    found = (
        [source.priority for source in catalog.sources.list()],
        [selection.os for _, selection in catalog.selections.list()],
        [holding.ref for holding in catalog.images.list()],
    )
    catalog.close()

    assert ([7], ["ubuntu"], ["ubuntu/noble/amd64@20260101"]) == found

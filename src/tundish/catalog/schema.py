"""
Which schema a database has, and the way from there to ours.

Alembic takes long to load, so the stored revision is compared with a constant first. There is no way
back: who wants the older schema again restores the backup of its time.
"""

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select

from tundish.catalog.tables import HEAD
from tundish.core.errors import StorageError

MIGRATIONS = Path(__file__).parent / "migrations"

_mark = Table("alembic_version", MetaData(), Column("version_num", String(32)))


def stored_revision(connection: Connection) -> str | None:
    """
    The revision a database says it has; None if it does not say.
    """
    if not inspect(connection).has_table(_mark.name):
        return None
    return connection.execute(select(_mark.c.version_num)).scalar()


def upgrade(connection: Connection, place: str, *, fresh: bool = False) -> None:
    """
    Bring a database to our schema, within the transaction of `connection`; `fresh` says that it is empty.

    Raises:
        StorageError: it is no catalog, or one of a newer tundish.
    """
    revision = stored_revision(connection)
    if revision == HEAD:
        return
    if revision is None and not fresh:
        raise StorageError(
            f"{place} is not a catalog: it does not say which schema it has; put a backup in its place, "
            "or move it away and sync again"
        )

    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    chain = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if revision is not None and revision not in chain:
        raise StorageError(
            f"{place} was written by a newer tundish: it has schema {revision[:32]!r}, this one knows up to "
            f"{HEAD}; upgrade tundish, or put a backup of this version's time in its place"
        )
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

"""
How a job is claimed where several write at once; SQLite, with one writer at a time, leaves these words out.
"""

from datetime import UTC, datetime
from importlib import import_module
from io import StringIO

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import make_url

from tundish.catalog.queue import claiming

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
POSTGRESQL = make_url("postgresql://").get_dialect()()


@pytest.mark.parametrize("words", ["FOR UPDATE SKIP LOCKED", "RETURNING jobs.id", "NOT (EXISTS"])
def test_claimers_pass_over_what_another_takes(words: str) -> None:
    """
    On PostgreSQL, a claim is one statement that waits for no other and answers with the job.
    """
    text = str(claiming("one", NOON, NOON).compile(dialect=POSTGRESQL))

    assert words in " ".join(text.split())


def test_the_engine_itself_keeps_a_resource_to_one_job() -> None:
    """
    On PostgreSQL, too, two running jobs with one resource cannot be.
    """
    said = StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": said}
    )
    with Operations.context(context):
        import_module("tundish.catalog.migrations.versions.0003_doors").columns()

    assert (
        "UNIQUE INDEX ix_jobs_resource ON jobs (resource) WHERE outcome = 'running' AND resource != ''"
        in said.getvalue()
    )

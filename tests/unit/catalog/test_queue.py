"""
How a job is claimed where several write at once; SQLite, with one writer at a time, leaves these words out.
"""

from datetime import UTC, datetime

import pytest
from sqlalchemy import make_url
from sqlalchemy.schema import CreateIndex

from tundish.catalog.queue import claiming
from tundish.catalog.tables import jobs

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
POSTGRESQL = make_url("postgresql://").get_dialect()()
INDEX = next(each for each in jobs.indexes if each.unique)


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
    text = str(CreateIndex(INDEX).compile(dialect=POSTGRESQL))

    assert (
        "UNIQUE INDEX ix_jobs_resource ON jobs (resource) WHERE outcome = 'running' AND resource != ''"
        in text
    )

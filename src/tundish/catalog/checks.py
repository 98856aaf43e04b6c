"""
What was found in a version when it was last checked.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from tundish.catalog.db import Database
from tundish.catalog.door_tables import checks
from tundish.core.holding import HoldingId

_is = checks.c
FIT, UNFIT = "fit", "unfit"


@dataclass(frozen=True, slots=True)
class Checked:
    """
    `report` is the JSON of `tundish check --json`.
    """

    holding: HoldingId
    at: datetime
    verdict: str  # fit, unfit
    errors: int
    warnings: int
    report: str


class Checks:
    def __init__(self, database: Database) -> None:
        self._database = database

    def set(self, checked: Checked) -> None:
        """
        Note what was found, in place of what was found before.
        """
        row = {
            "version_id": checked.holding,
            "at": checked.at,
            "verdict": checked.verdict,
            "errors": checked.errors,
            "warnings": checked.warnings,
            "report": checked.report,
        }
        with self._database.transaction() as connection:
            connection.execute(delete(checks).where(_is.version_id == checked.holding))
            connection.execute(insert(checks).values(row))

    def get(self, number: HoldingId) -> Checked | None:
        """
        What was found in a version; None if it was never checked.
        """
        with self._database.read() as connection:
            row = connection.execute(select(checks).where(_is.version_id == number)).first()
        if row is None:
            return None
        return Checked(HoldingId(row.version_id), row.at, row.verdict, row.errors, row.warnings, row.report)

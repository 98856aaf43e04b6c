"""
The catalog as a whole: one database, one object for each noun.
"""

from dataclasses import dataclass
from typing import Self

from tundish.catalog.answers import Answers
from tundish.catalog.audit import Audit
from tundish.catalog.bundles import Bundles
from tundish.catalog.changes import Changes
from tundish.catalog.channels import Channels
from tundish.catalog.checks import Checks
from tundish.catalog.choices import Choices
from tundish.catalog.db import Database
from tundish.catalog.documents import Documents
from tundish.catalog.failures import Failures
from tundish.catalog.figures import FigureBook
from tundish.catalog.images import Images
from tundish.catalog.job_lines import JobLines
from tundish.catalog.keeping import Keeping
from tundish.catalog.listing import Listing
from tundish.catalog.machines import Machines
from tundish.catalog.notices import Notices
from tundish.catalog.numbers import Numbers
from tundish.catalog.pulse import Pulse
from tundish.catalog.queue import Queue
from tundish.catalog.records import Events
from tundish.catalog.selections import Selections
from tundish.catalog.sources import Sources
from tundish.catalog.tokens import Tokens
from tundish.catalog.transfers import Transfers
from tundish.catalog.uploads import Uploads
from tundish.catalog.users import Users


@dataclass(frozen=True, slots=True)
class Catalog:
    database: Database
    sources: Sources
    selections: Selections
    images: Images
    jobs: Queue
    job_lines: JobLines
    changes: Changes
    machines: Machines
    events: Events
    channels: Channels
    keeping: Keeping
    documents: Documents
    choices: Choices
    pulse: Pulse
    bundles: Bundles
    transfers: Transfers
    notices: Notices
    audit: Audit
    uploads: Uploads
    checks: Checks
    users: Users
    tokens: Tokens
    failures: Failures
    figures: FigureBook
    answers: Answers
    listing: Listing
    numbers: Numbers

    @classmethod
    def open(cls, url: str) -> Self:
        """
        Open the catalog of a URL, made if it is new: see `Database.open`.
        """
        return cls.over(Database.open(url))

    @classmethod
    def over(cls, database: Database) -> Self:
        return cls(
            database=database,
            sources=Sources(database),
            selections=Selections(database),
            images=Images(database),
            jobs=Queue(database),
            job_lines=JobLines(database),
            changes=Changes(database),
            machines=Machines(database),
            events=Events(database),
            channels=Channels(database),
            keeping=Keeping(database),
            documents=Documents(database),
            choices=Choices(database),
            pulse=Pulse(database),
            bundles=Bundles(database),
            transfers=Transfers(database),
            notices=Notices(database),
            audit=Audit(database),
            uploads=Uploads(database),
            checks=Checks(database),
            users=Users(database),
            tokens=Tokens(database),
            failures=Failures(database),
            figures=FigureBook(database),
            answers=Answers(database),
            listing=Listing(database),
            numbers=Numbers(database),
        )

    def close(self) -> None:
        self.database.close()

"""
A look at a SQLite catalog without the catalog's library, which takes longer to load than to say that there
is nothing to do. Whoever gets no answer here goes the long way.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tundish.catalog import questions
from tundish.core.names import SourceName
from tundish.core.notice import Notice
from tundish.core.selection import Source

PATIENCE = 1.0  # seconds to wait for a writer; then the long way waits


class NoAnswer(Exception):
    """
    The catalog is not there, busy, damaged, or of another schema: for the long way to say which.
    """


class Glance:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def choice(self, name: str) -> str | None:
        """
        What `Choices` has noted under this name.
        """
        found = self._ask(questions.CHOICE, name)
        return str(found[0][0]) if found else None

    def pulse(self) -> str:
        """
        As `Pulse.now` says it.
        """
        return questions.pulse(self._ask)

    def is_running(self, kind: str) -> bool:
        """
        Whether there is a job of this kind that has not ended.
        """
        return bool(self._ask(questions.RUNNING, kind)[0][0])

    def notices(self) -> tuple[Notice, ...]:
        """
        The notices that stand and that nobody dismissed, the worst first.
        """
        return tuple(_notice(row) for row in self._ask(questions.NOTICES))

    def sources(self) -> tuple[Source, ...]:
        """
        The enabled sources, by name.
        """
        return tuple(_source(row) for row in self._ask(questions.SOURCES))

    def note(self, kind: str, subject: str, detail: str, sources: Sequence[Source], at: datetime) -> None:
        """
        Leave a job that had nothing to do, and that these sources were read.
        """
        moment = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")  # as the library writes it
        with _answered():
            self._connection.execute("BEGIN IMMEDIATE").close()
            with self._connection:
                values = (kind, subject, moment, moment, detail)
                self._connection.execute(questions.QUIET_JOB, values).close()
                for each in sources:
                    self._connection.execute(questions.SEEN_AGAIN, (moment, each.name)).close()

    def _ask(self, question: str, *words: str) -> list[tuple[Any, ...]]:
        with _answered(), closing(self._connection.execute(question, words)) as cursor:
            return cursor.fetchall()


@contextmanager
def glance(path: Path) -> Iterator[Glance]:
    """
    Look into the catalog of a file.

    Raises:
        NoAnswer: there is none to look into, or it does not answer as it should.
    """
    with _answered():
        connection = sqlite3.connect(
            f"file:{quote(os.fsencode(path))}?mode=rw", uri=True, timeout=PATIENCE, isolation_level=None
        )
    try:
        with _answered():
            for pragma in ("foreign_keys=ON", "synchronous=FULL"):
                connection.execute(f"PRAGMA {pragma}").close()
        yield Glance(connection)
    finally:
        with suppress(sqlite3.Error):
            connection.close()


def _source(row: Sequence[Any]) -> Source:
    name, url, keyring, priority, enabled, options = row
    with _answered():
        way, signers = questions.fetching(json.loads(options))
    return Source(SourceName(name), url, keyring, priority, bool(enabled), way, signers)


def _notice(row: Sequence[Any]) -> Notice:
    number, kind, subject, text, severity, since = row
    with _answered():
        return Notice(
            number, kind, subject, text, severity, datetime.fromisoformat(since).replace(tzinfo=UTC)
        )


@contextmanager
def _answered() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise NoAnswer from error

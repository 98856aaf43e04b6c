"""
Questions in plain SQL, for who cannot wait until the catalog's library is loaded; it asks them too, so that
both get the same answers. Any engine understands them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tundish.core.digest import Digest
from tundish.core.selection import Fetching

PULSE = (  # everything that a sync acts upon; whatever changes it changes one of the answers
    "SELECT name, url, keyring, priority, enabled, options FROM sources ORDER BY name",
    "SELECT identity FROM selections ORDER BY identity",
    "SELECT source, document, url, validator, read_at FROM documents ORDER BY source, document",
    """
    SELECT state, count(*), max(id), max(since), count(*) FILTER (WHERE pinned), count(dropped_at)
    FROM versions GROUP BY state ORDER BY state
    """,
    "SELECT count(*), count(*) FILTER (WHERE hold) FROM images",
    "SELECT max(id), count(reported_at) FROM deployments",
    "SELECT max(id) FROM channel_moves",
)
CHOICE = "SELECT value FROM choices WHERE name = ?"
SOURCES = "SELECT name, url, keyring, priority, enabled, options FROM sources WHERE enabled ORDER BY name"
RUNNING = "SELECT count(*) FROM jobs WHERE kind = ? AND outcome = 'running'"
NOTICES = """
    SELECT id, kind, subject, text, severity, since FROM notices WHERE dismissed_at IS NULL
    ORDER BY CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, since, id
    """
QUIET_JOB = (
    "INSERT INTO jobs (kind, subject, started_at, ended_at, outcome, detail) VALUES (?, ?, ?, ?, 'done', ?)"
)
SEEN_AGAIN = "UPDATE seen SET at = ? WHERE source = ?"


def pulse(ask: Callable[[str], Iterable[Sequence[object]]]) -> str:
    """
    A short word for the answers to `PULSE`.
    """
    answers = [[tuple(row) for row in ask(question)] for question in PULSE]
    return Digest.of(repr(answers).encode()).hex


def fetching(options: Mapping[str, Any]) -> tuple[Fetching, tuple[str, ...]]:
    """
    How a source is fetched, and who alone may sign it, from the options of its row.
    """
    fields = dict(options)
    signers, mirrors = fields.pop("signers", ()), fields.pop("mirrors", ())
    return Fetching(**fields, mirrors=tuple(mirrors)), tuple(signers)

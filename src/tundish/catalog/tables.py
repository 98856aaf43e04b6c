"""
The schema, once. The migration chain must arrive at exactly this; a test compares the two.

Times are aware and in UTC. A `Document` holds JSON that we do not look into, kept as it was read. Text
is compared and sorted by code point where order matters, so that is done in Python: engines differ.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)

from tundish.core.image import NOTHING, Extra

HEAD = "0003"  # the newest revision of the chain; a test compares

NEVER_AGAIN: dict[str, Any] = {"sqlite_autoincrement": True}  # the id of a deleted row names nothing else

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """
    A moment: aware on both sides, in UTC inside. A naive one is refused.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Document(TypeDecorator[Extra]):
    """
    A mapping as JSON text, with its keys in the order in which they came.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, Any] | None, _dialect: Dialect) -> str:
        return json.dumps(dict(value), separators=(",", ":")) if value else "{}"

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Extra:
        if value is None or value == "{}":
            return NOTHING
        extra: Extra = json.loads(value)
        return extra


sources = Table(
    "sources",
    metadata,
    Column("name", String, primary_key=True),
    Column("url", Text, nullable=False),
    Column("keyring", LargeBinary, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("options", Document, nullable=False, server_default="{}"),  # of `core.selection.Source`
    Column("changed_at", Instant),  # None: never since it was added
)

# What was last read and verified of each document of a source, as it came: for browsing without the source.
documents = Table(
    "documents",
    metadata,
    Column("source", String, ForeignKey("sources.name", ondelete="CASCADE"), primary_key=True),
    Column("document", String, primary_key=True),
    Column("url", Text, nullable=False),
    Column("validator", Text),  # for the next conditional request
    Column("body", LargeBinary, nullable=False),
    Column("read_at", Instant, nullable=False),
)

seen = Table(
    "seen",
    metadata,
    Column("source", String, ForeignKey("sources.name", ondelete="CASCADE"), primary_key=True),
    Column("document", String, primary_key=True),
    Column("updated", Instant),
    Column("digest", String, nullable=False),
    Column("at", Instant, nullable=False),
)

selections = Table(
    "selections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String, ForeignKey("sources.name", ondelete="CASCADE"), index=True),
    Column("wanted", Document, nullable=False),  # every other field of the value
    Column("identity", String(64), nullable=False, unique=True),  # equal for equal selections, NULLs are not
    Column("added_at", Instant, nullable=False),
    **NEVER_AGAIN,
)

# An image outlives its source, so `source` is no foreign key.
images = Table(
    "images",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String, nullable=False),
    Column("content_id", String, nullable=False),
    Column("product", String, nullable=False),
    Column("os", String, nullable=False),
    Column("series", String, nullable=False),
    Column("arch", String, nullable=False),
    Column("label", String, nullable=False),
    Column("kernel", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("extra", Document, nullable=False),
    Column("hold", Boolean, nullable=False, server_default=false()),  # take nothing newer
    UniqueConstraint("source", "product", "content_id"),
    Index(None, "os", "series", "arch"),
)

versions = Table(
    "versions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("image_id", ForeignKey("images.id", ondelete="CASCADE"), nullable=False),
    Column("name", String, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("since", Instant, nullable=False, index=True),
    Column("extra", Document, nullable=False),
    Column("pinned", Boolean, nullable=False, server_default=false()),  # kept whatever the policy says
    Column("dropped_at", Instant),  # since when its source no longer offers it
    UniqueConstraint("image_id", "name"),
    **NEVER_AGAIN,
)

files = Table(
    "files",
    metadata,
    Column("version_id", ForeignKey("versions.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True),  # among the files of its version
    Column("name", String, nullable=False),
    Column("ftype", String, nullable=False),
    Column("path", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("extra", Document, nullable=False),
    UniqueConstraint("version_id", "name"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("subject", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("outcome", String, nullable=False),
    Column("detail", Text, nullable=False),
    Column("stop", Boolean, nullable=False, server_default=false()),  # somebody asked it to stop
    Column("arguments", Document, nullable=False, server_default="{}"),  # what its verb is called with
    Column("actor", String, nullable=False, server_default=""),  # who asked for it; empty: this machine
    Column("resource", String, nullable=False, server_default=""),  # one job at a time may have it
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("not_before", Instant),  # while it is queued
    Column("holder", String, nullable=False, server_default=""),
    Column("lease_until", Instant),  # who runs it renews this; once it is over, anybody may take the job
    Index(None, "kind", "outcome"),
    Index(None, "outcome", "not_before"),
    **NEVER_AGAIN,
)
_held = (jobs.c.outcome == "running") & (jobs.c.resource != "")
# Of PostgreSQL's only the migration knows: to be told of it here, the library would load all of that dialect.
Index(None, jobs.c.resource, unique=True, sqlite_where=_held)

# How far a running job is with each of its files.
transfers = Table(
    "transfers",
    metadata,
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("source", String, nullable=False),
    Column("path", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("came", BigInteger, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
)

# A release never changes; a channel names one, and its moves are its history.
releases = Table(
    "releases",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("made_at", Instant, nullable=False),
    Column("note", Text, nullable=False),
    **NEVER_AGAIN,
)

released = Table(
    "released",
    metadata,
    Column("release_id", ForeignKey("releases.id", ondelete="CASCADE"), primary_key=True),
    Column("version_id", ForeignKey("versions.id", ondelete="RESTRICT"), primary_key=True, index=True),
)

channels = Table(
    "channels",
    metadata,
    Column("name", String, primary_key=True),
    Column("dialect", String, nullable=False),
    Column("release_id", ForeignKey("releases.id", ondelete="RESTRICT"), nullable=False),
)

channel_moves = Table(
    "channel_moves",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", ForeignKey("channels.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("release_id", ForeignKey("releases.id", ondelete="RESTRICT"), nullable=False),
    Column("verb", String, nullable=False),  # publish, promote, rollback
    Column("at", Instant, nullable=False),
    **NEVER_AGAIN,
)

# What an operator should know until it is no longer so.
notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("severity", String, nullable=False),
    Column("since", Instant, nullable=False),
    Column("dismissed_at", Instant),
    UniqueConstraint("kind", "subject"),
    **NEVER_AGAIN,
)

bundles = Table(
    "bundles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("direction", String, nullable=False),  # in, out
    Column("name", String, nullable=False),
    Column("origin", String, nullable=False),  # fingerprint of the key that signed it
    Column("serial", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("direction", "origin", "serial"),
    **NEVER_AGAIN,
)

# Settings that are changed while a server runs; those of the process are in `settings`.
choices = Table(
    "choices",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)

machines = Table(
    "machines",
    metadata,
    Column("mac", String(17), primary_key=True),
    Column("uuid", String(36)),
    Column("machine_id", String(32)),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
)

deployments = Table(
    "deployments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("token", String, nullable=False, unique=True),
    Column("mac", ForeignKey("machines.mac", ondelete="CASCADE"), nullable=False),
    Column("image", String, nullable=False),
    Column("version", String, nullable=False),
    Column("root", String(64), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("reported_at", Instant),
    Index(None, "mac", "reported_at"),
    Index(None, "image", "version"),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", String, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    **NEVER_AGAIN,
)

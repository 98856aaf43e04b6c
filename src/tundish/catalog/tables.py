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
)

from tundish.core.image import NOTHING, Extra

HEAD = "0001"  # the newest revision of the chain; a test compares

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
    Column("since", Instant, nullable=False),
    Column("extra", Document, nullable=False),
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
    Index(None, "kind", "outcome"),
    **NEVER_AGAIN,
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

"""
The second half of the schema: who may do what, what they did, and what is on its way in through the doors.

Secrets are never here: passwords as argon2 hashes, tokens by the sha256 of a random secret.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    true,
)

from tundish.catalog.tables import NEVER_AGAIN, Document, Instant, metadata

users = Table(
    "users",
    metadata,
    Column("name", String, primary_key=True),
    Column("email", String, nullable=False),
    Column("password", String, nullable=False),  # argon2id; empty: there is none, only tokens
    Column("grants", Document, nullable=False),
    Column("enabled", Boolean, nullable=False, server_default=true()),
    Column("made_at", Instant, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("key", String, primary_key=True),  # the public half, by which it is found
    Column("user", ForeignKey("users.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String, nullable=False),  # what people call it
    Column("kind", String, nullable=False),  # bearer, maas, session
    Column("consumer", String, nullable=False),  # the first part of a MAAS key; else empty
    Column("secret", String(64), nullable=False),  # sha256 of the secret half
    Column("grants", Document, nullable=False),  # empty: those of its user
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("used_at", Instant),
)

# What was signed with once and must not be again.
nonces = Table(
    "nonces",
    metadata,
    Column("token", String, primary_key=True),
    Column("nonce", String, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
)

# Failed logins, by account and by address.
failures = Table(
    "failures",
    metadata,
    Column("subject", String, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("locked_until", Instant),
)

# Append-only: no method changes or deletes a row.
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", String, nullable=False, index=True),
    Column("door", String, nullable=False),  # api, maas, page, command, server
    Column("address", String, nullable=False),
    Column("deed", String, nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("before", Text, nullable=False),  # JSON; empty where there was nothing
    Column("after", Text, nullable=False),
    Column("outcome", String, nullable=False),  # done, refused, failed
    **NEVER_AGAIN,
)

job_lines = Table(
    "job_lines",
    metadata,
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("text", Text, nullable=False),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("actor", String, nullable=False),
    Column("asked", Document, nullable=False),  # name, arch, file type, base image, title, ...
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),  # promised; empty: known once all has come
    Column("came", BigInteger, nullable=False),  # bytes that are durable
    Column("state", String, nullable=False, index=True),  # arriving, checking, complete, refused, expired
    Column("error", Text, nullable=False),
    Column("version_id", Integer),  # what it became; no foreign key: an upload outlives its version
    Column("made_at", Instant, nullable=False),
    Column("touched_at", Instant, nullable=False),
    **NEVER_AGAIN,
)

# What was found in a version when it was last checked.
checks = Table(
    "checks",
    metadata,
    Column("version_id", ForeignKey("versions.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("verdict", String, nullable=False),  # fit, unfit
    Column("errors", Integer, nullable=False),
    Column("warnings", Integer, nullable=False),
    Column("report", Text, nullable=False),  # the JSON report of `tundish check --json`
)

# Answers to requests with an idempotency key, to be given again.
answers = Table(
    "answers",
    metadata,
    Column("actor", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("request", String(64), nullable=False),  # sha256 of method, path and body
    Column("status", Integer, nullable=False),  # 0: under way
    Column("headers", Document, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)

# Numbers for what we know by name, for doors whose clients want numbers.
numbers = Table(
    "numbers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("key", String, nullable=False),
    UniqueConstraint("kind", "key"),
    Index(None, "kind", "id"),
    **NEVER_AGAIN,
)

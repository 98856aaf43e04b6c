"""
Channels and releases, documents as they were read, notices, transfers, bundles; pins and holds.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    columns()
    sources()
    channels()
    upkeep()


def columns() -> None:
    op.add_column("sources", sa.Column("options", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("images", sa.Column("hold", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("versions", sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("versions", sa.Column("dropped_at", MOMENT, nullable=True))
    op.add_column("jobs", sa.Column("stop", sa.Boolean(), nullable=False, server_default=sa.false()))


def sources() -> None:
    op.create_table(
        "documents",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("validator", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", "document", name="pk_documents"),
        sa.ForeignKeyConstraint(
            ["source"], ["sources.name"], name="fk_documents_source_sources", ondelete="CASCADE"
        ),
    )


def channels() -> None:
    op.create_table(
        "releases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_releases"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "released",
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("release_id", "version_id", name="pk_released"),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.id"], name="fk_released_release_id_releases", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["versions.id"], name="fk_released_version_id_versions", ondelete="RESTRICT"
        ),
    )
    op.create_index("ix_released_version_id", "released", ["version_id"])
    op.create_table(
        "channels",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("dialect", sa.String(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_channels"),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.id"], name="fk_channels_release_id_releases", ondelete="RESTRICT"
        ),
    )
    op.create_table(
        "channel_moves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_channel_moves"),
        sa.ForeignKeyConstraint(
            ["channel"], ["channels.name"], name="fk_channel_moves_channel_channels", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.id"], name="fk_channel_moves_release_id_releases", ondelete="RESTRICT"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_channel_moves_channel", "channel_moves", ["channel"])


def upkeep() -> None:
    op.create_table(
        "transfers",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("came", sa.BigInteger(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "sha256", name="pk_transfers"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_transfers_job_id_jobs", ondelete="CASCADE"),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("dismissed_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.UniqueConstraint("kind", "subject", name="uq_notices_kind_subject"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "bundles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bundles"),
        sa.UniqueConstraint("direction", "origin", "serial", name="uq_bundles_direction_origin_serial"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "choices",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_choices"),
    )

"""Runs on Kaggle's machines: intended, pushed once, and brought home."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table of the runs."""
    op.create_table(
        "podium_kernels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("competition", sa.String(200), nullable=False),
        sa.Column("endpoint", sa.String(500), nullable=False),
        sa.Column("account", sa.String(200), nullable=False),
        sa.Column("slug", sa.String(60), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("sent", sa.DateTime()),
        sa.Column("sha256", sa.String(64)),
        sa.Column("version", sa.Integer()),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_podium_kernels"),
        sa.UniqueConstraint(
            *("competition", "endpoint", "account", "slug", "attempt"),
            name="uq_podium_kernels_attempt",
        ),
    )

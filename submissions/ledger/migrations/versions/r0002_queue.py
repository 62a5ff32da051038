"""The queue: checked files that wait for a slot."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the queue's table."""
    op.create_table(
        "podium_queue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("competition", sa.String(200), nullable=False),
        sa.Column("endpoint", sa.String(500), nullable=False),
        sa.Column("fingerprint", sa.String(12), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("added", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_podium_queue"),
        sa.UniqueConstraint(
            "competition",
            "endpoint",
            "fingerprint",
            name="uq_podium_queue_competition_endpoint_fingerprint",
        ),
    )

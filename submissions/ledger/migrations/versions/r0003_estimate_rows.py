"""How many rows an estimate was measured on: a public score's error follows from it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column to submissions and to the blends of written files."""
    for table in ("podium_submissions", "podium_blend_files"):
        op.add_column(table, sa.Column("cv_rows", sa.Integer()))

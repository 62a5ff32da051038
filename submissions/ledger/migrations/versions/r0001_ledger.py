"""Submissions, and what the blends of written files are worth.

The first ledgers had these tables and no version, so what is there already is taken as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "podium_submissions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("competition", sa.String(200), nullable=False),
        sa.Column("endpoint", sa.String(500), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("rows", sa.Integer()),
        sa.Column("fingerprint", sa.String(12)),
        sa.Column("attempt", sa.Integer()),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("ref", sa.BigInteger()),
        sa.Column("status", sa.String(100)),
        sa.Column("public_score", sa.Float()),
        sa.Column("private_score", sa.Float()),
        sa.Column("error", sa.Text()),
        sa.Column("cv_score", sa.Float()),
        sa.Column("cv_se", sa.Float()),
        sa.Column("blend_key", sa.String(200)),
        sa.Column("blend_name", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_podium_submissions"),
        sa.UniqueConstraint(
            "competition",
            "endpoint",
            "fingerprint",
            "attempt",
            name="uq_podium_submissions_competition_endpoint_fingerprint_attempt",
        ),
        sa.UniqueConstraint(
            "competition",
            "endpoint",
            "ref",
            name="uq_podium_submissions_competition_endpoint_ref",
        ),
        if_not_exists=True,
    )
    op.create_table(
        "podium_blend_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("competition", sa.String(200), nullable=False),
        sa.Column("fingerprint", sa.String(12), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("cv_score", sa.Float()),
        sa.Column("cv_se", sa.Float()),
        sa.Column("blend_key", sa.String(200)),
        sa.Column("blend_name", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_podium_blend_files"),
        sa.UniqueConstraint(
            "competition", "fingerprint", name="uq_podium_blend_files_competition_fingerprint"
        ),
        if_not_exists=True,
    )

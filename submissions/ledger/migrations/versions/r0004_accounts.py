"""Whose a submission is, and what tells it where its description does not.

Numbers are no longer unique: another server at the same address gives them once more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_OLD_CONTENT = "uq_podium_submissions_competition_endpoint_fingerprint_attempt"


def upgrade() -> None:
    """Add the columns, and have the account among what makes an attempt unique."""
    with op.batch_alter_table("podium_submissions") as table:
        table.add_column(sa.Column("account", sa.String(200), nullable=False, server_default=""))
        table.add_column(sa.Column("size", sa.BigInteger()))
        table.add_column(sa.Column("newest_before", sa.BigInteger()))
        table.drop_constraint(_OLD_CONTENT, type_="unique")
        table.drop_constraint("uq_podium_submissions_competition_endpoint_ref", type_="unique")
        table.create_unique_constraint(
            "uq_podium_submissions_attempt",
            ["competition", "endpoint", "account", "fingerprint", "attempt"],
        )

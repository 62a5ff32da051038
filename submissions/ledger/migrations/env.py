"""Alembic runs this, on the connection and in the transaction of `submissions.ledger.schema`.

`transactional_ddl` holds for SQLite too: its transaction is begun by hand, before Alembic starts.
"""

from alembic import context

from submissions.ledger.schema import VERSION_TABLE
from submissions.ledger.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

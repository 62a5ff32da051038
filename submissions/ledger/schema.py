"""The version of the ledger's tables: told by one SELECT, brought up to date by Alembic."""

import threading
from pathlib import Path

from sqlalchemy import Connection, column, func, inspect, select, table

from competition.database import Database
from competition.errors import PodiumError

# Optuna keeps a table `alembic_version` in the same database.
VERSION_TABLE = "podium_alembic_version"
HEAD = "0005"

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_KEY = 0x706F6469756D  # "podium"
# Alembic hands its context to revisions in a global of this process.
_one_at_a_time = threading.Lock()


def bring_up_to_date(database: Database, migrations: Path = MIGRATIONS) -> None:
    """Make the ledger's tables, or change those of an earlier version into today's.

    All of it happens in one transaction that only one process can be in (SQLite's write lock, or
    an advisory lock of PostgreSQL): killed in between, it never happened. Alembic is imported only
    where there is something to do.

    Args:
        database: The ledger's; other tables in it are left alone.
        migrations: The folder of Alembic's scripts.

    Raises:
        PodiumError: the tables are of a later version than this program knows.
        SQLAlchemyError: the database fails.
    """
    engine = database.engine
    with engine.connect() as connection:
        if _version(connection) == HEAD:
            return
    with _one_at_a_time, engine.begin() as connection:
        if database.is_sqlite:
            # The driver would begin only at the first INSERT, which comes after the tables.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK_KEY)))
        if _version(connection) != HEAD:
            _upgrade(connection, database, migrations)


def _version(connection: Connection) -> str | None:
    """Return the tables' version; None where there is none yet."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version = table(VERSION_TABLE, column("version_num"))
    return connection.scalar(select(version.c.version_num))


def _upgrade(connection: Connection, database: Database, migrations: Path) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {each.revision for each in ScriptDirectory.from_config(config).walk_revisions()}
    version = _version(connection)
    if version is not None and version not in known:
        where = database.described
        raise PodiumError(
            f"{where[0].upper()}{where[1:]} was written by a later version of Podium (its tables "
            f"are of version {version}, this one knows {HEAD}). Nothing was changed in it: bring "
            "Podium up to date, or set DATABASE_URL to another database."
        )
    command.upgrade(config, "head")

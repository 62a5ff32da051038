"""A ledger of any earlier day opens today; one from the future is left alone."""

import multiprocessing
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from competition.database import Database
from competition.errors import PodiumError
from submissions.ledger.ledger import Estimate, Ledger
from submissions.ledger.schema import HEAD, MIGRATIONS, VERSION_TABLE, bring_up_to_date
from submissions.ledger.tables import Base
from tests.submissions.conftest import ROOT

REAL = "https://www.kaggle.com"

# What the first ledgers were made with, before they had a version.
FIRST = """
CREATE TABLE podium_submissions (
    id {serial} NOT NULL, competition VARCHAR(200) NOT NULL, endpoint VARCHAR(500) NOT NULL,
    created TIMESTAMP NOT NULL, file TEXT NOT NULL, sha256 VARCHAR(64), rows INTEGER,
    fingerprint VARCHAR(12), attempt INTEGER, message TEXT NOT NULL, state VARCHAR(20) NOT NULL,
    ref BIGINT, status VARCHAR(100), public_score FLOAT, private_score FLOAT, error TEXT,
    cv_score FLOAT, cv_se FLOAT, blend_key VARCHAR(200), blend_name TEXT,
    CONSTRAINT pk_podium_submissions PRIMARY KEY (id),
    CONSTRAINT uq_podium_submissions_competition_endpoint_fingerprint_attempt
        UNIQUE (competition, endpoint, fingerprint, attempt),
    CONSTRAINT uq_podium_submissions_competition_endpoint_ref UNIQUE (competition, endpoint, ref)
);
CREATE TABLE podium_blend_files (
    id {serial} NOT NULL, competition VARCHAR(200) NOT NULL, fingerprint VARCHAR(12) NOT NULL,
    file TEXT NOT NULL, created TIMESTAMP NOT NULL, cv_score FLOAT, cv_se FLOAT,
    blend_key VARCHAR(200), blend_name TEXT,
    CONSTRAINT pk_podium_blend_files PRIMARY KEY (id),
    CONSTRAINT uq_podium_blend_files_competition_fingerprint UNIQUE (competition, fingerprint)
);
INSERT INTO podium_submissions (competition, endpoint, created, file, message, state, ref, status,
    public_score) VALUES ('digits', 'https://www.kaggle.com', '2025-01-02 03:04:05', 'a.csv',
    'kept', 'submitted', 7, 'complete', 0.5)
"""


@pytest.fixture
def opened(database: str) -> Database:
    return Database(database)


@pytest.fixture
def engine(opened: Database) -> Engine:
    return opened.engine


def first_ledger(engine: Engine) -> None:
    serial = "INTEGER" if engine.dialect.name == "sqlite" else "SERIAL"
    with engine.begin() as connection:
        for statement in FIRST.format(serial=serial).split(";"):
            connection.execute(text(statement))


def version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))


def test_the_revisions_lead_to_the_tables_that_the_code_uses(
    opened: Database, engine: Engine
) -> None:
    bring_up_to_date(opened)
    with engine.connect() as connection:
        # SQLite reads every float back as another type than it was given.
        exact = {"version_table": VERSION_TABLE, "compare_type": engine.dialect.name != "sqlite"}
        context = MigrationContext.configure(connection, opts=exact)
        assert compare_metadata(context, Base.metadata) == []
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]
    assert version(engine) == HEAD


def test_a_ledger_of_the_first_revision_opens_and_keeps_its_rows(
    opened: Database, engine: Engine
) -> None:
    first_ledger(engine)
    ledger = Ledger(opened, "digits", REAL)
    (kept,) = ledger.submissions()
    assert (kept.ref, kept.message, kept.public_score) == (7, "kept", 0.5)
    assert kept.created == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    new = ledger.intend("0" * 12, 1, message="new", file="b.csv")
    assert new.id > kept.id and version(engine) == HEAD
    assert "podium_queue" in inspect(engine).get_table_names()


def test_a_ledger_from_the_future_is_left_alone(opened: Database, engine: Engine) -> None:
    bring_up_to_date(opened)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(
        PodiumError, match=r"later version of Podium.*9999.*bring Podium up to date"
    ):
        Ledger(opened, "digits", REAL)
    assert version(engine) == "9999"


def test_an_upgrade_that_fails_never_happened(opened: Database, engine: Engine) -> None:
    first_ledger(engine)
    with engine.begin() as connection:  # in the way of the second revision
        connection.execute(text("CREATE TABLE podium_queue (id INTEGER)"))
    with pytest.raises(PodiumError, match="podium_queue"):
        Ledger(opened, "digits", REAL)
    assert VERSION_TABLE not in inspect(engine).get_table_names()
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE podium_queue"))
    assert len(Ledger(opened, "digits", REAL).submissions()) == 1


def _open(url: str, start: "multiprocessing.synchronize.Barrier") -> None:
    start.wait()
    assert len(Ledger(Database(url), "digits", REAL).submissions()) == 1


def test_processes_that_open_an_old_ledger_at_once(engine: Engine) -> None:
    first_ledger(engine)
    url = engine.url.render_as_string(hide_password=False)
    engine.dispose()
    context = multiprocessing.get_context("fork")
    start = context.Barrier(4)
    processes = [context.Process(target=_open, args=(url, start)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    assert version(engine) == HEAD


@pytest.mark.parametrize("first", ["studies", "ledger"])
def test_studies_live_in_the_same_database(first: str, opened: Database, engine: Engine) -> None:
    import optuna

    url = engine.url.render_as_string(hide_password=False)
    if first == "ledger":
        Ledger(opened, "digits", REAL)
    study = optuna.create_study(storage=url, study_name="mine")
    study.add_trial(optuna.trial.create_trial(value=0.5))
    Ledger(opened, "digits", REAL).intend("0" * 12, 1, message="", file="a.csv")
    assert {"alembic_version", VERSION_TABLE} <= set(inspect(engine).get_table_names())
    assert optuna.load_study(storage=url, study_name="mine").best_value == 0.5
    optuna.delete_study(storage=url, study_name="mine")


def test_a_current_ledger_opens_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'podium.db'}"
    bring_up_to_date(Database(url))
    code = (
        "import sys; from competition.database import Database; "
        "from submissions.ledger.ledger import Ledger; "
        f"Ledger(Database({url!r}), 'digits', 'x').submissions(); "
        "sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


def test_a_folder_with_a_percent_sign_is_no_riddle(tmp_path: Path) -> None:
    moved = tmp_path / "100%(here)s" / "migrations"
    moved.parent.mkdir()
    moved.symlink_to(MIGRATIONS)
    database = Database(f"sqlite:///{tmp_path / 'podium.db'}")
    bring_up_to_date(database, moved)
    assert version(database.engine) == HEAD


def test_a_ledger_of_the_second_revision_gets_the_rows_of_estimates(tmp_path: Path) -> None:
    """As it was before metrics: what it holds is kept, and the new column is empty."""
    from alembic import command
    from alembic.config import Config

    database = Database(f"sqlite:///{tmp_path / 'podium.db'}")
    first_ledger(database.engine)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    assert version(database.engine) == "0002"
    ledger = Ledger(database, "digits", REAL)
    (kept,) = ledger.submissions()
    assert (kept.ref, kept.public_score, kept.cv_rows) == (7, 0.5, None)
    ledger.remember_blend(Path("a.csv"), "0" * 12, Estimate(0.5, 0.1, 42_000))
    assert ledger.estimate_of("0" * 12).cv_rows == 42_000


def test_a_ledger_of_the_third_revision_gets_accounts(opened: Database, engine: Engine) -> None:
    """Its rows are everybody's until Kaggle lists them, and a number may come twice."""
    from alembic import command
    from alembic.config import Config

    first_ledger(engine)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
    for account in (None, "me", "you"):
        (kept,) = Ledger(opened, "digits", REAL, account).submissions()
        assert (kept.ref, kept.account, kept.size, kept.newest_before) == (7, "", None, None)
    new = Ledger(opened, "digits", REAL, "me").intend("0" * 12, 1, message="", file="b.csv")
    Ledger(opened, "digits", REAL).change(new.id, ref=7)
    assert {row.ref for row in Ledger(opened, "digits", REAL).submissions()} == {7}

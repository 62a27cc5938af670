"""Migrations: up to date, backed up before, refused when the database is newer."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, select, text, update
from sqlalchemy.engine import URL

from bot.domain.errors import OperationError
from bot.store.engine import database_url, open_engine
from bot.store.migrate import upgrade
from bot.store.tables import heartbeat


def test_the_migrations_make_exactly_the_tables(engine: Engine) -> None:
    """What the migrations build and what the code declares are the same."""
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), heartbeat.metadata) == []


def test_a_second_upgrade_changes_and_backs_up_nothing(engine: Engine) -> None:
    """An up-to-date database is left alone."""
    assert upgrade(engine) is None


def test_an_older_database_is_backed_up_before_it_is_migrated(tmp_path: Path) -> None:
    """The backup holds what the database held, and can be opened on its own."""
    engine = open_engine(database_url("", tmp_path))
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO heartbeat VALUES ('planner', 1, 'x')"))
        # As if a release before the first one had written it.
        connection.execute(text("CREATE TABLE kept AS SELECT * FROM heartbeat"))
    from bot.store import migrate

    backup = migrate._back_up(engine, "0001")
    engine.dispose()
    assert backup is not None
    copy = sqlite3.connect(backup)
    assert copy.execute("SELECT part FROM kept").fetchall() == [("planner",)]
    copy.close()
    assert backup.stat().st_mode & 0o777 == 0o600


def test_a_newer_database_is_refused_and_left_as_it_is(engine: Engine) -> None:
    """A program never touches what a newer one wrote."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(OperationError, match=r"newer removalwatch .version 9999"):
        upgrade(engine)


def test_a_folder_without_permission_is_one_clear_sentence(tmp_path: Path) -> None:
    """No traceback: what cannot be opened, and what to do."""
    url = database_url("", tmp_path / "missing")
    with pytest.raises(OperationError, match=r"cannot be used: unable to open database file \(no permission"):
        upgrade(open_engine(url))


def test_sqlite_is_durable_and_checks_references(sqlite_engine: Engine) -> None:
    """NORMAL would lose acknowledged commits in a power cut."""
    with sqlite_engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_two_writers_wait_for_each_other(database: URL) -> None:
    """A transaction that reads first and writes later never fails because another one wrote meanwhile."""
    engine = open_engine(database)
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO heartbeat VALUES ('a', 0, '')"))
    import threading

    def add_one() -> None:
        for _ in range(20):
            with engine.begin() as connection:
                have = connection.execute(select(heartbeat.c.at_real).with_for_update()).scalar_one()
                connection.execute(update(heartbeat).values(at_real=have + 1))

    threads = [threading.Thread(target=add_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT at_real FROM heartbeat")).scalar_one() == 80
    engine.dispose()

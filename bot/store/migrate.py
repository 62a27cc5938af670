"""Brings a database to this program's version, after a backup; refuses one that is newer."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from bot.domain.errors import OperationError

# Any number that no other program uses: one migration at a time on PostgreSQL.
_ADVISORY_LOCK = 0x72656D6F76616C


def upgrade(engine: Engine) -> Path | None:
    """Migrate to the newest version; return the backup that was made before (SQLite with data only).

    OperationError: the database is newer than the program, locked, full or not writable; it is left as it was.
    """
    try:
        return _upgrade(engine)
    except OperationalError as error:
        raise OperationError(f"The database {_name(engine)} cannot be used: {_reason(error)}") from error


def current(connection: Connection) -> str | None:
    """Return the version of the database, None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(engine: Engine) -> Path | None:
    config = _config()
    script = ScriptDirectory.from_config(config)
    with engine.connect().execution_options(read_only=True) as connection:
        have = current(connection)
    if have == script.get_current_head():
        return None
    if have is not None and have not in {revision.revision for revision in script.walk_revisions()}:
        raise OperationError(
            f"The database {_name(engine)} was written by a newer removalwatch (version {have}): "
            "update the program, or restore the backup that the update made."
        )
    backup = _back_up(engine, have) if have is not None else None
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return backup


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _back_up(engine: Engine, version: str) -> Path | None:
    if engine.url.database is None or engine.dialect.name != "sqlite":
        # A server has its own backups; copying it from here would need rights that a bot should not have.
        return None
    original = Path(engine.url.database)
    target = original.with_name(f"{original.stem}.before-{version}.{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.db")
    source, copy = sqlite3.connect(original), sqlite3.connect(target)
    try:
        source.backup(copy)
    finally:
        source.close()
        copy.close()
    target.chmod(0o600)
    return target


def _name(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)


def _reason(error: OperationalError) -> str:
    detail = str(error.orig).strip()
    hints = {
        "locked": "another program holds it; stop that one and start again",
        "full": "the disk is full; free some space, nothing is lost",
        "readonly": "no permission to write; check the owner of the file and its folder",
        "unable to open": "no permission to open or create it; check the data folder",
    }
    advice = next((hint for word, hint in hints.items() if word in detail), "see the message")
    return f"{detail} ({advice})."

"""Opens the database: SQLite (durable, one machine) or PostgreSQL, behind one way to begin a transaction."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, NullPool, QueuePool, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.domain.errors import InputError

# Longer than any transaction of ours: a batch of 100 comments commits in milliseconds.
_BUSY_MILLISECONDS = 20_000


def database_url(setting: str, data_dir: Path) -> URL:
    """Return the URL of the database that a setting names; empty is SQLite in the data folder."""
    if not setting:
        return URL.create("sqlite", database=str(data_dir / "removalwatch.db"))
    try:
        url = make_url(setting)
    except ArgumentError:
        raise InputError("database: this is no URL", instead="e.g. postgresql://user@host/removalwatch") from None
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise InputError(
            f"database: {url.get_backend_name()} is not supported", instead="use sqlite:///… or postgresql://…"
        )
    return url


def open_engine(url: URL, *, pooled: bool = True) -> Engine:
    """Return an engine whose begin() is BEGIN IMMEDIATE on SQLite; `pooled=False` for processes that fork.

    SQLite runs with WAL and synchronous=FULL: NORMAL loses acknowledged commits in a power cut.
    """
    engine = create_engine(url, poolclass=QueuePool if pooled else NullPool)
    if engine.dialect.name == "sqlite":
        _configure_sqlite(engine)
    return engine


def _configure_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver must not begin transactions on its own: "begin" below does.
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {_BUSY_MILLISECONDS}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        # A transaction that begins as a reader and then writes fails at once when another writer is active.
        # Readers say so, and then see one snapshot without holding up writers.
        deferred = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if deferred else "BEGIN IMMEDIATE")

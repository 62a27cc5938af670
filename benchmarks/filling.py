"""Fills a migrated database with tracked comments by INSERT … SELECT: several sources, a few percent due, spread."""

from __future__ import annotations

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL

from bot.domain.instant import DAY, Micros

NOW: Micros = 1_790_000_000 * 1_000_000
SOURCES = 4
_PER_THREAD = 500
_PERIOD: Micros = 3 * DAY
_DUE_SHARE = 0.05
_SEEN = NOW - 2 * DAY

_BASE_OF_IDS = 10**18
_COMMENT = {
    "id": "n",
    "platform": "'demo'",
    "instance": "'forum.example'",
    "native_id": f"CAST({_BASE_OF_IDS} + n AS TEXT)",
    "source_id": f"n % {SOURCES} + 1",
    "thread_id": "n % :threads + 1",
    "author": "'author-' || n",
    "posted_at": str(_SEEN),
    "first_seen": str(_SEEN),
    "language": "'en'",
    "length": "40",
    "url": "'https://forum.example/' || n",
}
_REVISION = {
    "comment_id": "n",
    "number": "1",
    "seen_at": str(_SEEN),
    "digest": f"'4bf5122f344554c53bde2ebb8cd2b7e3d1600ad6312c' || ({_BASE_OF_IDS} + n)",
    "text": "'A comment of forty characters, number ' || n",
}
_ENROLMENT = {
    "id": "n",
    "comment_id": "n",
    "role": "CASE WHEN n % 2 = 0 THEN 'flagged' ELSE 'control' END",
    "partner_id": "CASE WHEN n % 2 = 0 THEN NULL ELSE n END",
    "rule_version_id": "1",
    "probability": "1.0",
    "enrolled_at": str(_SEEN),
}
_TRACKING = {
    "comment_id": "n",
    "source_id": f"n % {SOURCES} + 1",
    "thread_id": "n % :threads + 1",
    # A permutation: those that are due one after the other lie far apart.
    "due_at": f"{NOW - round(_DUE_SHARE * _PERIOD)} + (n * 7919 % :number) * {_PERIOD} / :number",
    "vantage": "'front'",
    "jitter": "(n % 201) / 100.0 - 1",
    "first_seen": str(_SEEN),
    "begin": str(_SEEN),
    "follow_until": str(_SEEN + 30 * DAY),
    "state": "CASE WHEN n % 100 = 0 THEN 'missing' ELSE 'visible' END",
    "cause": "'unknown'",
    "outcome": "CASE WHEN n % 100 = 0 THEN 'gone' ELSE 'visible' END",
    "last_look": str(NOW - DAY),
    "last_seen": str(NOW - DAY),
    "misses": "0",
    "explicit": "FALSE",
    "run_cause": "'unknown'",
    "step": "0",
    "looks": "9",
}


def fill(url: URL, number: int) -> None:
    """Store `number` comments, each followed and enrolled; durable at the end, not meanwhile."""
    threads = SOURCES * max(1, number // (SOURCES * _PER_THREAD))
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        _hasten(connection, sqlite=sqlite)
        indexes = _take_indexes(connection, sqlite=sqlite)
        source = {
            "id": "n",
            "name": "'source ' || n",
            "platform": "'demo'",
            "instance": "'forum.example'",
            "first_seen": str(_SEEN),
            "cursor": "'{}'",
        }
        thread = {
            "id": "n",
            "source_id": f"(n - 1) % {SOURCES} + 1",
            "native_id": "'t' || n",
            "first_seen": str(_SEEN),
        }
        version = {"id": "n", "digest": "'d' || n", "first_used": str(_SEEN), "body": "'{}'"}
        _insert(connection, "source", source, SOURCES, threads)
        _insert(connection, "rule_version", version, 1, threads)
        _insert(connection, "thread", thread, threads, threads)
        for table, columns in (
            ("comment", _COMMENT),
            ("revision", _REVISION),
            ("enrolment", _ENROLMENT),
            ("tracking", _TRACKING),
        ):
            _insert(connection, table, columns, number, threads)
        for statement in indexes:
            connection.execute(text(statement))
        connection.execute(text("ANALYZE" if sqlite else "VACUUM ANALYZE"))
        if not sqlite:
            connection.execute(text("CHECKPOINT"))
    engine.dispose()


def _insert(connection: Connection, table: str, columns: dict[str, str], number: int, threads: int) -> None:
    if connection.dialect.name == "sqlite":
        series = (
            "(WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < :number) "
            "SELECT n FROM counted)"
        )
    else:
        series = "(SELECT n FROM generate_series(CAST(1 AS bigint), :number) AS counted(n)) AS series"
    values = ", ".join(columns.values())
    # All of it is written in this file.
    statement = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {series}"  # noqa: S608
    connection.execute(text(statement.replace(":threads", str(threads)).replace(":number", str(number))))


def _hasten(connection: Connection, *, sqlite: bool) -> None:
    """Let this connection write without waiting for the disk and without asking for foreign rows."""
    settings = [
        "SET synchronous_commit = off",
        "SET session_replication_role = replica",
        "SET maintenance_work_mem = '512MB'",
    ]
    if sqlite:
        settings = [
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            "PRAGMA foreign_keys = OFF",
            "PRAGMA cache_size = -400000",
        ]
    for setting in settings:
        connection.execute(text(setting))


def _take_indexes(connection: Connection, *, sqlite: bool) -> list[str]:
    """Drop the indexes that are no constraints, and return the statements that make them again."""
    names_and_statements = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        if sqlite
        else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'ix%'"
    )
    rows = connection.execute(text(names_and_statements)).all()
    for name, _ in rows:
        connection.execute(text(f"DROP INDEX {name}"))
    return [statement for _, statement in rows]

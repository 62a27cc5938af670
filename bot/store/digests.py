"""Digests that went out: a row per week, so that each week goes out once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection, select

from bot.domain.instant import Micros
from bot.store.comments import insert_or_ignore
from bot.store.tables import digest


def published(connection: Connection) -> frozenset[str]:
    """Return the weeks that have a digest, as 2026-W47."""
    return frozenset(connection.scalars(select(digest.c.week)))


def insert(
    connection: Connection, week: str, *, built_at: Micros, late: bool, numbers: Mapping[str, object], folder: Path
) -> bool:
    """Store a week's digest; return False, having stored nothing, if the week has one already.

    Of two processes that publish at the same time the second waits here for the first one's commit.
    """
    row = {"week": week, "built_at": built_at, "late": late, "numbers": dict(numbers), "folder": str(folder)}
    inserted = insert_or_ignore(connection, digest).values(row).returning(digest.c.week)
    return connection.execute(inserted).first() is not None

"""Followed comments with their verdict, for the calibration; the truth is joined elsewhere."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, select

from bot.store.tables import comment, source, tracking


def sources(connection: Connection) -> list[tuple[int, str]]:
    """Return id and platform of every source."""
    return [(row.id, row.platform) for row in connection.execute(select(source.c.id, source.c.platform))]


def verdicts(connection: Connection, source_id: int) -> list[RowMapping]:
    """Return native_id and the dates of the first removal of every followed comment of a source."""
    dates = ("first_seen", "follow_until", "cause", "gone_after", "probable_at", "confirmed_at", "restored_at")
    query = (
        select(comment.c.native_id, *(tracking.c[name] for name in dates))
        .join(comment, comment.c.id == tracking.c.comment_id)
        .where(tracking.c.source_id == source_id)
    )
    return list(connection.execute(query).mappings())

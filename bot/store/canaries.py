"""Canaries of a source: comments known to be alive that are asked with every batch."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, case, delete, exists, func, insert, select, update

from bot.domain.comment import Role
from bot.domain.health import Canary
from bot.domain.instant import Micros
from bot.domain.observation import PRESENT, Target
from bot.domain.verdict import State
from bot.store.tables import canary, comment, enrolment, thread, tracking


def on_duty(connection: Connection, source_id: int) -> list[tuple[Canary, Target]]:
    """Return the canaries of a source with what to ask for."""
    query = (
        select(canary, comment.c.native_id, comment.c.parent_id, thread.c.native_id.label("thread_native_id"))
        .join(comment, comment.c.id == canary.c.comment_id)
        .join(thread, thread.c.id == comment.c.thread_id)
        .where(canary.c.source_id == source_id)
        .order_by(canary.c.comment_id)
    )
    return [
        (
            Canary(row.comment_id, row.failing_since, row.failures),
            Target(row.native_id, row.thread_native_id, row.parent_id),
        )
        for row in connection.execute(query)
    ]


def appoint(connection: Connection, source_id: int, number: int, *, now: Micros) -> None:
    """Fill a source's canaries up to `number` with comments that were seen last time.

    Unflagged ones first, so that a purge of the flagged leaves the witnesses; then of different threads; then by lot,
    for what hides the end of a listing would pass unseen by canaries that all stand at its head.
    """
    held = connection.execute(select(func.count()).where(canary.c.source_id == source_id)).scalar_one()
    if held >= number:
        return
    flagged = exists().where(enrolment.c.comment_id == tracking.c.comment_id, enrolment.c.role == Role.FLAGGED)
    rank = case((flagged, 1), else_=0)
    place = func.row_number().over(partition_by=tracking.c.thread_id, order_by=(rank, tracking.c.jitter))
    alive = (
        select(tracking.c.comment_id, rank.label("rank"), place.label("place"), tracking.c.jitter)
        .where(tracking.c.source_id == source_id, tracking.c.state == State.VISIBLE, tracking.c.looks > 0)
        .where(tracking.c.outcome.in_(PRESENT), tracking.c.absent_since.is_(None))
        .where(tracking.c.comment_id.not_in(select(canary.c.comment_id)))
        .subquery()
    )
    query = select(alive.c.comment_id).order_by(alive.c.rank, alive.c.place, alive.c.jitter).limit(number - held)
    rows = [
        {"comment_id": comment_id, "source_id": source_id, "since": now}
        for comment_id in connection.execute(query).scalars()
    ]
    if rows:
        connection.execute(insert(canary), rows)


def save(connection: Connection, states: Sequence[Canary]) -> None:
    """Store how canaries fared."""
    for state in states:
        connection.execute(
            update(canary)
            .where(canary.c.comment_id == state.comment_id)
            .values(failing_since=state.failing_since, failures=state.failures)
        )


def retire(connection: Connection, comment_ids: Collection[int]) -> None:
    """Relieve canaries that have truly gone."""
    if comment_ids:
        connection.execute(delete(canary).where(canary.c.comment_id.in_(comment_ids)))

"""Followed comments: enrolled once, claimed when due, saved only by the batch that claimed them last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, insert, select, text, update

from bot.domain.comment import Role
from bot.domain.instant import Micros
from bot.domain.observation import Cause, Outcome, Target
from bot.domain.recheck_plan import Plan
from bot.domain.verdict import State, Track
from bot.store.comments import insert_or_ignore
from bot.store.tables import batch, comment, enrolment, revision, thread, tracking

_TRACK_FIELDS = tuple(Track.__dataclass_fields__)
# Spelled as in ix_tracking_held, not as a parameter: an index of some rows serves only whoever repeats its condition.
_HELD = text("tracking.batch_id > 0")
_URGENT = text("tracking.urgent")


@dataclass(frozen=True, slots=True)
class Followed:
    """A followed comment as a batch needs it."""

    comment_id: int
    thread_id: int
    target: Target
    track: Track
    due_at: Micros | None
    jitter: float
    begin: Micros
    follow_until: Micros
    flagged: bool
    author: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What one job looks at: comments of one source, from one vantage."""

    id: int
    source_id: int
    vantage: str
    claimed_at: Micros
    followed: tuple[Followed, ...]


def enrol(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert enrolments; fixed from then on."""
    if rows:
        connection.execute(insert(enrolment), list(rows))


def follow(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Start to follow comments; one that is followed already goes on as it is."""
    if rows:
        connection.execute(insert_or_ignore(connection, tracking), list(rows))


def fresh(track: Track, plan: Plan) -> dict[str, Any]:
    """Return the columns of a comment that was just seen for the first time."""
    return {**_columns(track), "due_at": plan.due, "vantage": plan.vantage, "urgent": plan.urgent}


def is_due(
    connection: Connection, source_id: int, vantage: str, *, now: Micros, real: Micros, urgent: bool = False
) -> bool:
    """Return whether there is something to claim."""
    return connection.execute(_due(source_id, vantage, now, real, urgent=urgent).limit(1)).first() is not None


def _due(source_id: int, vantage: str, now: Micros, real: Micros, *, urgent: bool) -> Select[int, int]:
    query = (
        select(tracking.c.comment_id, tracking.c.attempts)
        .where(tracking.c.source_id == source_id, tracking.c.vantage == vantage)
        .where(tracking.c.due_at <= now, tracking.c.lease_real < real)
        .order_by(tracking.c.due_at)
    )
    return query.where(_URGENT) if urgent else query


def claim(
    connection: Connection,
    source_id: int,
    vantage: str,
    *,
    now: Micros,
    real: Micros,
    lease: Micros,
    limit: int,
    urgent: bool = False,
) -> int | None:
    """Lease up to `limit` due comments to a new batch, the longest due first; return its id, None if none is due.

    `urgent`: only those whose look proves an absence or closes a horizon. A comment whose batches died three times is
    taken alone, so that it cannot take others with it.
    """
    query = _due(source_id, vantage, now, real, urgent=urgent).limit(limit).with_for_update(skip_locked=True)
    rows = connection.execute(query).all()
    if not rows:
        return None
    alone = [row for row in rows if row.attempts >= 3]
    ids = [row.comment_id for row in (alone[:1] or rows)]
    # A batch that keeps dying is leased for longer and longer: 1, 2, 4 … times.
    patience = 2 ** min(max(row.attempts for row in rows), 6)
    return _lease(connection, source_id, vantage, ids, now=now, real=real, lease=lease * patience)


def _lease(
    connection: Connection,
    source_id: int,
    vantage: str,
    ids: Sequence[int],
    *,
    now: Micros,
    real: Micros,
    lease: Micros,
) -> int:
    values = {
        "source_id": source_id,
        "vantage": vantage,
        "claimed_at": now,
        "claimed_real": real,
        "due": len(ids),
    }
    batch_id = int(connection.execute(insert(batch).values(values).returning(batch.c.id)).scalar_one())
    connection.execute(
        update(tracking)
        .where(tracking.c.comment_id.in_(ids))
        .values(batch_id=batch_id, lease_real=real + lease, attempts=tracking.c.attempts + 1)
    )
    return batch_id


def hasten(connection: Connection, comment_id: int, *, now: Micros) -> None:
    """Make a comment due at once, before others; a batch that looks at it right now decides its next look itself."""
    connection.execute(update(tracking).where(tracking.c.comment_id == comment_id).values(due_at=now, urgent=True))


def claim_one(connection: Connection, comment_id: int, *, now: Micros, real: Micros, lease: Micros) -> int | None:
    """Lease one comment to a new batch of its own; return the batch's id, None while another batch holds it."""
    query = (
        select(tracking.c.source_id, tracking.c.vantage)
        .where(tracking.c.comment_id == comment_id, tracking.c.lease_real < real)
        .with_for_update()
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    return _lease(connection, row.source_id, row.vantage, [comment_id], now=now, real=real, lease=lease)


def release(connection: Connection, batch_id: int) -> None:
    """Give back what a batch holds and did not look at: due at once, and not counted as an attempt."""
    connection.execute(
        update(tracking)
        .where(_HELD, tracking.c.batch_id == batch_id)
        .values(batch_id=0, lease_real=0, attempts=tracking.c.attempts - 1)
    )


def end_leases(connection: Connection) -> None:
    """Give back what earlier workers hold; whoever of them still lives writes nothing any more."""
    connection.execute(update(tracking).where(_HELD).values(batch_id=0, lease_real=0))


def load_batch(connection: Connection, batch_id: int, *, for_update: bool = False) -> Batch | None:
    """Return a batch with the comments that it still holds, None if it is unknown or finished.

    `for_update`: lock those comments until the transaction ends; a later claim has taken the others away.
    """
    head = connection.execute(select(batch).where(batch.c.id == batch_id, batch.c.finished_at.is_(None))).first()
    if head is None:
        return None
    flagged = select(enrolment.c.id).where(
        enrolment.c.comment_id == tracking.c.comment_id, enrolment.c.role == Role.FLAGGED
    )
    newest = (
        select(revision.c.digest)
        .where(revision.c.comment_id == tracking.c.comment_id)
        .order_by(revision.c.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(
            tracking,
            comment.c.native_id,
            comment.c.parent_id,
            comment.c.author,
            comment.c.url,
            thread.c.native_id.label("thread_native_id"),
            newest.label("digest"),
            flagged.exists().label("flagged"),
        )
        .join(comment, comment.c.id == tracking.c.comment_id)
        .join(thread, thread.c.id == tracking.c.thread_id)
        .where(_HELD, tracking.c.batch_id == batch_id)
        .order_by(tracking.c.comment_id)
    )
    if for_update:
        query = query.with_for_update(of=tracking)
    rows = connection.execute(query).all()
    return Batch(head.id, head.source_id, head.vantage, head.claimed_at, tuple(_followed(row) for row in rows))


def _followed(row: Row[Any]) -> Followed:
    return Followed(
        comment_id=row.comment_id,
        thread_id=row.thread_id,
        target=Target(row.native_id, row.thread_native_id, row.parent_id, row.digest),
        track=track_of(row),
        due_at=row.due_at,
        jitter=row.jitter,
        begin=row.begin,
        follow_until=row.follow_until,
        flagged=bool(row.flagged),
        author=row.author,
        url=row.url,
    )


def track_of(row: Row[Any]) -> Track:
    """Return the track that a row of `tracking` holds."""
    values = {name: getattr(row, name) for name in _TRACK_FIELDS}
    values["state"] = State(row.state)
    values["cause"] = Cause(row.cause)
    values["run_cause"] = Cause(row.run_cause)
    values["outcome"] = Outcome(row.outcome)
    values["miss_vantages"] = tuple(row.miss_vantages.split()) if row.miss_vantages else ()
    return Track(**values)


def _columns(track: Track) -> dict[str, Any]:
    values = {name: getattr(track, name) for name in _TRACK_FIELDS}
    return {**values, "miss_vantages": " ".join(track.miss_vantages)}


def save(connection: Connection, batch_id: int, tracks: Sequence[tuple[int, Track, Plan]]) -> None:
    """Store what a batch found and when to look again, and end its leases; only where the batch still holds them."""
    if not tracks:
        return
    rows = [
        {
            **_columns(track),
            "due_at": plan.due,
            "vantage": plan.vantage,
            "urgent": plan.urgent,
            "b_comment_id": comment_id,
        }
        for comment_id, track, plan in tracks
    ]
    statement = (
        update(tracking)
        .where(and_(tracking.c.comment_id == bindparam("b_comment_id"), tracking.c.batch_id == batch_id))
        .values({name: bindparam(name) for name in rows[0] if name != "b_comment_id"})
        .values(batch_id=0, lease_real=0, attempts=0)
    )
    connection.execute(statement, rows)


def finish(connection: Connection, batch_id: int, *, at: Micros, done: int, guards: str | None) -> None:
    """Close a batch: how many comments were looked at, and why absences did not count, if so."""
    connection.execute(update(batch).where(batch.c.id == batch_id).values(finished_at=at, done=done, guards=guards))

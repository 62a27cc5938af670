"""All that is stored of one followed comment, and of many in turn: what `explain` shows and rejudge folds again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, case, false, insert, or_, select, update

from bot.domain.comment import Source
from bot.domain.instant import MINUTE, Micros
from bot.domain.observation import Cause, Outcome
from bot.domain.replay import Seen
from bot.domain.verdict import Look, Track
from bot.store.tables import (
    batch,
    comment,
    correction,
    enrolment,
    heartbeat,
    mass_disappearance,
    observation,
    source,
    thread,
    tracking,
    verdict,
)
from bot.store.tracking import track_of

#: A worker that has not reported for this long does not run.
_SILENT: Micros = MINUTE
#: Digits: every shorter number fits a column.
_LONGEST_NUMBER = 19


def find(connection: Connection, named: str) -> list[int]:
    """Return the followed comments that a number or a native id may mean.

    `number:12` and `native:12` mean one of the two only: many platforms count their comments as we do.
    """
    kind, _, rest = named.partition(":")
    only = kind if kind in {"number", "native"} else ""
    wanted = rest if only else named
    meant = [] if only == "number" else [comment.c.native_id == wanted]
    if only != "native" and wanted.isascii() and wanted.isdigit() and len(wanted) < _LONGEST_NUMBER:
        meant.append(comment.c.id == int(wanted))
    query = select(tracking.c.comment_id).join(comment, comment.c.id == tracking.c.comment_id)
    query = query.where(or_(false(), *meant))
    return [int(number) for number in connection.execute(query.order_by(tracking.c.comment_id).limit(10)).scalars()]


def head(connection: Connection, comment_id: int) -> Row[Any]:
    """Return a followed comment with its thread, its source and its tracking row."""
    query = (
        select(
            tracking,
            comment.c.native_id,
            comment.c.url,
            comment.c.posted_at,
            source.c.name.label("source"),
            source.c.platform,
            source.c.instance,
            source.c.breaker_since,
            thread.c.native_id.label("thread"),
            thread.c.title,
            thread.c.ended_at,
        )
        .join(comment, comment.c.id == tracking.c.comment_id)
        .join(thread, thread.c.id == tracking.c.thread_id)
        .join(source, source.c.id == tracking.c.source_id)
        .where(tracking.c.comment_id == comment_id)
    )
    return connection.execute(query).one()


def roles(connection: Connection, comment_id: int) -> Sequence[Row[Any, Any, Any, Any]]:
    """Return why it is followed: role, partner, rule version, when."""
    columns = (enrolment.c.role, enrolment.c.partner_id, enrolment.c.rule_version_id, enrolment.c.enrolled_at)
    return connection.execute(
        select(*columns).where(enrolment.c.comment_id == comment_id).order_by(enrolment.c.id)
    ).all()


def seen(connection: Connection, ids: Sequence[int]) -> Mapping[int, list[tuple[Seen, Mapping[str, Any]]]]:
    """Return the looks at some comments, each with its evidence, in the order in which they were judged."""
    query = _looks(ids, observation.c.evidence)
    found: dict[int, list[tuple[Seen, Mapping[str, Any]]]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.comment_id].append((_seen(row), row.evidence))
    return found


def _looks(ids: Sequence[int], *more: Any) -> Select[Any]:
    columns = (name for name in observation.c if name.name != "evidence")
    return (
        select(*columns, batch.c.finished_at, *more)
        .join(batch, batch.c.id == observation.c.batch_id)
        .where(observation.c.comment_id.in_(ids))
        .order_by(observation.c.comment_id, observation.c.id)
    )


def _seen(row: Row[Any]) -> Seen:
    cause = None if row.cause is None else Cause(row.cause)
    look = Look(row.at, row.vantage, Outcome(row.outcome), bool(row.explicit), row.held, cause)
    return Seen(look, row.at if row.finished_at is None else row.finished_at)


def looks_of(connection: Connection, ids: Sequence[int]) -> Mapping[int, list[Seen]]:
    """Return the looks at some comments without evidence, in the order in which they were judged."""
    found: dict[int, list[Seen]] = defaultdict(list)
    for row in connection.execute(_looks(ids)):
        found[row.comment_id].append(_seen(row))
    return found


def verdicts(connection: Connection, comment_id: int) -> Sequence[Row[Any]]:
    """Return every change of state that was stored, oldest first."""
    return connection.execute(select(verdict).where(verdict.c.comment_id == comment_id).order_by(verdict.c.id)).all()


def touching(connection: Connection, source_id: int, start: Micros, end: Micros) -> Sequence[Row[Any]]:
    """Return the mass disappearances of a source that overlap [start, end]."""
    table = mass_disappearance
    overlaps = and_(table.c.since <= end, or_(table.c.ended_at.is_(None), table.c.ended_at >= start))
    return connection.execute(select(table).where(table.c.source_id == source_id, overlaps).order_by(table.c.id)).all()


def corrections(connection: Connection, comment_id: int) -> Sequence[Row[Any]]:
    """Return what analysts said of a comment, oldest first."""
    query = select(correction).where(correction.c.comment_id == comment_id).order_by(correction.c.id)
    return connection.execute(query).all()


def correct(connection: Connection, comment_id: int, *, at: Micros, state: str, cause: Cause, why: str) -> None:
    """Add what an analyst says of a comment; verdicts and the figures made of them stay as they are."""
    values = {"comment_id": comment_id, "at": at, "state": state, "cause": cause, "why": why}
    connection.execute(insert(correction).values(values))


def worker_lives(connection: Connection, real: Micros) -> bool:
    """Return whether a worker has reported within the last minute of real time."""
    kind = or_(heartbeat.c.part == "worker", heartbeat.c.part.like("worker:%"))
    recent = heartbeat.c.at_real >= real - _SILENT
    return connection.execute(select(heartbeat.c.part).where(kind, recent).limit(1)).first() is not None


def source_named(connection: Connection, name: str) -> int | None:
    """Return the number of a source, None where there is none of that name."""
    return connection.execute(select(source.c.id).where(source.c.name == name)).scalar()


def stored_sources(connection: Connection) -> list[Source]:
    """Return all sources, also those that the configuration names no more, without options."""
    rows = connection.execute(select(source).order_by(source.c.id))
    return [Source(row.id, row.name, row.platform, row.instance) for row in rows]


def tracks(
    connection: Connection, source_id: int, after: int, limit: int, *, for_update: bool
) -> list[tuple[int, Track]]:
    """Return the next followed comments of a source with their tracks; `for_update`: locked, only those not held."""
    query = (
        select(tracking)
        .where(tracking.c.source_id == source_id, tracking.c.comment_id > after)
        .order_by(tracking.c.comment_id)
        .limit(limit)
    )
    if for_update:
        query = query.with_for_update()
    return [(row.comment_id, track_of(row)) for row in connection.execute(query)]


def replace_tracks(connection: Connection, rows: Sequence[tuple[int, Track]], now: Micros) -> list[int]:
    """Replace the tracks that no batch holds, make those that are still followed due, and return which they are."""
    if not rows:
        return []
    ids = [comment_id for comment_id, _ in rows]
    held = set(
        connection.execute(
            select(tracking.c.comment_id).where(tracking.c.comment_id.in_(ids), tracking.c.batch_id != 0)
        ).scalars()
    )
    free = [(comment_id, track) for comment_id, track in rows if comment_id not in held]
    if free:
        names = Track.__dataclass_fields__
        values = [
            {**asdict(track), "miss_vantages": " ".join(track.miss_vantages), "b_comment_id": comment_id}
            for comment_id, track in free
        ]
        statement = (
            update(tracking)
            .where(tracking.c.comment_id == bindparam("b_comment_id"), tracking.c.batch_id == 0)
            .values({name: bindparam(name) for name in names})
            # NULL stays NULL: a follow-up that is over is not begun again.
            .values(due_at=case((tracking.c.due_at > now, now), else_=tracking.c.due_at))
        )
        connection.execute(statement, values)
    return [comment_id for comment_id, _ in free]

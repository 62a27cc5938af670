"""Comments, their threads, revisions and matches."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.comment import FetchedThread, Role, text_digest
from bot.domain.instant import Micros
from bot.domain.tracking import Candidate
from bot.domain.verdict import State
from bot.store.tables import comment, enrolment, match, revision, rule_version, thread, tracking


@dataclass(frozen=True, slots=True)
class Known:
    """A stored comment: its id, and number and digest of its newest revision."""

    id: int
    revision: int
    digest: str


def insert_or_ignore(connection: Connection, table: Any) -> Any:
    """Return an INSERT that skips rows which are there already; both databases spell it alike."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table).on_conflict_do_nothing()


def ensure_thread(connection: Connection, source_id: int, fetched: FetchedThread, now: Micros) -> int:
    """Return the id of a thread, made if it is new."""
    where = and_(thread.c.source_id == source_id, thread.c.native_id == fetched.native_id)
    found = connection.execute(select(thread.c.id).where(where)).scalar_one_or_none()
    if found is not None:
        return int(found)
    values = {
        "source_id": source_id,
        "native_id": fetched.native_id,
        "url": fetched.url,
        "title": fetched.title,
        "first_seen": now,
    }
    return int(connection.execute(insert(thread).values(values).returning(thread.c.id)).scalar_one())


def known(connection: Connection, platform: str, instance: str, native_ids: Collection[str]) -> dict[str, Known]:
    """Return those of the comments that are stored, by native id."""
    every = revision.alias()
    newest = select(func.max(every.c.number)).where(every.c.comment_id == comment.c.id).scalar_subquery()
    query = (
        select(comment.c.native_id, comment.c.id, revision.c.number, revision.c.digest)
        .select_from(comment)
        .join(revision, and_(revision.c.comment_id == comment.c.id, revision.c.number == newest))
        .where(comment.c.platform == platform, comment.c.instance == instance)
        .where(comment.c.native_id.in_(native_ids))
    )
    return {row.native_id: Known(row.id, row.number, row.digest) for row in connection.execute(query)}


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert comments; return their ids in the order of the rows."""
    if not rows:
        return []
    statement = insert(comment).returning(comment.c.id, sort_by_parameter_order=True)
    return [int(value) for value in connection.execute(statement, list(rows)).scalars()]


def add_revisions(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert revisions; one that is there already is left as it is."""
    if rows:
        connection.execute(insert_or_ignore(connection, revision), list(rows))


def add_revision(connection: Connection, comment_id: int, text: str, at: Micros) -> None:
    """Insert the next revision of a comment, unless its newest one has this very text."""
    newest = select(revision.c.number, revision.c.digest).where(revision.c.comment_id == comment_id)
    row = connection.execute(newest.order_by(revision.c.number.desc()).limit(1)).one()
    digest = text_digest(text)
    if row.digest != digest:
        values = {"comment_id": comment_id, "number": row.number + 1, "seen_at": at, "digest": digest, "text": text}
        add_revisions(connection, [values])


def add_matches(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert matches; one that is there already is left as it is."""
    if rows:
        connection.execute(insert_or_ignore(connection, match), list(rows))


def ensure_rule_version(connection: Connection, digest: str, body: str, now: Micros) -> int:
    """Return the id of a version of the rules, stored whole when it is new."""
    values = {"digest": digest, "body": body, "first_used": now}
    connection.execute(insert_or_ignore(connection, rule_version), values)
    return int(connection.execute(select(rule_version.c.id).where(rule_version.c.digest == digest)).scalar_one())


def candidates(
    connection: Connection, source_id: int, *, since: Micros, limit: int, authors: Collection[str] | None = None
) -> list[Candidate]:
    """Return unflagged comments of a source first seen since then, not known to be missing, no control yet.

    `authors`: of these pseudonyms only; None: of everybody.
    """
    taken = select(enrolment.c.id).where(
        enrolment.c.comment_id == comment.c.id, enrolment.c.role.in_([Role.CONTROL, Role.FLAGGED])
    )
    query = (
        select(
            comment.c.id,
            comment.c.thread_id,
            comment.c.length,
            comment.c.native_id,
            comment.c.first_seen,
            func.coalesce(comment.c.posted_at, comment.c.first_seen),
            comment.c.author,
        )
        .join(thread, thread.c.id == comment.c.thread_id)
        .outerjoin(tracking, tracking.c.comment_id == comment.c.id)
        .where(comment.c.source_id == source_id, comment.c.first_seen >= since)
        # An absence that is held back is one that is known, and so is the end of a thread.
        .where((tracking.c.state == State.VISIBLE) | tracking.c.state.is_(None))
        .where(tracking.c.absent_since.is_(None), thread.c.ended_at.is_(None))
        .where(~taken.exists())
        .order_by(comment.c.first_seen.desc(), comment.c.id.desc())
        .limit(limit)
    )
    if authors is not None:
        query = query.where(comment.c.author.in_(authors))
    return [Candidate(*row) for row in connection.execute(query)]


def end_thread(connection: Connection, thread_id: int, at: Micros) -> Micros:
    """Record that a thread itself is gone, and return since when: the first time holds until it is back."""
    connection.execute(update(thread).where(thread.c.id == thread_id, thread.c.ended_at.is_(None)).values(ended_at=at))
    return int(connection.execute(select(thread.c.ended_at).where(thread.c.id == thread_id)).scalar_one())


def thread_is_back(connection: Connection, thread_id: int) -> None:
    """Record that a thread which was gone can be seen again."""
    connection.execute(update(thread).where(thread.c.id == thread_id).values(ended_at=None))

"""Builds stored comments for tests of the store, in one line each."""

from __future__ import annotations

from sqlalchemy import Connection

from bot.domain.comment import FetchedThread, text_digest
from bot.domain.instant import DAY, HOUR, Micros
from bot.domain.recheck_plan import Plan
from bot.domain.verdict import Track
from bot.store import comments, sources, tracking

T0: Micros = 1_790_000_000 * 1_000_000


def add_source(connection: Connection, name: str = "blog") -> int:
    """Return the id of a source."""
    return sources.ensure(connection, name=name, platform="isso", instance="c.example", now=T0)


def add_comment(connection: Connection, source_id: int, native_id: str, *, thread: str = "/a/") -> int:
    """Return the id of a comment with one revision."""
    thread_id = comments.ensure_thread(connection, source_id, FetchedThread(thread), T0)
    row = {
        "platform": "isso",
        "instance": "c.example",
        "native_id": native_id,
        "source_id": source_id,
        "thread_id": thread_id,
        "parent_id": None,
        "author": None,
        "posted_at": None,
        "first_seen": T0,
        "language": "en",
        "length": 5,
        "rating": None,
        "url": None,
    }
    [comment_id] = comments.add(connection, [row])
    revision = {
        "comment_id": comment_id,
        "number": 1,
        "seen_at": T0,
        "digest": text_digest(native_id),
        "text": native_id,
    }
    comments.add_revisions(connection, [revision])
    return comment_id


def follow(
    connection: Connection, source_id: int, native_id: str, *, due: Micros = T0 + HOUR, thread: str = "/a/"
) -> int:
    """Return the id of a comment that is followed and due at `due`."""
    comment_id = add_comment(connection, source_id, native_id, thread=thread)
    thread_id = comments.ensure_thread(connection, source_id, FetchedThread(thread), T0)
    row = {
        "comment_id": comment_id,
        "source_id": source_id,
        "thread_id": thread_id,
        "jitter": 0.0,
        "begin": T0,
        "follow_until": T0 + 30 * DAY,
        **tracking.fresh(Track(first_seen=T0, last_look=T0, last_seen=T0), Plan(due, "server")),
    }
    tracking.follow(connection, [row])
    return comment_id

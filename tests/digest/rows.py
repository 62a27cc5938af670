"""Builds a database by hand: sources, threads and followed comments, one call each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, insert

from bot.domain.comment import Role
from bot.domain.instant import DAY, HOUR, Micros, from_datetime
from bot.domain.observation import Cause, Outcome
from bot.domain.verdict import State
from bot.store import tables


def at(moment: str) -> Micros:
    """Return an ISO 8601 moment, read as UTC unless it says otherwise, as microseconds."""
    parsed = datetime.fromisoformat(moment)
    return from_datetime(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))


#: Monday of 2026-W47, 12:00 UTC.
MONDAY = at("2026-11-16T12:00")


class Rows:
    """Writes rows; every default is a living comment of Monday noon that was looked at ten times."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.written = 0

    def _insert(self, table: Table, **values: Any) -> int:
        key = self.connection.execute(insert(table).values(values)).inserted_primary_key
        assert key is not None
        identity = key[0]
        return identity if isinstance(identity, int) else 0

    def source(self, name: str, first_seen: Micros = MONDAY - 30 * DAY) -> int:
        """Add a source."""
        return self._insert(
            tables.source, name=name, platform="demo", instance="demo.test", first_seen=first_seen, cursor={}
        )

    def thread(self, source: int, name: str = "thread") -> int:
        """Add a thread of a source."""
        return self._insert(tables.thread, source_id=source, native_id=name, first_seen=MONDAY)

    def rules(self, digest: str = "one") -> int:
        """Add a version of the rules."""
        return self._insert(tables.rule_version, digest=digest, first_used=0, body="")

    def comment(
        self, source: int, thread: int, *, first_seen: Micros = MONDAY, author: str | None = None, **tracking: Any
    ) -> int:
        """Add a comment and follow it; `tracking` overrides columns of its row."""
        self.written += 1
        comment = self._insert(
            tables.comment,
            platform="demo",
            instance="demo.test",
            native_id=str(self.written),
            source_id=source,
            thread_id=thread,
            author=author,
            first_seen=first_seen,
            language="en",
            length=20,
        )
        row = {
            "vantage": "api",
            "jitter": 1.0,
            "begin": MONDAY,
            "run_cause": Cause.UNKNOWN,
            "step": 0,
            "follow_until": first_seen + 28 * DAY,
            "state": State.VISIBLE,
            "cause": Cause.UNKNOWN,
            "outcome": Outcome.VISIBLE,
            "last_look": first_seen + DAY,
            "last_seen": first_seen + DAY,
            "misses": 0,
            "explicit": False,
            "looks": 10,
            "unobserved": 0,
        }
        place = {"comment_id": comment, "source_id": source, "thread_id": thread, "first_seen": first_seen}
        self._insert(tables.tracking, **place, **(row | tracking))
        return comment

    def enrol(
        self,
        comment: int,
        role: Role,
        version: int,
        *,
        partner: int | None = None,
        matched: bool = False,
        at: Micros = MONDAY,
    ) -> None:
        """Put a comment into a cohort."""
        self._insert(
            tables.enrolment,
            comment_id=comment,
            role=role,
            partner_id=partner,
            rule_version_id=version,
            probability=1.0,
            enrolled_at=at,
            matched=matched,
        )

    def match(
        self, comment: int, rules: Sequence[str], version: int, *, revision: int = 1, at: Micros = MONDAY
    ) -> None:
        """Let a comment match rules."""
        for rule in rules:
            self._insert(
                tables.match,
                comment_id=comment,
                revision=revision,
                rule_id=rule,
                rule_version_id=version,
                live=True,
                view="text",
                start=0,
                end=1,
                found_at=at,
            )


def gone(cause: Cause = Cause.UNKNOWN, **more: Any) -> dict[str, Any]:
    """Return the columns of a comment that probably disappeared an hour after it was first seen."""
    when = {"gone_after": MONDAY, "gone_before": MONDAY + HOUR, "probable_at": MONDAY + 7 * HOUR}
    return {"state": State.PROBABLE, "cause": cause, "outcome": Outcome.GONE, **when, **more}


def confirmed(cause: Cause = Cause.UNKNOWN, **more: Any) -> dict[str, Any]:
    """Return the columns of a comment whose disappearance is confirmed."""
    return gone(cause, state=State.CONFIRMED, confirmed_at=MONDAY + 3 * DAY, **more)

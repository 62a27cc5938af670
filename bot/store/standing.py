"""How the bot stands: what is watched, what waits, and which part has not reported. Read by web and `status`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, distinct, func, select, text

from bot.domain.comment import Role
from bot.domain.error_rates import ASSUMED, ErrorRates
from bot.domain.instant import DAY, HOUR, Micros, seconds
from bot.domain.verdict import State
from bot.store.error_rates import in_force
from bot.store.outbox import Backlog, pending
from bot.store.tables import batch, comment, correction, coverage, enrolment, heartbeat, outbox, source, tracking

_COVERAGE_HOURS = 24
# Parts are named after their process: the rows of ended ones would add up over the months.
_FORGOTTEN_AFTER = DAY


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was due in the last 24 hours of domain time, looked at, looked at late, and not to be seen."""

    due: int = 0
    done: int = 0
    late: int = 0
    unreachable: int = 0


@dataclass(frozen=True, slots=True)
class SourceStanding:
    """A source: when it was read last, since when it fails and why, since when its breaker holds; its error rates."""

    name: str
    platform: str
    collected_at: Micros | None
    failing_since: Micros | None
    failure: str | None
    breaker_since: Micros | None
    coverage: Coverage
    rates: ErrorRates = ASSUMED


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A process that reported `age` seconds ago (real time); `part` is its kind, or kind:name."""

    part: str
    age: float
    detail: str

    @property
    def kind(self) -> str:
        """Return what the process does, e.g. collector."""
        return self.part.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Standing:
    """The whole, at `at` (domain time). `due`: comments to be looked at by now, leased or not.

    `oldest_due`: how long the first of them has been due (seconds of domain time; None: none is due).
    `open_batches`: being looked at; `alerts`: not delivered yet; `failed_alerts`: given up; `corrections`: by analysts.
    """

    at: Micros
    comments: int
    roles: Mapping[Role, int]
    states: Mapping[State, int]
    due: int
    oldest_due: float | None
    open_batches: int
    alerts: Backlog
    failed_alerts: int
    sources: tuple[SourceStanding, ...]
    heartbeats: tuple[Heartbeat, ...]
    corrections: int = 0

    @property
    def tracked(self) -> int:
        """Return how many comments are followed or were."""
        return sum(self.states.values())


def standing(connection: Connection, now: Micros, real: Micros) -> Standing:
    """Return how the bot stands at `now` (domain time), which is `real` in real time."""
    due, first_due = connection.execute(_due(now)).one()
    return Standing(
        at=now,
        comments=connection.scalar(select(func.count()).select_from(comment)) or 0,
        roles=_roles(connection),
        states=_states(connection),
        due=due,
        oldest_due=None if first_due is None else seconds(now - first_due),
        open_batches=_open_batches(connection, real),
        alerts=pending(connection, now=now),
        failed_alerts=connection.scalar(select(func.count()).where(outbox.c.state == "failed")) or 0,
        sources=_sources(connection, now),
        heartbeats=_heartbeats(connection, real),
        corrections=connection.scalar(select(func.count()).select_from(correction)) or 0,
    )


def answers(connection: Connection) -> bool:
    """Return whether the database can be read at all: the cheapest question that touches a table."""
    connection.execute(select(heartbeat.c.part).limit(1))
    return True


def beat(connection: Connection, part: str, detail: str, real: Micros) -> None:
    """Report that a process lives, and forget those that have not reported for a day.

    `part` is its kind (collector, worker …), or kind:name where there may be several.
    """
    connection.execute(delete(heartbeat).where(heartbeat.c.at_real < real - _FORGOTTEN_AFTER))
    connection.execute(_BEAT, {"part": part, "at_real": real, "detail": detail})


_BEAT = text(
    "INSERT INTO heartbeat (part, at_real, detail) VALUES (:part, :at_real, :detail)"
    " ON CONFLICT (part) DO UPDATE SET at_real = excluded.at_real, detail = excluded.detail"
)


def _roles(connection: Connection) -> dict[Role, int]:
    members = func.count(distinct(enrolment.c.comment_id))
    found = _counts(connection, select(enrolment.c.role, members).group_by(enrolment.c.role))
    return {role: found.get(role, 0) for role in Role}


def _states(connection: Connection) -> dict[State, int]:
    found = _counts(connection, select(tracking.c.state, func.count()).group_by(tracking.c.state))
    return {state: found.get(state, 0) for state in State}


def _counts(connection: Connection, query: Select[str, int]) -> dict[str, int]:
    return dict(connection.execute(query).all())


def _due(now: Micros) -> Select[int, Micros | None]:
    # Leased ones count: a comment whose batches keep dying is leased most of the time.
    return select(func.count(), func.min(tracking.c.due_at)).where(tracking.c.due_at <= now)


def _open_batches(connection: Connection, real: Micros) -> int:
    # A batch whose worker died stays unfinished for ever; its lease does not.
    living = (
        select(func.count(distinct(batch.c.id)))
        .join(tracking, tracking.c.batch_id == batch.c.id)
        .where(batch.c.finished_at.is_(None), tracking.c.lease_real >= real)
    )
    return connection.scalar(living) or 0


def _sources(connection: Connection, now: Micros) -> tuple[SourceStanding, ...]:
    columns = (
        source.c.id,
        source.c.name,
        source.c.platform,
        source.c.collected_at,
        source.c.failing_since,
        source.c.failure,
    )
    ledger = (coverage.c.due, coverage.c.done, coverage.c.late, coverage.c.unreachable)
    last_hours = and_(coverage.c.source_id == source.c.id, coverage.c.hour > now // HOUR - _COVERAGE_HOURS)
    query = (
        select(*columns, source.c.breaker_since, *(func.coalesce(func.sum(column), 0) for column in ledger))
        .outerjoin(coverage, last_hours)
        .group_by(source.c.id)
        .order_by(source.c.name)
    )
    rows: Sequence[Sequence[Any]] = connection.execute(query).all()
    return tuple(
        SourceStanding(
            name, platform, collected, failing, failure, breaker, Coverage(*map(int, looks)), in_force(connection, key)
        )
        for key, name, platform, collected, failing, failure, breaker, *looks in rows
    )


def _heartbeats(connection: Connection, real: Micros) -> tuple[Heartbeat, ...]:
    rows = connection.execute(select(heartbeat).order_by(heartbeat.c.part))
    return tuple(Heartbeat(row.part, max(0.0, seconds(real - row.at_real)), row.detail) for row in rows)

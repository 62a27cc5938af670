"""The outbox: what must be told, row by row, until it is told. Functions take a connection and never commit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, func, literal, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.alert import Alert, AlertKind
from bot.domain.instant import Micros, micros, seconds
from bot.store.tables import outbox

_Insert = Callable[..., postgresql.Insert | sqlite.Insert]

_INSERT: Mapping[str, _Insert] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
# Word for word the condition of ix_outbox_open: SQLite uses a partial index only if it can see that it applies.
_OPEN = text("state IN ('pending', 'sending')")


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A claimed row; `attempt` fences it, `unsure` says that an earlier attempt may have arrived."""

    id: int
    channel: str
    alert: Alert
    attempt: int
    unsure: bool


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many alerts wait, and for how long the oldest has waited (seconds of domain time; None: none waits)."""

    count: int
    oldest: float | None


def put(connection: Connection, alert: Alert, channels: Sequence[str], *, now: Micros, real: Micros) -> int:
    """Queue an alert for each channel and return how many rows are new; the same key is queued once per channel."""
    if not channels:
        return 0
    common = {"key": alert.key, "alert": _to_json(alert), "state": "pending", "created_at": now, "due_real": real}
    statement = (
        _INSERT[connection.dialect.name](outbox)
        .values([{**common, "channel": channel} for channel in channels])
        .on_conflict_do_nothing(index_elements=["key", "channel"])
        .returning(outbox.c.id)
    )
    return len(connection.execute(statement).all())


def claim(
    connection: Connection, *, channels: Collection[str], real: Micros, lease: float, limit: int
) -> list[OutboxRow]:
    """Claim the first open row of each channel, if it is due or its lease is over, for `lease` seconds.

    Only the first: a channel's alerts arrive in their order, and no lease runs out while a row waits its turn.
    A row whose lease is over was being sent when its sender died: it comes back unsure.
    """
    free = _free(channels, real).order_by(outbox.c.id).limit(limit)
    ids = connection.scalars(free.with_for_update(skip_locked=True)).all()
    claimed = connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(ids))
        .values(
            state="sending",
            attempt=outbox.c.attempt + 1,
            lease_real=real + micros(lease),
            unsure=or_(outbox.c.unsure, outbox.c.state == "sending"),
        )
        .returning(outbox.c.id, outbox.c.channel, outbox.c.alert, outbox.c.attempt, outbox.c.unsure)
    )
    rows = [OutboxRow(row.id, row.channel, _from_json(row.alert), row.attempt, row.unsure) for row in claimed]
    return sorted(rows, key=lambda row: row.id)


def sent(connection: Connection, row_id: int, attempt: int, external_id: str | None, real: Micros) -> bool:
    """Record that an attempt arrived; False if the attempt is stale, and then nothing is written."""
    values = {"state": "sent", "external_id": external_id, "failure": None, "sent_real": real}
    return _end_attempt(connection, row_id, attempt, values)


def postpone(connection: Connection, row_id: int, attempt: int, due_real: Micros, failure: str, unsure: bool) -> bool:
    """Queue the row again for `due_real`; once unsure, a row stays unsure. False if the attempt is stale."""
    values = {
        "state": "pending",
        "due_real": due_real,
        "failure": failure,
        "unsure": or_(outbox.c.unsure, literal(unsure)),
    }
    return _end_attempt(connection, row_id, attempt, values)


def failed(connection: Connection, row_id: int, attempt: int, failure: str) -> bool:
    """Park a row that cannot be delivered, so that the next one gets its turn. False if the attempt is stale."""
    return _end_attempt(connection, row_id, attempt, {"state": "failed", "failure": failure})


def is_due(connection: Connection, channels: Collection[str], real: Micros) -> bool:
    """Return whether something can be claimed for one of the channels now."""
    return connection.execute(_free(channels, real).limit(1)).first() is not None


def pending(connection: Connection, *, now: Micros) -> Backlog:
    """Return what waits to be told, of all channels."""
    count, oldest = connection.execute(
        select(func.count(), func.min(outbox.c.created_at)).select_from(outbox).where(_OPEN)
    ).one()
    return Backlog(count, None if oldest is None else seconds(now - oldest))


def _free(channels: Collection[str], real: Micros) -> Select[int]:
    queue = outbox.alias("queue")
    heads = select(func.min(queue.c.id)).where(_OPEN, queue.c.channel.in_(channels)).group_by(queue.c.channel)
    free = or_(
        and_(outbox.c.state == "pending", outbox.c.due_real <= real),
        and_(outbox.c.state == "sending", outbox.c.lease_real <= real),
    )
    return select(outbox.c.id).where(outbox.c.id.in_(heads), free)


def _end_attempt(connection: Connection, row_id: int, attempt: int, values: Mapping[str, Any]) -> bool:
    mine = and_(outbox.c.id == row_id, outbox.c.attempt == attempt, outbox.c.state == "sending")
    return connection.execute(update(outbox).where(mine).values(**values)).rowcount == 1


def _to_json(alert: Alert) -> dict[str, Any]:
    return {
        "key": alert.key,
        "kind": alert.kind.value,
        "at": alert.at,
        "title": alert.title,
        "body": alert.body,
        # A list, because not every JSON store keeps the order of an object's keys.
        "facts": [[label, value] for label, value in alert.facts.items()],
        "quote": alert.quote,
        "url": alert.url,
        "picture": alert.picture,
    }


def _from_json(body: Mapping[str, Any]) -> Alert:
    return Alert(**{**body, "kind": AlertKind(body["kind"]), "facts": dict(body["facts"])})

"""The outbox's rows: queued once, claimed by one, and written only by the attempt that holds them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.engine import URL

from bot.domain.alert import Alert, AlertKind
from bot.domain.instant import Micros, micros
from bot.store import outbox
from bot.store.engine import open_engine
from bot.store.migrate import upgrade
from bot.store.outbox import Backlog, OutboxRow
from bot.store.tables import outbox as table

NOW: Micros = micros(1_000)
REAL: Micros = micros(2_000)
LEASE = 60.0

ALERT = Alert(
    key="matched:1",
    kind=AlertKind.MATCHED,
    at=NOW,
    title="A comment was flagged",
    body="b",
    facts={"z": "1", "a": "2"},
    quote="垃圾 \x00 \ud800 😀",
    url="https://example.org/1",
    picture="/data/p.png",
)


def put(engine: Engine, key: str, *channels: str, at: Micros = NOW) -> int:
    """Queue an alert in a transaction of its own."""
    with engine.begin() as connection:
        return outbox.put(connection, replace(ALERT, key=key), channels, now=at, real=REAL)


def claim(engine: Engine, *channels: str, later: float = 0.0, limit: int = 10) -> list[OutboxRow]:
    """Claim `later` seconds after everything was queued, and commit."""
    with engine.begin() as connection:
        real = REAL + micros(later)
        return outbox.claim(connection, channels=channels, real=real, lease=LEASE, limit=limit)


def keys(rows: list[OutboxRow]) -> list[tuple[str, str]]:
    """Return what was claimed, in order."""
    return [(row.channel, row.alert.key) for row in rows]


def test_an_alert_comes_out_as_it_went_in(engine: Engine) -> None:
    """Order of facts, NUL and half a surrogate pair included: they stand in real comments."""
    with engine.begin() as connection:
        outbox.put(connection, ALERT, ["slack"], now=NOW, real=REAL)
    (row,) = claim(engine, "slack")
    assert row.alert == ALERT
    assert list(row.alert.facts) == ["z", "a"]
    assert (row.attempt, row.unsure) == (1, False)


def test_the_same_event_is_queued_once_per_channel(engine: Engine) -> None:
    """Whoever finds an event a second time changes nothing."""
    assert put(engine, "k", "slack", "telegram") == 2
    assert put(engine, "k", "telegram", "terminal") == 1
    assert put(engine, "k", "slack", "telegram", "terminal") == 0


def test_no_channels_queue_nothing(engine: Engine) -> None:
    """A bot without channels still runs."""
    assert put(engine, "k") == 0


def test_each_channel_gives_its_first_row_only(engine: Engine) -> None:
    """Order is kept, and no lease runs out while a row waits for its turn."""
    put(engine, "first", "slack", "telegram")
    put(engine, "second", "slack", "telegram", "terminal")
    assert keys(claim(engine, "slack", "terminal", "telegram")) == [
        ("slack", "first"),
        ("telegram", "first"),
        ("terminal", "second"),
    ]


def test_only_the_named_channels_are_claimed_and_no_more_than_asked_for(engine: Engine) -> None:
    """A worker without a terminal leaves the terminal's rows alone."""
    put(engine, "k", "terminal", "slack", "telegram")
    assert keys(claim(engine, "slack", "telegram", limit=1)) == [("slack", "k")]
    assert claim(engine) == []


def test_a_row_is_not_claimed_twice_and_holds_back_those_behind_it(engine: Engine) -> None:
    """While somebody sends the first row, nobody sends the second."""
    put(engine, "first", "slack")
    put(engine, "second", "slack")
    assert keys(claim(engine, "slack")) == [("slack", "first")]
    assert claim(engine, "slack", later=LEASE - 1) == []


def test_a_row_whose_lease_is_over_comes_back_unsure_under_a_new_attempt(engine: Engine) -> None:
    """Its sender died: before or after it was delivered, nobody knows."""
    put(engine, "k", "slack")
    claim(engine, "slack")
    (row,) = claim(engine, "slack", later=LEASE)
    assert (row.attempt, row.unsure) == (2, True)


def test_a_delivered_row_lets_the_next_one_go(engine: Engine) -> None:
    """What was sent stays in the table, with the channel's id."""
    put(engine, "first", "slack")
    put(engine, "second", "slack")
    (row,) = claim(engine, "slack")
    with engine.begin() as connection:
        assert outbox.sent(connection, row.id, row.attempt, "m-1", REAL)
    assert keys(claim(engine, "slack")) == [("slack", "second")]
    with engine.connect() as connection:
        stored = connection.execute(select(table).where(table.c.id == row.id)).one()
    assert (stored.state, stored.external_id, stored.sent_real) == ("sent", "m-1", REAL)


def test_a_failed_row_lets_the_next_one_go(engine: Engine) -> None:
    """A message that nobody will ever take must not block the queue."""
    put(engine, "first", "slack")
    put(engine, "second", "slack")
    (row,) = claim(engine, "slack")
    with engine.begin() as connection:
        assert outbox.failed(connection, row.id, row.attempt, "HTTP 404")
    assert keys(claim(engine, "slack", later=9999)) == [("slack", "second")]


def test_a_postponed_row_waits_and_the_channel_waits_with_it(engine: Engine) -> None:
    """A channel that asked for a pause gets it, and gets its alerts in order afterwards."""
    put(engine, "first", "slack")
    put(engine, "second", "slack")
    (row,) = claim(engine, "slack")
    with engine.begin() as connection:
        assert outbox.postpone(connection, row.id, row.attempt, REAL + micros(30), "HTTP 500", unsure=False)
    assert claim(engine, "slack", later=29) == []
    (again,) = claim(engine, "slack", later=30)
    assert (again.alert.key, again.attempt, again.unsure) == ("first", 2, False)


def test_a_row_that_was_once_unsure_stays_unsure(engine: Engine) -> None:
    """A later attempt that surely failed says nothing about the earlier one."""
    put(engine, "k", "slack")
    for attempt, unsure in ((1, True), (2, False)):
        (row,) = claim(engine, "slack")
        with engine.begin() as connection:
            assert outbox.postpone(connection, row.id, attempt, REAL, "timeout", unsure=unsure)
    (row,) = claim(engine, "slack")
    assert row.unsure


def test_a_stale_attempt_writes_nothing(engine: Engine) -> None:
    """A sender that slept through its lease must not undo what its successor did."""
    put(engine, "k", "slack")
    (stale,) = claim(engine, "slack")
    (current,) = claim(engine, "slack", later=LEASE)
    with engine.begin() as connection:
        assert not outbox.sent(connection, stale.id, stale.attempt, "m-1", REAL)
        assert not outbox.failed(connection, stale.id, stale.attempt, "late")
        assert not outbox.postpone(connection, stale.id, stale.attempt, REAL, "late", unsure=False)
        assert outbox.sent(connection, current.id, current.attempt, "m-2", REAL)
        assert not outbox.sent(connection, current.id, current.attempt, "m-3", REAL)


def test_the_backlog_counts_what_waits_and_how_long(engine: Engine) -> None:
    """Ages are domain time; what was sent or given up does not wait."""
    with engine.connect() as connection:
        assert outbox.pending(connection, now=NOW) == Backlog(0, None)
    put(engine, "first", "slack")
    put(engine, "second", "slack", at=NOW + micros(5))
    with engine.connect() as connection:
        assert outbox.pending(connection, now=NOW + micros(9)) == Backlog(2, 9.0)
    (row,) = claim(engine, "slack")
    with engine.begin() as connection:
        outbox.sent(connection, row.id, row.attempt, None, REAL)
    with engine.connect() as connection:
        assert outbox.pending(connection, now=NOW + micros(9)) == Backlog(1, 4.0)


def test_what_waits_behind_a_postponed_row_is_not_due(engine: Engine) -> None:
    """Nobody is woken for a row that nobody could claim."""
    put(engine, "first", "slack")
    put(engine, "second", "slack")
    (row,) = claim(engine, "slack")
    with engine.begin() as connection:
        outbox.postpone(connection, row.id, row.attempt, REAL + micros(30), "HTTP 500", unsure=False)
        assert not outbox.is_due(connection, ["slack"], REAL + micros(29))
        assert not outbox.is_due(connection, ["telegram"], REAL + micros(30))
        assert outbox.is_due(connection, ["slack"], REAL + micros(30))


@pytest.fixture
def postgres_engine(postgres_url: URL) -> Iterator[Engine]:
    """Return a migrated database in which two transactions can write at once."""
    engine = open_engine(postgres_url)
    upgrade(engine)
    yield engine
    engine.dispose()


def test_two_claims_at_once_neither_share_a_row_nor_wait_nor_overtake(postgres_engine: Engine) -> None:
    """The second finds the first row locked and leaves the channel alone."""
    put(postgres_engine, "first", "slack")
    put(postgres_engine, "second", "slack")
    with postgres_engine.begin() as connection:
        rows = outbox.claim(connection, channels=["slack"], real=REAL, lease=LEASE, limit=10)
        assert keys(rows) == [("slack", "first")]
        assert claim(postgres_engine, "slack") == []

"""Claims, leases and fences: a comment is looked at by one batch at a time, and a late batch writes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, event, select

from bot.domain.instant import HOUR, MINUTE, SECOND, Micros
from bot.domain.recheck_plan import Plan
from bot.domain.verdict import State, Track
from bot.store import tables, tracking
from tests.store.rows import T0, add_source, follow

LEASE = 60 * SECOND
NOW = T0 + 2 * HOUR
REAL = 5_000 * SECOND


def claim(
    engine: Engine, source_id: int, *, real: Micros = REAL, limit: int = 100, vantage: str = "server"
) -> int | None:
    """Claim what is due at NOW."""
    with engine.begin() as connection:
        return tracking.claim(connection, source_id, vantage, now=NOW, real=real, lease=LEASE, limit=limit)


def held(engine: Engine, batch_id: int) -> list[str]:
    """Return the native ids that a batch holds."""
    with engine.begin() as connection:
        batch = tracking.load_batch(connection, batch_id)
    return [] if batch is None else [one.target.native_id for one in batch.followed]


def test_what_is_due_is_claimed_once_the_longest_waiting_first(engine: Engine) -> None:
    """Two claims share nothing; what is not due yet is left alone."""
    with engine.begin() as connection:
        source = add_source(connection)
        follow(connection, source, "late", due=T0 + MINUTE)
        follow(connection, source, "later", due=T0 + HOUR)
        follow(connection, source, "future", due=NOW + 1)
    first = claim(engine, source, limit=1)
    second = claim(engine, source)
    assert first is not None
    assert second is not None
    assert held(engine, first) == ["late"]
    assert held(engine, second) == ["later"]
    assert claim(engine, source) is None


def test_a_claim_is_of_one_vantage(engine: Engine) -> None:
    """A look from another vantage is another job."""
    with engine.begin() as connection:
        source = add_source(connection)
        follow(connection, source, "one")
    assert claim(engine, source, vantage="origin") is None


def test_a_claim_comes_back_when_its_lease_is_over_and_the_late_batch_writes_nothing(engine: Engine) -> None:
    """The fence: results of a stale attempt are not stored."""
    with engine.begin() as connection:
        source = add_source(connection)
        comment_id = follow(connection, source, "one")
    stale = claim(engine, source)
    assert claim(engine, source, real=REAL + LEASE) is None
    fresh = claim(engine, source, real=REAL + LEASE + 1)
    assert stale is not None
    assert fresh is not None
    track = Track(first_seen=T0, last_look=NOW, last_seen=T0, state=State.CONFIRMED)
    with engine.begin() as connection:
        assert tracking.load_batch(connection, stale, for_update=True) is not None
        tracking.save(connection, stale, [(comment_id, track, Plan(None, "server"))])
        row = connection.execute(select(tables.tracking)).one()
    assert (row.state, row.batch_id, row.attempts) == ("visible", fresh, 2)


def test_a_finished_batch_is_planned_anew_and_free(engine: Engine) -> None:
    """What was found, the next look and the end of the lease are stored together."""
    with engine.begin() as connection:
        source = add_source(connection)
        comment_id = follow(connection, source, "one")
    batch_id = claim(engine, source)
    assert batch_id is not None
    with engine.begin() as connection:
        batch = tracking.load_batch(connection, batch_id, for_update=True)
        assert batch is not None
        moved = replace(
            batch.followed[0].track, state=State.MISSING, misses=1, miss_vantages=("server", "origin"), log_odds=-1.5
        )
        tracking.save(connection, batch_id, [(comment_id, moved, Plan(NOW + HOUR, "origin"))])
        tracking.finish(connection, batch_id, at=NOW, done=1, guards=None)
    with engine.begin() as connection:
        row = connection.execute(select(tables.tracking)).one()
        assert (row.due_at, row.vantage, row.lease_real, row.attempts) == (NOW + HOUR, "origin", 0, 0)
        connection.execute(tables.tracking.update().values(due_at=NOW))
    again = claim(engine, source, vantage="origin")
    assert again is not None
    with engine.begin() as connection:
        reread = tracking.load_batch(connection, again)
        assert tracking.load_batch(connection, batch_id) is None
    assert reread is not None
    assert reread.followed[0].track == moved


def test_what_a_batch_did_not_reach_is_released_at_once(engine: Engine) -> None:
    """A deadline is no crash: it does not count as an attempt."""
    with engine.begin() as connection:
        source = add_source(connection)
        follow(connection, source, "one")
    batch_id = claim(engine, source)
    assert batch_id is not None
    with engine.begin() as connection:
        tracking.release(connection, batch_id)
        assert connection.execute(select(tables.tracking.c.attempts)).scalar_one() == 0
    assert claim(engine, source) is not None


def test_a_new_run_need_not_wait_for_the_leases_of_the_last_one(engine: Engine) -> None:
    """Its workers died with it; if one lives on, its batch holds nothing any more."""
    with engine.begin() as connection:
        source = add_source(connection)
        follow(connection, source, "one")
    old = claim(engine, source)
    assert old is not None
    with engine.begin() as connection:
        tracking.end_leases(connection)
    assert held(engine, old) == []
    assert claim(engine, source) is not None


def test_a_comment_whose_batches_keep_dying_is_taken_alone_and_leased_longer(engine: Engine) -> None:
    """One poisonous comment must not hold up a hundred others."""
    with engine.begin() as connection:
        source = add_source(connection)
        follow(connection, source, "poison", due=T0 + MINUTE)
        follow(connection, source, "sound")
        connection.execute(tables.tracking.update().where(tables.tracking.c.due_at == T0 + MINUTE).values(attempts=3))
    alone = claim(engine, source)
    others = claim(engine, source)
    assert alone is not None
    assert others is not None
    assert held(engine, alone) == ["poison"]
    assert held(engine, others) == ["sound"]
    with engine.begin() as connection:
        leases = dict(connection.execute(select(tables.tracking.c.batch_id, tables.tracking.c.lease_real)).all())
    assert leases == {alone: REAL + 8 * LEASE, others: REAL + LEASE}


def test_the_index_of_the_database_orders_the_work(sqlite_engine: Engine) -> None:
    """Claiming reads the index in order; it never sorts or scans the table."""
    with sqlite_engine.connect() as connection:
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT comment_id FROM tracking WHERE source_id = 1 AND vantage = 'v' "
            "AND due_at <= 5 AND lease_real < 5 ORDER BY due_at LIMIT 100"
        ).fetchall()
    assert [row.detail for row in plan] == [
        "SEARCH tracking USING INDEX ix_tracking_due (source_id=? AND vantage=? AND due_at<?)"
    ]


def test_no_statement_of_a_batch_reads_all_that_is_followed(sqlite_engine: Engine) -> None:
    """With ten million comments, one that does takes seconds, and holds up every writer meanwhile."""
    with sqlite_engine.begin() as connection:
        source = add_source(connection)
        for name in ("one", "two", "three"):
            follow(connection, source, name)
    asked: list[tuple[str, Any]] = []

    @event.listens_for(sqlite_engine, "before_cursor_execute")
    def listen(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        asked.append((statement, values[0] if many else values))

    batch_id = claim(sqlite_engine, source)
    assert batch_id is not None
    with sqlite_engine.begin() as connection:
        batch = tracking.load_batch(connection, batch_id, for_update=True)
        assert batch is not None
        tracking.save(
            connection, batch_id, [(one.comment_id, one.track, Plan(NOW, "server")) for one in batch.followed]
        )
        tracking.release(connection, batch_id)
        tracking.end_leases(connection)
    statements = [one for one in asked if "tracking" in one[0]]
    with sqlite_engine.connect() as connection:
        steps = [
            step.detail
            for statement, values in statements
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    assert len(statements) >= 6
    assert [step for step in steps if step.startswith("SCAN")] == []

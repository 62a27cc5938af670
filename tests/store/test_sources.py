"""Sources, coverage, canaries and budgets as stored."""

from __future__ import annotations

from sqlalchemy import Engine, select

from bot.clock import ScaledClock
from bot.domain.health import Breaker, Canary
from bot.domain.instant import HOUR, SECOND
from bot.domain.observation import Outcome
from bot.store import canaries, observations, sources, tables
from bot.store.host_budget import StoredHostBudget, blocked_until
from tests.store.rows import T0, add_source, follow


def test_a_source_keeps_its_id_cursor_and_failures(engine: Engine) -> None:
    """Since when it fails is the first failure; reading it again says since when it had failed."""
    with engine.begin() as connection:
        first = add_source(connection)
        assert add_source(connection) == first
        sources.move_cursor(connection, first, {"/a/": 12.5})
        assert sources.cursor(connection, first) == {"/a/": 12.5}
        assert sources.failed(connection, first, "down", now=T0) == T0
        assert sources.failed(connection, first, "still down", now=T0 + HOUR) == T0
        assert sources.collected(connection, first, now=T0 + 2 * HOUR, real=1) == T0
        assert sources.collected(connection, first, now=T0 + 3 * HOUR, real=1) is None


def test_the_breaker_survives_a_restart(engine: Engine) -> None:
    """It is a row, not a variable."""
    with engine.begin() as connection:
        source = add_source(connection)
        assert sources.breaker(connection, source) == Breaker()
        sources.set_breaker(connection, source, Breaker(T0, T0 + 1))
    with engine.begin() as connection:
        assert sources.breaker(connection, source) == Breaker(T0, T0 + 1)


def test_coverage_adds_up_by_hour_and_the_trailing_window_is_two_hours(engine: Engine) -> None:
    """Nothing of the future and nothing older than the hour before moves the breaker."""
    start = T0 - T0 % HOUR
    with engine.begin() as connection:
        source = add_source(connection)
        for hour, new in ((0, 100), (1, 3), (2, 4), (2, 2), (3, 100)):
            observations.cover(connection, source, start + hour * HOUR, due=11, done=10, late=1, unreachable=2, new=new)
        follow(connection, source, "before the window")
        looked = tables.tracking.update().values(last_look=start + HOUR)
        connection.execute(looked.where(tables.tracking.c.comment_id == follow(connection, source, "in the window")))
        now = start + 2 * HOUR + 5
        connection.execute(tables.tracking.update().where(tables.tracking.c.last_look == T0).values(last_look=start))
        assert observations.trailing_misses(connection, source, now) == (9, 1)
        row = connection.execute(select(tables.coverage).where(tables.coverage.c.hour == start // HOUR + 2)).one()
    assert (row.due, row.done, row.late, row.unreachable) == (22, 20, 2, 4)


def test_canaries_are_seen_comments_of_different_threads_and_stay_on_duty(engine: Engine) -> None:
    """Never one that was not looked at, is missing, or is muffled by nobody's sight; threads before numbers."""
    with engine.begin() as connection:
        source = add_source(connection)
        ids = {name: follow(connection, source, name, thread=name[0]) for name in ("a1", "a2", "a3", "b1", "c1", "d1")}
        looked = tables.tracking.update().values(looks=1)
        connection.execute(looked.where(tables.tracking.c.comment_id != ids["c1"]))
        missing = tables.tracking.update().values(outcome=Outcome.GONE, absent_since=T0)
        connection.execute(missing.where(tables.tracking.c.comment_id == ids["d1"]))
        canaries.appoint(connection, source, 3, now=T0)
        first = {target.native_id for _, target in canaries.on_duty(connection, source)}
        canaries.appoint(connection, source, 3, now=T0)
        assert {target.native_id for _, target in canaries.on_duty(connection, source)} == first
        assert first == {"a1", "b1", "a2"}
        canaries.save(connection, [Canary(ids["a1"], T0, 2)])
        canaries.retire(connection, [ids["b1"]])
        assert [canary for canary, _ in canaries.on_duty(connection, source)] == [
            Canary(ids["a1"], T0, 2),
            Canary(ids["a2"]),
        ]


def test_two_processes_share_the_budget_of_a_host(engine: Engine) -> None:
    """Runs never overlap, and a host that sent us away is left alone by everybody."""
    clock = ScaledClock(0, 1)
    one, other = StoredHostBudget(engine, clock), StoredHostBudget(engine, clock)
    before = clock.real()
    first = one.reserve("h", 10, 2.0)
    second = other.reserve("h", 5, 2.0)
    assert first >= before
    assert second == first + 20 * SECOND
    with engine.connect() as connection:
        assert blocked_until(connection, "h") == 0
    one.back_off("h", first + 500 * SECOND)
    one.back_off("h", first + 100 * SECOND)
    with engine.connect() as connection:
        assert blocked_until(connection, "h") == first + 500 * SECOND
    assert other.reserve("h", 1, 2.0) == first + 500 * SECOND

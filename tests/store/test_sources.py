"""Sources, coverage, canaries and budgets as stored."""

from __future__ import annotations

from sqlalchemy import Engine, select

from bot.clock import ScaledClock
from bot.domain.comment import Role
from bot.domain.health import Breaker, Canary, Ending, Misses
from bot.domain.instant import DAY, HOUR, MINUTE, SECOND
from bot.domain.observation import Outcome
from bot.store import canaries, comments, mass_disappearances, observations, sources, tables, tracking
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
        sources.set_breaker(connection, source, Breaker(T0, T0 + 1, faulty=True, agreed=3, denied=1))
    with engine.begin() as connection:
        assert sources.breaker(connection, source) == Breaker(T0, T0 + 1, faulty=True, agreed=3, denied=1)


def test_coverage_adds_up_by_hour_and_the_trailing_window_is_two_hours(engine: Engine) -> None:
    """Trailing data only: this hour and the one before; comments, not looks."""
    now = T0 // HOUR * HOUR + 59 * MINUTE
    start = observations.window_start(now)
    batch = {"due": 11, "done": 10, "late": 1, "unreachable": 2, "new_misses": 3, "fresh": 8, "expected": 0.25}
    with engine.begin() as connection:
        source, other = add_source(connection), add_source(connection, "other")
        assert observations.trailing_misses(connection, source, now) == Misses(0, 0, 0.0)
        for at in (start - 1, start, now, now):
            observations.cover(connection, source, at, batch)
        observations.cover(connection, other, now, batch)
        assert observations.trailing_misses(connection, source, now) == Misses(9, 24, 0.75)
        row = connection.execute(
            select(tables.coverage).where(tables.coverage.c.hour == now // HOUR, tables.coverage.c.source_id == source)
        ).one()
    assert (row.due, row.done, row.late, row.unreachable, row.canary_looks) == (22, 20, 2, 4, 0)


def test_canaries_are_unflagged_first(engine: Engine) -> None:
    """A purge of the flagged must leave the witnesses."""
    with engine.begin() as connection:
        source = add_source(connection)
        ids = [follow(connection, source, name, thread=name) for name in "abcd"]
        connection.execute(tables.tracking.update().values(looks=1))
        version = comments.ensure_rule_version(connection, "v", "{}", T0)
        row = {"partner_id": None, "rule_version_id": version, "probability": 1.0, "enrolled_at": T0, "matched": False}
        flagged = [{"comment_id": comment, "role": Role.FLAGGED, **row} for comment in ids[:2]]
        tracking.enrol(connection, [*flagged, {"comment_id": ids[2], "role": Role.CONTROL, **row}])
        canaries.appoint(connection, source, 2, now=T0)
        assert {canary.comment_id for canary, _ in canaries.on_duty(connection, source)} == set(ids[2:])
        canaries.appoint(connection, source, 4, now=T0)
        assert {canary.comment_id for canary, _ in canaries.on_duty(connection, source)} == set(ids)


def test_a_mass_disappearance_is_recorded_with_its_end(engine: Engine) -> None:
    """Those that count are no gap to be annulled; those of other sources are nobody's business."""
    with engine.begin() as connection:
        source, other = add_source(connection), add_source(connection, "other")
        for ending, at in ((Ending.COUNTED, T0), (Ending.ANNULLED, T0 + DAY), (Ending.ANNULLED, T0 + 3 * DAY)):
            mass_disappearances.begin(connection, source, since=at, at=at + HOUR, misses=Misses(9, 20, 0.1))
            mass_disappearances.end(connection, source, at=at + 2 * HOUR, ending=ending, misses=Misses(11, 20, 0.1))
        mass_disappearances.begin(connection, source, since=T0 + 9 * DAY, at=T0 + 9 * DAY, misses=Misses(9, 20, 0.1))
        assert mass_disappearances.annulled(connection, source, since=T0) == [
            (T0 + DAY, T0 + DAY + 2 * HOUR),
            (T0 + 3 * DAY, T0 + 3 * DAY + 2 * HOUR),
        ]
        assert len(mass_disappearances.annulled(connection, source, since=T0 + 2 * DAY)) == 1
        assert mass_disappearances.annulled(connection, other, since=T0) == []
        assert mass_disappearances.settled(connection, source, since=T0) == 11
        assert mass_disappearances.settled(connection, source, since=T0 + 3 * HOUR) == 0


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

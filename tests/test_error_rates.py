"""Error rates: pessimistic while little is known, and a fault's misses are the fault's."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, insert

from bot.domain.error_rates import ASSUMED
from bot.domain.instant import DAY, HOUR, MINUTE
from bot.domain.observation import Cause
from bot.domain.verdict import State, Track, annul
from bot.error_rates import estimate_due, of_source
from bot.stats.error_rates import Evidence, Fault, Guarded, estimate, faults_of, merged
from bot.store import error_rates
from bot.store.tables import batch, coverage, mass_disappearance, verdict
from tests.demo.hand_clock import HandClock
from tests.store.rows import T0, add_source, follow

NOTHING = Evidence(0, 0, 0, 0, 0, [], 0)
H0 = T0 // HOUR


def test_without_data_the_assumptions_stand() -> None:
    assert estimate(NOTHING) == ASSUMED


def test_few_clean_looks_change_little_and_many_change_much() -> None:
    few = estimate(Evidence(10, 0, 0, 0, 0, [], 0))
    many = estimate(Evidence(30_000, 0, 0, 0, 0, [], 0))
    assert 0.9 * ASSUMED.false_miss < few.false_miss < ASSUMED.false_miss
    assert many.false_miss < 0.02 * ASSUMED.false_miss
    assert many.measured == 30_000


def test_rates_approach_what_was_counted() -> None:
    faults = [Fault(T0, T0 + 2 * HOUR)] * 500
    found = estimate(Evidence(50_000, 1000, 50_000, 1000, 100, faults, 10_000 * HOUR))
    assert found.false_miss == pytest.approx(0.02, rel=0.01)
    assert found.false_tombstone == pytest.approx(0.001, rel=0.01)
    assert found.fault_share == pytest.approx(0.1, rel=0.05)
    assert found.fault_seconds == pytest.approx(7200, rel=0.01)


def batches(pattern: str, vantage: str = "front") -> list[Guarded]:
    return [Guarded(T0 + at * 10 * MINUTE, vantage, mark == ".") for at, mark in enumerate(pattern)]


def test_a_run_of_failed_guards_is_a_fault_until_they_hold_and_a_lone_one_is_none() -> None:
    faults, watched = faults_of(batches("..x..xxx.."))
    assert faults == [Fault(T0 + 50 * MINUTE, T0 + 80 * MINUTE)]
    assert watched == 90 * MINUTE


def test_the_other_vantage_does_not_end_a_fault() -> None:
    assert faults_of([*batches("xxx"), *batches("...", "origin")])[0] == [Fault(T0, T0 + 20 * MINUTE)]


def test_faults_that_overlap_are_one() -> None:
    assert merged([Fault(5, 9), Fault(0, 6), Fault(20, 30)]) == [Fault(0, 9), Fault(20, 30)]


def _batches(engine: Engine, source_id: int, hour: int, guards: list[str | None]) -> None:
    rows = [
        {
            "source_id": source_id,
            "vantage": "server",
            "claimed_at": at,
            "claimed_real": at,
            "finished_at": at,
            "due": 1,
            "done": 1,
            "guards": held,
        }
        for at, held in ((T0 + hour * HOUR + number * 10 * MINUTE, held) for number, held in enumerate(guards))
    ]
    with engine.begin() as connection:
        connection.execute(insert(batch), rows)


def _cover(engine: Engine, source_id: int, hour: int, looks: int, misses: int) -> None:
    row = dict.fromkeys(("due", "done", "late", "unreachable", "new_misses"), 0)
    keys = {"source_id": source_id, "hour": H0 + hour, "canary_looks": looks, "canary_misses": misses}
    with engine.begin() as connection:
        connection.execute(insert(coverage), [{**row, **keys}])


def _judged(engine: Engine, comment_id: int, states: list[State], why: str = "test") -> None:
    rows = [
        {
            "comment_id": comment_id,
            "episode": 1,
            "at": T0 + HOUR + number,
            "state": state,
            "cause": Cause.UNKNOWN,
            "why": why,
        }
        for number, state in enumerate(states)
    ]
    with engine.begin() as connection:
        connection.execute(insert(verdict), rows)


def test_canary_misses_within_a_fault_are_the_faults_and_others_count(engine: Engine) -> None:
    with engine.begin() as connection:
        source_id = add_source(connection)
    _batches(engine, source_id, 0, [None, "a canary was not seen", None])
    _batches(engine, source_id, 5, ["no canary was seen"] * 3 + [None])
    _cover(engine, source_id, 0, 100, 1)
    _cover(engine, source_id, 5, 100, 60)
    with engine.connect() as connection:
        found = of_source(connection, source_id, T0 + DAY)
    assert found.measured == 100
    assert found.false_miss == pytest.approx((3 + 1) / 400)
    assert found.fault_seconds == pytest.approx((5 * 6000 + 1800) / 6)


def test_a_mass_disappearance_that_was_annulled_is_a_fault_too(engine: Engine) -> None:
    with engine.begin() as connection:
        source_id = add_source(connection)
        row = {"source_id": source_id, "since": T0, "opened_at": T0, "missing": 9, "looked": 9, "ended_at": T0 + HOUR}
        connection.execute(insert(mass_disappearance).values(**row, ending="annulled"))
    with engine.connect() as connection:
        assert of_source(connection, source_id, T0 + DAY).fault_seconds == pytest.approx((5 * 6000 + 3600) / 6)


def test_absences_that_a_sighting_ended_are_false_misses_and_removals_are_none(engine: Engine) -> None:
    with engine.begin() as connection:
        source_id = add_source(connection)
        one, two, three = (follow(connection, source_id, str(number)) for number in range(3))
    _judged(engine, one, [State.MISSING, State.VISIBLE])
    _judged(engine, two, [State.MISSING, State.SUSPECTED, State.VISIBLE])
    _judged(engine, three, [State.MISSING, State.SUSPECTED, State.PROBABLE, State.RESTORED])
    with engine.connect() as connection:
        assert error_rates.cleared(connection, source_id, T0) == 3


def test_absences_that_were_annulled_with_a_fault_are_not_counted_again(engine: Engine) -> None:
    with engine.begin() as connection:
        source_id = add_source(connection)
        one = follow(connection, source_id, "1")
    absent = Track(T0, T0, T0, state=State.MISSING, absent_since=T0 + 1, first_miss=T0 + 1, last_miss=T0 + 1, misses=1)
    annulled = annul(absent, T0, T0 + HOUR)
    assert annulled.track.state is State.VISIBLE
    _judged(engine, one, [State.MISSING, annulled.track.state], annulled.why)
    with engine.connect() as connection:
        assert error_rates.cleared(connection, source_id, T0) == 0


def test_each_source_is_estimated_once_a_day(engine: Engine) -> None:
    clock = HandClock()
    clock.at = T0 + DAY
    with engine.begin() as connection:
        source_id = add_source(connection)
    assert estimate_due(engine, clock) == 1
    assert estimate_due(engine, clock) == 0
    clock.at += DAY
    assert estimate_due(engine, clock) == 1
    with engine.connect() as connection:
        assert error_rates.in_force(connection, source_id) == ASSUMED

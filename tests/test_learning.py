"""Hazards are learned once a day of domain time, and what is followed anew is looked at by them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import Engine, Row, select, update

from bot.domain.hazard import Hazard, published
from bot.domain.instant import DAY, HOUR, MINUTE, Micros
from bot.domain.spacing import Schedule, spacing
from bot.learning import FEWEST_REMOVALS, WINDOW, learn
from bot.store import hazards
from bot.store.tables import hazard, tracking
from tests.demo.hand_clock import HandClock
from tests.store.rows import T0, add_source, follow
from tests.watch import fill, watching


def disappear(engine: Engine, names: Iterable[str]) -> None:
    """Follow comments first seen at T0 that were gone between the first and the second hour."""
    with engine.begin() as connection:
        source = add_source(connection)
        ids = [follow(connection, source, name) for name in names]
        gone = {"last_seen": T0 + HOUR, "gone_after": T0 + HOUR, "gone_before": T0 + 2 * HOUR}
        connection.execute(update(tracking).where(tracking.c.comment_id.in_(ids)).values(**gone))


def survive(engine: Engine, names: Iterable[str], *, until: Micros) -> None:
    with engine.begin() as connection:
        source = add_source(connection)
        ids = [follow(connection, source, name) for name in names]
        connection.execute(update(tracking).where(tracking.c.comment_id.in_(ids)).values(last_seen=until))


def stored(engine: Engine) -> list[Row[Any]]:
    with engine.connect().execution_options(read_only=True) as connection:
        return list(connection.execute(select(hazard).order_by(hazard.c.platform, hazard.c.fitted_at)))


def test_what_disappeared_is_learned(engine: Engine) -> None:
    """40 of 100 between the first and the second hour, nothing before or after."""
    disappear(engine, (f"gone {n}" for n in range(40)))
    survive(engine, (f"alive {n}" for n in range(60)), until=T0 + 3 * DAY)
    assert learn(engine, HandClock(T0 + 3 * DAY), ["isso"]) == ["isso"]
    with engine.connect() as connection:
        learned = hazards.newest(connection, "isso")
    assert learned is not None
    assert learned.probability(HOUR, 2 * HOUR) == pytest.approx(0.4, abs=0.15)
    for law, most_go_early in ((published(), True), (learned, False)):
        assert (law.probability(0, 30 * MINUTE) > 0.4 * law.probability(HOUR, 2 * HOUR)) == most_go_early
    assert learned.probability(3 * HOUR, 3 * DAY) < 0.1
    assert [(row.platform, row.fitted_at, row.comments, row.removals) for row in stored(engine)] == [
        ("isso", T0 + 3 * DAY, 100, 40)
    ]


def test_it_is_due_once_a_day_of_domain_time(engine: Engine) -> None:
    """Whoever asks, and however often: a restart repeats nothing."""
    disappear(engine, map(str, range(FEWEST_REMOVALS)))
    clock = HandClock(T0 + DAY)
    assert learn(engine, clock, ["isso"]) == ["isso"]
    clock.at += DAY - 1
    assert learn(engine, clock, ["isso"]) == []
    clock.at += 1
    assert learn(engine, clock, ["isso"]) == ["isso"]
    assert [row.fitted_at for row in stored(engine)] == [T0 + DAY, T0 + 2 * DAY]


def test_too_few_removals_leave_the_published_law(engine: Engine) -> None:
    disappear(engine, map(str, range(FEWEST_REMOVALS - 1)))
    assert learn(engine, HandClock(T0 + DAY), ["isso"]) == []
    assert stored(engine) == []
    disappear(engine, ["one more"])
    assert learn(engine, HandClock(T0 + DAY), ["isso"]) == ["isso"]


def test_what_was_first_seen_long_ago_says_nothing_of_today(engine: Engine) -> None:
    disappear(engine, map(str, range(FEWEST_REMOVALS)))
    assert learn(engine, HandClock(T0 + WINDOW + 1), ["isso"]) == []
    assert learn(engine, HandClock(T0 + WINDOW), ["isso"]) == ["isso"]


def test_each_platform_learns_from_its_own(engine: Engine) -> None:
    disappear(engine, map(str, range(FEWEST_REMOVALS)))
    assert learn(engine, HandClock(T0 + DAY), ["isso", "demo", "isso"]) == ["isso"]
    assert {row.platform for row in stored(engine)} == {"isso"}


@pytest.mark.parametrize("factor", [1.0, 4.0])
async def test_the_first_look_at_a_comment_goes_by_what_was_learned(engine: Engine, factor: float) -> None:
    """A platform that deletes early is looked at early: the gap shrinks as the hazard of the first minutes grows."""
    law = published()
    early = tuple(rate * (factor if edge < HOUR else 1.0) for edge, rate in zip(law.edges, law.rates, strict=True))
    async with watching(engine, looks=50) as watch:
        with engine.begin() as connection:
            hazards.add(connection, "demo", watch.clock.now(), Hazard(law.edges, early), comments=1, removals=1)
        fill(watch, 1, 1)
        await watch.collect()
        [row] = watch.rows(select(tracking))
    learned, closing = spacing(Schedule(Hazard(law.edges, early), 50, 30 * DAY)).after(0, row.jitter)
    assert (row.due_at - row.begin, row.urgent) == (learned, closing)
    usual, _ = spacing(Schedule(law, 50, 30 * DAY)).after(0, row.jitter)
    assert learned < usual if factor > 1 else learned == usual

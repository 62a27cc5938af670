"""What hazards are learned from, and what was learned."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, update

from bot.domain.comment import Source
from bot.domain.hazard import Hazard, published
from bot.domain.instant import DAY, HOUR
from bot.domain.spacing import Schedule
from bot.store import hazards, sources, tables
from bot.store.tables import tracking
from tests.store.rows import T0, add_source, follow

LEARNED = Hazard((0, HOUR, DAY), (1e-5, 2.5e-7, 1 / 3e9))


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """Open a transaction on a migrated database."""
    with engine.begin() as connection:
        yield connection


def became(connection: Connection, source_id: int, name: str, **values: int) -> None:
    """Follow a comment first seen at T0, of which `values` are known."""
    comment_id = follow(connection, source_id, name)
    connection.execute(update(tracking).where(tracking.c.comment_id == comment_id).values(**values))


def test_a_record_is_a_sighting_and_the_first_absence_after_it_if_there_was_one(connection: Connection) -> None:
    source = add_source(connection)
    became(connection, source, "alive", last_seen=T0 + DAY)
    became(connection, source, "gone", last_seen=T0 + HOUR, gone_after=T0 + HOUR, gone_before=T0 + 2 * HOUR)
    # Seen again later: it was gone then all the same.
    became(connection, source, "restored", last_seen=T0 + 9 * DAY, gone_after=T0 + 5, gone_before=T0 + HOUR)
    became(connection, source, "absent, not proved", last_seen=T0 + 3 * HOUR, first_miss=T0 + 4 * HOUR)
    assert sorted(hazards.records(connection, "isso", T0)) == [
        (5.0, float(HOUR)),
        (float(HOUR), 2.0 * HOUR),
        (3.0 * HOUR, math.inf),
        (float(DAY), math.inf),
    ]


def test_records_are_of_one_platform_and_of_comments_first_seen_since_then(connection: Connection) -> None:
    became(connection, add_source(connection), "ours", last_seen=T0 + 7)
    other = sources.ensure(connection, name="elsewhere", platform="demo", instance="d.example", now=T0)
    became(connection, other, "theirs", last_seen=T0 + 8)
    assert list(hazards.records(connection, "isso", T0)) == [(7.0, math.inf)]
    assert list(hazards.records(connection, "demo", T0)) == [(8.0, math.inf)]
    assert list(hazards.records(connection, "isso", T0 + 1)) == []


def test_enough_removals_are_counted_per_platform_and_window(connection: Connection) -> None:
    source = add_source(connection)
    for name in "ab":
        became(connection, source, name, gone_after=T0, gone_before=T0 + 1)
    became(connection, source, "alive", last_seen=T0 + DAY)
    assert hazards.has_removals(connection, "isso", T0, 2)
    assert not hazards.has_removals(connection, "isso", T0, 3)
    assert not hazards.has_removals(connection, "isso", T0 + 1, 1)
    assert not hazards.has_removals(connection, "demo", T0, 1)


def test_the_hazard_learned_last_is_in_force_for_its_platform_only(connection: Connection) -> None:
    """Digit for digit as it was learned; without one the published law goes on."""
    source = Source(add_source(connection, "blog"), "blog", "isso", "c.example", {})
    base = Schedule(published(), 20, 30 * DAY)
    assert hazards.fitted_at(connection, "isso") is None
    assert hazards.in_force(connection, source, base) == base
    hazards.add(connection, "isso", T0 + DAY, LEARNED, comments=9, removals=3)
    hazards.add(connection, "isso", T0, published(), comments=8, removals=2)
    hazards.add(connection, "demo", T0 + 5 * DAY, published(), comments=7, removals=1)
    assert hazards.in_force(connection, source, base) == Schedule(LEARNED, 20, 30 * DAY)
    connection.execute(update(tables.source).values(price_factor=2.0))
    assert hazards.in_force(connection, source, base) == Schedule(LEARNED, 20, 30 * DAY, factor=2.0)
    assert hazards.fitted_at(connection, "isso") == T0 + DAY

"""Which weeks are due, by the clock on the owner's wall and by what the database holds."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine

from bot.digest.due import due_at, due_weeks, is_late
from bot.digest.week import Week
from bot.domain.instant import DAY, HOUR, Micros
from bot.store import digests
from tests.digest.rows import Rows, at

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")


def weeks(connection: Connection, now: str, zone: ZoneInfo = UTC, **when: int) -> list[str]:
    """Return the weeks that are due at a moment, by name."""
    return [str(week) for week in due_weeks(connection, at(now), zone, **when)]


def watched(connection: Connection, since: str, *published: str) -> None:
    """Watch a source since then; digests of these weeks went out."""
    Rows(connection).source("shop", first_seen=at(since))
    for week in published:
        digests.insert(connection, week, built_at=0, late=False, numbers={}, folder=Path("digests"))


def test_nothing_is_due_before_anything_is_watched(engine: Engine) -> None:
    """A fresh installation sends no empty digests."""
    with engine.begin() as connection:
        assert weeks(connection, "2026-11-23T08:00") == []


def test_a_week_is_due_from_its_hour_on(engine: Engine) -> None:
    """Not a moment earlier, and until it is made."""
    with engine.begin() as connection:
        watched(connection, "2026-11-18T00:00")
        assert weeks(connection, "2026-11-23T06:59:59") == []
        assert weeks(connection, "2026-11-23T07:00") == ["2026-W47"]
        assert weeks(connection, "2026-11-29T23:59") == ["2026-W47"]


def test_a_week_with_a_digest_is_due_no_more(engine: Engine) -> None:
    """The row decides, not what a process remembers."""
    with engine.begin() as connection:
        watched(connection, "2026-11-18T00:00", "2026-W47")
        assert weeks(connection, "2026-11-23T07:00") == []
        assert weeks(connection, "2026-11-30T07:00") == ["2026-W48"]


def test_the_week_in_which_watching_began_is_the_first(engine: Engine) -> None:
    """Even if only its last second was watched; a source that begins with the next week makes none."""
    with engine.begin() as connection:
        watched(connection, "2026-11-22T23:59:59")
        assert weeks(connection, "2026-11-23T07:00") == ["2026-W47"]
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM source")
        watched(connection, "2026-11-23T00:00")
        assert weeks(connection, "2026-11-23T07:00") == []


def test_missed_weeks_are_caught_up_oldest_first(engine: Engine) -> None:
    """Down for a fortnight: both weeks are made; the one in between was made before."""
    with engine.begin() as connection:
        watched(connection, "2026-10-01T00:00", "2026-W44", "2026-W46")
        assert weeks(connection, "2026-11-25T12:00") == ["2026-W45", "2026-W47"]


def test_only_the_last_four_weeks_are_caught_up_and_never_older_ones_later(engine: Engine) -> None:
    """Once the last four are made nothing is left to do, though older weeks have no digest."""
    with engine.begin() as connection:
        watched(connection, "2026-01-01T00:00")
        last = ["2026-W44", "2026-W45", "2026-W46", "2026-W47"]
        assert weeks(connection, "2026-11-25T12:00") == last
        for week in last:
            digests.insert(connection, week, built_at=0, late=True, numbers={}, folder=Path("digests"))
        assert weeks(connection, "2026-11-25T12:00") == []


def test_another_weekday_and_hour_put_it_off(engine: Engine) -> None:
    """Until Sunday evening the week before is the last that was due."""
    with engine.begin() as connection:
        watched(connection, "2026-10-01T00:00", "2026-W43", "2026-W44", "2026-W45")
        assert weeks(connection, "2026-11-29T19:59", weekday=6, hour=20) == ["2026-W46"]
        assert weeks(connection, "2026-11-29T20:00", weekday=6, hour=20) == ["2026-W46", "2026-W47"]


@pytest.mark.parametrize(
    ("week", "due"),
    [
        (Week(2026, 12), at("2026-03-23T06:00")),  # winter time, UTC+1
        (Week(2026, 13), at("2026-03-30T05:00")),  # the day after clocks went forward, UTC+2
        (Week(2026, 43), at("2026-10-26T06:00")),  # the day after they went back
    ],
)
def test_seven_in_the_morning_is_that_of_the_wall_clock(week: Week, due: Micros) -> None:
    """It does not move by an hour twice a year."""
    assert due_at(week, BERLIN) == due


def test_the_zone_decides_when_a_week_is_over(engine: Engine) -> None:
    """In Kiritimati the week ends fourteen hours before Greenwich's."""
    with engine.begin() as connection:
        watched(connection, "2026-11-18T00:00")
        assert weeks(connection, "2026-11-22T17:00", ZoneInfo("Pacific/Kiritimati")) == ["2026-W47"]
        assert weeks(connection, "2026-11-22T17:00") == []


def test_more_than_a_day_after_it_was_due_a_digest_is_late() -> None:
    """A restart overnight is no delay worth a word."""
    week, due = Week(2026, 47), at("2026-11-23T07:00")
    assert not is_late(week, due + DAY, UTC)
    assert is_late(week, due + DAY + 1, UTC)
    assert not is_late(week, due + DAY + HOUR, UTC, hour=8)

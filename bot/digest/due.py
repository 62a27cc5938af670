"""Which weeks are due: decided from the database, so that a week missed while we were down is caught up, once."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.digest.week import Week
from bot.domain.instant import DAY, Micros, from_datetime
from bot.store import counts, digests

#: How many weeks back a missed digest is still made: an older one would tell nobody anything.
CAUGHT_UP = 4


def due_weeks(connection: Connection, now: Micros, zone: ZoneInfo, weekday: int = 0, hour: int = 7) -> list[Week]:
    """Return the weeks whose digest is due and not made yet, oldest first, out of the last four that were due.

    `weekday` (0 is Monday) and `hour`: when after its end a week's digest is due, by the clock of `zone`.
    """
    since = counts.watched_since(connection)
    if since is None:
        return []
    done = digests.published(connection)
    this = Week.of(now, zone)
    over = [this.plus(-back) for back in range(CAUGHT_UP + 1, 0, -1)]
    due = [week for week in over if due_at(week, zone, weekday, hour) <= now][-CAUGHT_UP:]
    return [week for week in due if since < week.end(zone) and str(week) not in done]


def due_at(week: Week, zone: ZoneInfo, weekday: int = 0, hour: int = 7) -> Micros:
    """Return when a week's digest is due: the first `weekday` after its end, at `hour`, by the clock of `zone`."""
    day = week.plus(1).monday + timedelta(days=weekday)
    return from_datetime(datetime.combine(day, time(hour), tzinfo=zone))


def is_late(week: Week, now: Micros, zone: ZoneInfo, weekday: int = 0, hour: int = 7) -> bool:
    """Return whether a digest made now comes more than a day after it was due, and has to say so."""
    return now - due_at(week, zone, weekday, hour) > DAY

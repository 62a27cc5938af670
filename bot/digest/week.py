"""A week and its numbers: who was followed, and what became of them."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import add
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.domain.comment import Role
from bot.domain.instant import Micros, from_datetime, to_datetime
from bot.store import counts
from bot.store.counts import Count, Groups, Window

#: With fewer events than these nothing is compared: the shares are shown, with their intervals, and called too few.
ENOUGH_EVENTS = 10
#: So many sources fit into the picture and under it; Markdown and JSON hold all.
SHOWN = 12


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """A week of ISO 8601, Monday to Sunday; 2026-W01 may begin in 2025."""

    year: int
    number: int

    @classmethod
    def of(cls, instant: Micros, zone: ZoneInfo) -> Week:
        """Return the week that holds an instant, by the calendar of a time zone."""
        return cls._of_day(to_datetime(instant).astimezone(zone).date())

    @classmethod
    def _of_day(cls, day: date) -> Week:
        year, number, _weekday = day.isocalendar()
        return cls(year, number)

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02}"

    @property
    def monday(self) -> date:
        """Return its first day."""
        return date.fromisocalendar(self.year, self.number, 1)

    def plus(self, weeks: int) -> Week:
        """Return the week so many weeks later, or earlier if negative."""
        return self._of_day(self.monday + timedelta(weeks=weeks))

    def start(self, zone: ZoneInfo) -> Micros:
        """Return its first moment, midnight in the time zone; 7 days apart unless clocks are changed."""
        return from_datetime(datetime.combine(self.monday, time(), tzinfo=zone))

    def end(self, zone: ZoneInfo) -> Micros:
        """Return the first moment that is no longer in it."""
        return self.plus(1).start(zone)


@dataclass(frozen=True, slots=True)
class SourceNumbers:
    """One source: how many comments it brought, and what became of the followed ones."""

    name: str
    collected: int
    groups: Groups

    @property
    def followed(self) -> int:
        """Return how many comments the picture stands for, flagged and control together."""
        return sum(self.groups.get(role, Count()).followed for role in (Role.FLAGGED, Role.CONTROL))


@dataclass(frozen=True, slots=True)
class Numbers:
    """A week's numbers as they stood at `built_at`. Sources and rules are in the order of their names.

    `late`: it was built more than a day after it was due. `began`: when watching began, if that was within the week.
    """

    week: Week
    zone: ZoneInfo
    built_at: Micros
    late: bool
    began: Micros | None
    sources: tuple[SourceNumbers, ...]
    rules: Mapping[str, Groups]

    def total(self, role: Role) -> Count:
        """Return the counts of a role over all sources."""
        return reduce(add, (source.groups.get(role, Count()) for source in self.sources), Count())

    @property
    def lettered(self) -> dict[str, SourceNumbers]:
        """Return the sources in the picture by the letters that stand for their names there."""
        # Where not all fit, the largest do, by what was followed: never by rate, which would rank them.
        largest = sorted(self.sources, key=lambda source: -source.followed)[:SHOWN]
        shown = [source for source in self.sources if source.followed and source in largest]
        return dict(zip(string.ascii_uppercase, shown, strict=False))

    @property
    def complete(self) -> bool:
        """Return whether the week was over when the numbers were built."""
        return self.built_at >= self.week.end(self.zone)


def build(connection: Connection, week: Week, now: Micros, zone: ZoneInfo, *, late: bool = False) -> Numbers:
    """Return the numbers of a week by what is known at `now`."""
    window = Window(week.start(zone), week.end(zone), now)
    since = counts.watched_since(connection)
    groups = counts.by_source(connection, window)
    return Numbers(
        week=week,
        zone=zone,
        built_at=now,
        late=late,
        began=since if since is not None and since > window.start else None,
        sources=tuple(
            SourceNumbers(name, collected, groups.get(name, {}))
            for name, collected in counts.collected(connection, window).items()
        ),
        rules=counts.by_rule(connection, window),
    )


def too_few(groups: Mapping[Role, Count]) -> bool:
    """Return whether flagged and control have too few events, together, to be compared."""
    return sum(groups.get(role, Count()).events for role in (Role.FLAGGED, Role.CONTROL)) < ENOUGH_EVENTS

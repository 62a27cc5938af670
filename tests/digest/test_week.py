"""Weeks by the calendar of a time zone, and their numbers from the database."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from bot.digest.week import Numbers, SourceNumbers, Week, build, too_few
from bot.domain.comment import Role
from bot.domain.instant import DAY, HOUR
from bot.domain.observation import Cause
from bot.store.counts import Count
from tests.digest.rows import MONDAY, Rows, at, confirmed, gone

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [UTC, BERLIN, ZoneInfo("America/St_Johns"), ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Africa/Cairo")]


@settings(deadline=None)
@given(st.integers(at("1990-01-01"), at("2090-01-01")), st.sampled_from(ZONES))
def test_every_moment_is_in_exactly_one_week(moment: int, zone: ZoneInfo) -> None:
    """Weeks follow each other without a gap, whatever clocks do."""
    week = Week.of(moment, zone)
    assert week.start(zone) <= moment < week.end(zone)
    assert week.plus(1).start(zone) == week.end(zone)
    assert week.plus(1).plus(-1) == week


@pytest.mark.parametrize(
    ("moment", "week"),
    [
        ("2026-11-16", "2026-W47"),
        ("2026-01-01", "2026-W01"),
        ("2025-12-29", "2026-W01"),
        ("2027-01-03T23:59:59", "2026-W53"),
    ],
)
def test_weeks_are_those_of_iso_8601(moment: str, week: str) -> None:
    """The year of a week is that of its Thursday."""
    assert str(Week.of(at(moment), UTC)) == week


def test_weeks_of_changed_clocks_are_an_hour_shorter_and_longer() -> None:
    """They begin and end at midnight all the same."""
    hours = [
        (week.end(BERLIN) - week.start(BERLIN)) / HOUR for week in (Week(2026, 13), Week(2026, 43), Week(2026, 47))
    ]
    assert hours == [167, 169, 168]


def test_numbers_are_of_the_week_and_stand_under_their_source_and_rule(engine: Engine) -> None:
    """Built from the database: sources in the order of their names, the silent one too."""
    with engine.begin() as connection:
        rows = Rows(connection)
        version, shop = rows.rules(), rows.source("shop")
        rows.source("agora")
        thread = rows.thread(shop)
        flagged = rows.comment(shop, thread, **confirmed(Cause.MODERATOR))
        rows.enrol(flagged, Role.FLAGGED, version, matched=True)
        rows.match(flagged, ["cars"], version)
        control = rows.comment(shop, thread)
        rows.enrol(control, Role.CONTROL, version, partner=flagged, matched=True)
        later = rows.comment(shop, thread, first_seen=MONDAY + 7 * DAY, **gone())
        rows.enrol(later, Role.FLAGGED, version)
    with engine.connect() as connection:
        numbers = build(connection, Week(2026, 47), MONDAY + 8 * DAY, BERLIN, late=True)
    groups = {
        Role.FLAGGED: Count(followed=1, moderator=1, confirmed=1, looks=10),
        Role.CONTROL: Count(followed=1, looks=10),
    }
    assert numbers == Numbers(
        week=Week(2026, 47),
        zone=BERLIN,
        built_at=MONDAY + 8 * DAY,
        late=True,
        began=None,
        sources=(SourceNumbers("agora", 0, {}), SourceNumbers("shop", 2, groups)),
        rules={"cars": groups},
    )
    assert numbers.total(Role.FLAGGED) == groups[Role.FLAGGED]
    assert numbers.total(Role.PANEL) == Count()


def test_a_week_ends_where_the_zone_says(engine: Engine) -> None:
    """Sunday 23:30 in Greenwich is Monday in Berlin."""
    with engine.begin() as connection:
        rows = Rows(connection)
        source = rows.source("shop")
        rows.comment(source, rows.thread(source), first_seen=at("2026-11-22T23:30"))
    with engine.connect() as connection:
        now = MONDAY + 10 * DAY
        collected = {
            (zone.key, week.number): build(connection, week, now, zone).sources[0].collected
            for zone in (UTC, BERLIN)
            for week in (Week(2026, 47), Week(2026, 48))
        }
    assert collected == {("UTC", 47): 1, ("UTC", 48): 0, ("Europe/Berlin", 47): 0, ("Europe/Berlin", 48): 1}


@pytest.mark.parametrize(("since", "began"), [(MONDAY, MONDAY), (MONDAY - DAY, None)])
def test_a_week_in_which_watching_began_says_so(engine: Engine, since: int, began: int | None) -> None:
    """Its numbers are not those of a whole week."""
    with engine.begin() as connection:
        Rows(connection).source("shop", first_seen=since)
        assert build(connection, Week(2026, 47), MONDAY + 8 * DAY, UTC).began == began


def numbers_of(*followed: int) -> Numbers:
    """Return numbers of as many sources, each with so many flagged comments; names count from 100."""
    sources = tuple(
        SourceNumbers(f"s{100 + place}", size, {Role.FLAGGED: Count(followed=size)} if size else {})
        for place, size in enumerate(followed)
    )
    return Numbers(Week(2026, 47), UTC, MONDAY + 8 * DAY, late=False, began=None, sources=sources, rules={})


def test_sources_get_letters_in_the_order_of_their_names() -> None:
    """Those with nothing to show get none."""
    assert {key: one.name for key, one in numbers_of(3, 0, 9).lettered.items()} == {"A": "s100", "B": "s102"}


def test_of_many_sources_the_largest_twelve_get_letters() -> None:
    """By what was followed, whatever came of it."""
    names = [source.name for source in numbers_of(*range(1, 15)).lettered.values()]
    assert names == [f"s{number}" for number in range(102, 114)]


@pytest.mark.parametrize(("built_at", "complete"), [(at("2026-11-23") - 1, False), (at("2026-11-23"), True)])
def test_a_week_is_complete_when_it_is_over(built_at: int, complete: bool) -> None:
    """A digest made earlier has to say so."""
    assert Numbers(Week(2026, 47), UTC, built_at, False, None, (), {}).complete is complete


def test_fewer_than_ten_events_are_too_few_to_compare() -> None:
    """An ended thread is one event, however many comments went with it."""
    thread = Count(followed=90, parent=40, ended=1)
    assert too_few({Role.FLAGGED: thread, Role.CONTROL: Count(followed=90, unknown=8)})
    assert not too_few({Role.FLAGGED: thread, Role.CONTROL: Count(followed=90, unknown=9)})
    assert too_few({Role.PANEL: Count(followed=90, unknown=50)})

"""Instants are exact; durations are seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.instant import DAY, HOUR, MINUTE, SECOND, from_datetime, iso, micros, seconds, to_datetime


def test_the_units() -> None:
    assert (SECOND, MINUTE, HOUR, DAY) == (10**6, 60 * 10**6, 3600 * 10**6, 86_400 * 10**6)


@settings(deadline=None)
@given(st.datetimes(timezones=st.timezones()))
def test_a_datetime_comes_back_as_the_same_instant(moment: datetime) -> None:
    back = to_datetime(from_datetime(moment))
    assert back == moment.astimezone(UTC)
    assert back.tzinfo is UTC


def test_another_zone_names_the_same_instant() -> None:
    noon = datetime(2025, 6, 15, 12, tzinfo=timezone(timedelta(hours=8)))
    assert from_datetime(noon) == from_datetime(datetime(2025, 6, 15, 4, tzinfo=UTC)) == 1_749_960_000_000_000


def test_a_naive_datetime_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match="attach a time zone"):
        from_datetime(datetime(2025, 6, 15))  # noqa: DTZ001 - the mistake under test


@settings(deadline=None)
@given(st.integers(0, 4_000_000_000))
def test_whole_seconds_are_exact(second: int) -> None:
    assert micros(second) == second * SECOND
    assert seconds(second * SECOND) == second


def test_a_fraction_of_a_second_is_rounded_to_a_microsecond() -> None:
    assert micros(1_750_000_000.1234564) == 1_750_000_000_123_456
    assert micros(-0.5) == -500_000


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_749_960_000_999_999, "2025-06-15T04:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
    ],
)
def test_iso_ends_in_z_and_is_cut_to_the_second(instant: int, text: str) -> None:
    assert iso(instant) == text

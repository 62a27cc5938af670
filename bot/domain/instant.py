"""Instants are UTC microseconds since 1970 as integers; durations are float seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

Micros = int

SECOND: Micros = 1_000_000
MINUTE: Micros = 60 * SECOND
HOUR: Micros = 60 * MINUTE
DAY: Micros = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(seconds: float) -> Micros:
    """Return a duration or a Unix time in seconds as microseconds."""
    return round(seconds * SECOND)


def seconds(span: Micros) -> float:
    """Return a span of microseconds as seconds."""
    return span / SECOND


def from_datetime(moment: datetime) -> Micros:
    """Return an aware datetime as UTC microseconds, exactly; a naive one is a ValueError."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime names no instant: attach a time zone")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_datetime(instant: Micros) -> datetime:
    """Return an instant as an aware UTC datetime."""
    return _EPOCH + timedelta(microseconds=instant)


def iso(instant: Micros) -> str:
    """Return an instant as ISO 8601 with Z, to the second, as it stands in JSON and on screen."""
    return to_datetime(instant).strftime("%Y-%m-%dT%H:%M:%SZ")

"""Politeness: when the next request to a host may leave, and how long to stay away from one that said no."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime

from yarl import URL

from bot.domain.instant import DAY, SECOND, Micros, from_datetime, micros, seconds
from bot.ports import HostBudget

# One write to the shared budget covers a run of requests, but never more than the others can wait for.
_RUN_REQUESTS = 10
_RUN_SECONDS = 2.0
_PATIENCE: Micros = 10 * SECOND
_FIRST_BACK_OFF: Micros = 30 * SECOND
_LONGEST_BACK_OFF: Micros = DAY


def host_of(url: str | URL) -> str:
    """Return host[:port] of a URL, by which budgets go; the port only where it is not the scheme's own."""
    parts = URL(url)
    host = f"[{parts.host}]" if ":" in (parts.host or "") else parts.host or ""
    return host if parts.is_default_port() or parts.port is None else f"{host}:{parts.port}"


@dataclass(slots=True)
class _Host:
    """What this process knows of one host: turns that it has reserved, and how often it was sent away."""

    turns: deque[Micros] = field(default_factory=deque)
    blocked_until: Micros = 0
    strikes: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Politeness:
    """Turns the shared budget of all processes into something that a request can await; all times are real.

    `interval`: seconds between requests to a host; `intervals`: the same for single hosts (host[:port]).
    """

    def __init__(self, budget: HostBudget, interval: float, intervals: Mapping[str, float]) -> None:
        self._budget = budget
        self._interval = interval
        self._intervals = intervals
        self._hosts: dict[str, _Host] = {}

    async def turn(self, host: str) -> str | None:
        """Wait for the next turn; return None, or why it would take too long to wait for it.

        Only the one at the head of the queue looks at the time: a long queue waits, a blocked host does not.
        """
        state = self._hosts.setdefault(host, _Host())
        async with state.lock:
            wait = max(await self._next_turn(host, state), state.blocked_until) - _now()
            if wait > _PATIENCE:
                return f"rate limited: {host} is not asked for another {seconds(wait):.0f} s"
            state.turns.popleft()
            await asyncio.sleep(max(0.0, seconds(wait)))
            return None

    async def answered(self, host: str, status: int, headers: Mapping[str, str]) -> None:
        """Take note of an answer: one that sends us away keeps every process away for a while.

        Twice as long each time, from 30 s to a day, unless the host itself says how long.
        """
        state = self._hosts.setdefault(host, _Host())
        if not _sends_away(status, headers):
            state.strikes = 0
        elif state.blocked_until <= _now():  # else: another request of the same moment was told the same
            longest = min(_FIRST_BACK_OFF << min(state.strikes, 20), _LONGEST_BACK_OFF)
            state.strikes += 1
            state.blocked_until = _now() + (retry_after(headers, _now()) or longest)
            await asyncio.to_thread(self._budget.back_off, host, state.blocked_until)

    async def _next_turn(self, host: str, state: _Host) -> Micros:
        """Return the first turn that is not over; it stays reserved, so that asking a blocked host costs nothing."""
        earliest = max(_now(), state.blocked_until)
        while state.turns and state.turns[0] < earliest:
            state.turns.popleft()
        if not state.turns:
            interval = self._intervals.get(host, self._interval)
            run = _run_length(interval)
            first = await asyncio.to_thread(self._budget.reserve, host, run, interval)
            state.turns.extend(first + number * micros(interval) for number in range(run))
        return state.turns[0]


def retry_after(headers: Mapping[str, str], now: Micros) -> Micros | None:
    """Return how long a Retry-After header (seconds or an HTTP date) asks us to stay away, at most a day."""
    value = headers.get("Retry-After", "").strip()
    asked = _seconds(value) if value.isascii() and value.isdigit() else _moment(value, now) - now
    return min(asked, _LONGEST_BACK_OFF) if asked > 0 else None


def _seconds(digits: str) -> Micros:
    return int(digits[:9]) * SECOND


def _moment(http_date: str, fallback: Micros) -> Micros:
    try:
        moment = parsedate_to_datetime(http_date)
    except ValueError:
        return fallback
    return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _sends_away(status: int, headers: Mapping[str, str]) -> bool:
    """Return whether an answer means "not you, not now".

    A 403 in JSON is an application that answers about one thing; a 403 page is a wall in front of all of them.
    """
    if status == 403:
        return "json" not in headers.get("Content-Type", "")
    return status == 429 or (status == 503 and "Retry-After" in headers)


def _run_length(interval: float) -> int:
    if interval <= 0:
        return 1
    return max(1, min(_RUN_REQUESTS, int(_RUN_SECONDS / interval)))


def _now() -> Micros:
    return time.time_ns() // 1000

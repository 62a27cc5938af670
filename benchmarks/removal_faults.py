"""How the simulated sources of `benchmarks.removals` fail: the harsh model, and the twelve kinds and their pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log

import numpy as np
from numpy.random import Generator

from bot.domain.instant import DAY, HOUR, Micros
from bot.domain.observation import Outcome

#: Threads of a simulated source; comment i belongs to thread i % THREADS.
THREADS = 10


class Kind(StrEnum):
    """The twelve kinds of reliability 4.2, and what a reader of one answer makes of them."""

    RATE_LIMITED = "429"
    SERVER_ERROR = "5xx"
    TIMEOUT = "timeout"
    DNS = "dns"
    CAPTCHA = "captcha with 200"
    SOFT_404 = "soft 404 for everything"
    TRUNCATED = "truncated page"
    HARD_404 = "hard 404 for everything"
    FORBIDDEN = "403 or 451 for all"
    LOST_LOGIN = "lost login: 404 for one community"
    REPLICA_LAG = "replica lag: 404 for one comment"
    PARSER = "parser misses some comments"


#: These fail request by request, the others for as long as they last.
_FLICKERING = frozenset({Kind.RATE_LIMITED, Kind.SERVER_ERROR})
#: Seen as what they are: nothing could be observed.
_RECOGNISED = _FLICKERING | {Kind.TIMEOUT, Kind.DNS, Kind.CAPTCHA, Kind.FORBIDDEN}
#: The chance of each of them to fail.
FLICKER = 0.5


@dataclass(frozen=True, slots=True)
class Fault:
    """An episode on one vantage: `hidden` comments answer `outcome` from `start` to `end`.

    `flickers`: each request fails by itself, with a chance of one half.
    """

    start: Micros
    end: Micros
    hidden: np.ndarray
    outcome: Outcome = Outcome.GONE
    flickers: bool = False

    def holds(self, at: Micros) -> bool:
        """Return whether it lasts at that time."""
        return self.start <= at < self.end


def harsh(random: Generator, comments: int, span: Micros) -> list[Fault]:
    """Return the faults of a vantage over a span (science D4), all of them disguised as absences.

    One full outage a week with a median of an hour, one partial fault in two weeks with a share uniform in [0, 1] and
    a median of six hours.
    """
    weeks = span / (7 * DAY)
    outages = (_episode(random, span, HOUR, np.ones(comments, bool)) for _ in range(random.poisson(weeks)))
    partial = (
        _episode(random, span, 6 * HOUR, random.random(comments) < random.random())
        for _ in range(random.poisson(weeks / 2))
    )
    return [*outages, *partial]


def of_kinds(random: Generator, comments: int, span: Micros, kinds: Sequence[Kind]) -> list[Fault]:
    """Return one episode of each kind; those after the first begin while the first lasts."""
    first = _episode(random, span, 3 * HOUR, np.ones(comments, bool))
    made = []
    for number, kind in enumerate(kinds):
        start = first.start if number == 0 else first.start + int((first.end - first.start) * random.random())
        made.append(_of_kind(random, kind, comments, start, start + _length(random, 3 * HOUR)))
    return made


def _of_kind(random: Generator, kind: Kind, comments: int, start: Micros, end: Micros) -> Fault:
    outcome = Outcome.UNREACHABLE if kind in _RECOGNISED else Outcome.GONE
    return Fault(start, end, _hidden(random, kind, comments), outcome, kind in _FLICKERING)


def _hidden(random: Generator, kind: Kind, comments: int) -> np.ndarray:
    """Return which comments a kind strikes; all of them, unless it says otherwise."""
    number = np.arange(comments)
    match kind:
        case Kind.TIMEOUT:
            # A few threads are too slow to be read, for as long as it lasts.
            return number % THREADS < random.integers(1, 4)
        case Kind.LOST_LOGIN:
            return number % THREADS == random.integers(THREADS)
        case Kind.REPLICA_LAG:
            return number == random.integers(comments)
        case Kind.TRUNCATED:
            # The tail of every listing is cut off.
            return number >= comments * random.random()
        case Kind.PARSER:
            return random.random(comments) < random.random()
    return np.ones(comments, bool)


def _episode(random: Generator, span: Micros, median: Micros, hidden: np.ndarray) -> Fault:
    start = int(random.random() * span)
    return Fault(start, start + _length(random, median), hidden)


def _length(random: Generator, median: Micros) -> Micros:
    return int(random.exponential(median / log(2)))


def answer(faults: Sequence[Fault], comment: int, at: Micros, *, failing: bool) -> Outcome | None:
    """Return what the faults make of an answer about a living comment, None if nothing.

    `failing`: whether a request fails that was made while requests fail one by one.
    """
    for fault in faults:
        if fault.holds(at) and fault.hidden[comment] and (failing or not fault.flickers):
            return fault.outcome
    return None

"""What a batch adds to the coverage ledger of its source: what was due, seen, late, absent, and foretold to be."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.error_rates import ErrorRates
from bot.domain.hazard import Hazard
from bot.domain.instant import HOUR, Micros
from bot.domain.observation import UNOBSERVED, Outcome
from bot.domain.verdict import Look, Track

#: A look this much after it was due is counted as late.
LATE: Micros = HOUR


def entries(
    looks: Sequence[tuple[Track, Look, Micros | None]], now: Micros, hazard: Hazard, rates: ErrorRates, *, blind: bool
) -> dict[str, float]:
    """Return numbers by the names of the ledger; each look comes with the track before it and when it was due.

    `blind`: where no canary at all was seen it is an outage, and new absences say nothing of the source; where some
    were, it may be a purge that took the others.
    """
    hour = now // HOUR * HOUR
    calm = [(track, look) for track, look, _ in looks if track.absent_since is None and not blind]
    return {
        "done": len(looks),
        "late": sum(due is not None and look.at - due > LATE for _, look, due in looks),
        "unreachable": sum(look.outcome in UNOBSERVED for _, look, _ in looks),
        "new_misses": sum(unexplained(look) for _, look in calm),
        "fresh": sum(track.last_look < hour for track, _, _ in looks),
        # Once an hour, as `fresh`: a comment that is looked at every ten minutes must not hide a purge.
        "expected": sum(
            hazard.probability(track.last_seen - track.first_seen, look.at - track.first_seen) + rates.false_miss
            for track, look in calm
            if track.last_look < hour
        ),
    }


def unexplained(look: Look) -> bool:
    """Return whether nothing explains an absence: an ended thread or account is one event, no mass disappearance."""
    return look.outcome is Outcome.GONE and not look.explicit

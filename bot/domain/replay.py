"""The stored looks of one comment, folded through the decision of today: the history that `explain` and rejudge show.

A track is determined by its looks, by the faults that were annulled, and by when the comment was first seen. Only
`log_odds` also depends on the hazard and the error rates, which are those that the caller names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.domain.error_rates import ErrorRates
from bot.domain.hazard import Hazard
from bot.domain.instant import Micros
from bot.domain.verdict import Look, Track, annul, decide


@dataclass(frozen=True, slots=True)
class Seen:
    """A stored look; `stored_at`: when its batch was judged (domain time)."""

    look: Look
    stored_at: Micros


@dataclass(frozen=True, slots=True)
class Turn:
    """What one look made of a track; `why` is empty if the state did not move."""

    before: Track
    look: Look
    track: Track
    why: str

    @property
    def counted(self) -> bool:
        """Whether the absence was counted: proved, and far enough from the one before."""
        return self.look.absent and self.track.misses == self.before.misses + 1


def beginning(first_seen: Micros) -> Track:
    """Return the track of a comment that was just seen for the first time."""
    return Track(first_seen=first_seen, last_look=first_seen, last_seen=first_seen)


def replay(
    start: Track, seen: Iterable[Seen], annulled: Sequence[tuple[Micros, Micros]], hazard: Hazard, rates: ErrorRates
) -> Iterator[Turn]:
    """Yield what each look makes of the track; `annulled`: (start, end) of absences that turned out to be faults."""
    track = start
    for one in seen:
        before, why = track, ""
        for begin, end in annulled:
            # What was annulled later was not known yet when this look was judged.
            if end <= one.stored_at:
                taken_back = annul(before, begin, end)
                before, why = taken_back.track, why or taken_back.why
        decision = decide(before, one.look, hazard, rates)
        track = decision.track
        yield Turn(before, one.look, track, decision.why or why)

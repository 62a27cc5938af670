"""What is missing for the next step of a verdict, found by asking the decision itself: never a rule of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from bot.domain.hazard import Hazard
from bot.domain.instant import Micros, iso
from bot.domain.observation import Outcome
from bot.domain.verdict import ONE_VANTAGE_STEPS, SPACING, Look, State, Track, decide, step_wait

_LONGEST_WAY = len(ONE_VANTAGE_STEPS)


#: Says from where the next absence of a way is to come.
Choice = Callable[[Track], str]


@dataclass(frozen=True, slots=True)
class Way:
    """Absences, each from a vantage and not before its instant, that would bring a comment to `state`."""

    state: State
    vantages: tuple[str, ...]
    not_before: tuple[Micros, ...]

    @property
    def looks(self) -> list[Look]:
        """Return the absences themselves."""
        return [Look(at, vantage, Outcome.GONE) for at, vantage in zip(self.not_before, self.vantages, strict=True)]


def ways_on(track: Track, vantages: tuple[str, ...], hazard: Hazard) -> tuple[Way, ...]:
    """Return the ways to the next higher state, from each vantage alone and from all in turn, the soonest first.

    Every absence must count: the guards hold, and no mass disappearance is undecided. Empty where nothing is higher.
    """
    if track.state is State.CONFIRMED:
        return ()

    def in_turn(now: Track) -> str:
        return min(vantages, key=now.miss_vantages.count)

    choices = (*(_always(vantage) for vantage in vantages), in_turn)
    found = [way for choose in choices if (way := _way(track, choose, hazard)) is not None]
    return tuple(sorted(dict.fromkeys(found), key=lambda way: way.not_before[-1]))


def _always(vantage: str) -> Choice:
    return lambda _: vantage


def _way(track: Track, choose: Choice, hazard: Hazard) -> Way | None:
    """Take the absences as close as they count at all, else as the ladder of one vantage spaces them."""
    close = _walk(track, choose, hazard, patient=False)
    patient = _walk(track, choose, hazard, patient=True)
    walked = [way for way in (close, patient) if way is not None]
    return min(walked, key=lambda way: (way.not_before[-1], len(way.not_before)), default=None)


def _walk(track: Track, choose: Choice, hazard: Hazard, *, patient: bool) -> Way | None:
    now, looks = track, list[Look]()
    for _ in range(_LONGEST_WAY):
        looks.append(Look(_earliest(now, patient=patient), choose(now), Outcome.GONE))
        after = decide(now, looks[-1], hazard).track
        if after.state is not track.state:
            return Way(after.state, tuple(one.vantage for one in looks), tuple(one.at for one in looks))
        now = after
    return None


def _earliest(track: Track, *, patient: bool) -> Micros:
    """Return when the next absence counts; `patient`: when it also counts as a step of the one-vantage ladder."""
    close = track.last_look if track.last_miss is None else max(track.last_look, track.last_miss + SPACING)
    if not patient or track.step_at is None or track.step >= _LONGEST_WAY:
        return close
    return max(close, track.step_at + step_wait(track.step))


def in_words(track: Track, ways: tuple[Way, ...]) -> list[str]:
    """Return what is missing, in plain words, one line per way."""
    if track.state is State.CONFIRMED:
        return ["nothing: confirmed is the last step; a sighting would make it restored"]
    return [_words(track, way) for way in ways]


def _words(track: Track, way: Way) -> str:
    count = len(way.not_before)
    more = "one" if count == 1 else str(count)
    more += " more" if track.misses else ""
    absences = "absence" if count == 1 else "absences"
    return f"for {way.state}: {more} {absences} from {_from(way)}, {_when(track, way)}"


def _from(way: Way) -> str:
    return way.vantages[0] if len(set(way.vantages)) == 1 else ", then ".join(way.vantages)


def _when(track: Track, way: Way) -> str:
    first = way.not_before[0]
    if track.last_miss is None or first == track.last_look:
        return "at the next look" + _then(way)
    return f"at least {_span(first - track.last_miss)} after {iso(track.last_miss)}" + _then(way)


def _then(way: Way) -> str:
    gaps = [_span(later - earlier) for earlier, later in pairwise(way.not_before)]
    return "".join(f", then {gap} later" for gap in gaps)


def _span(span: Micros) -> str:
    minutes = -(-span // 60_000_000)
    return f"{minutes} minutes" if minutes % 60 else f"{minutes // 60} h"

"""Is a look worth anything? Canaries and the known-absent id judge a batch, the breaker judges a source."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from bot.domain.instant import HOUR, Micros
from bot.domain.observation import PRESENT, TOMBSTONES, UNOBSERVED, Outcome

#: Canaries asked before the comments of a batch, and again after them when something was absent.
CANARIES = 5
#: A canary that stays away this long, over this many looks, while another one is seen, has truly gone.
CANARY_GONE_AFTER: Micros = 6 * HOUR
CANARY_GONE_LOOKS = 3
#: The breaker opens when more comments than this newly disappear, of those looked at in the trailing window.
BREAKER_COUNT = 5
BREAKER_SHARE = 0.20
#: It closes when canaries stayed healthy for this long: then it was a purge, and the absences count.
BREAKER_HOLDS: Micros = 6 * HOUR

NO_CANARY = "no canary"
CANARY_UNSEEN = "a canary was not seen"
NOTHING_SEEN = "no canary was seen"
ABSENT_UNASKED = "the id that cannot exist could not be asked"
ABSENT_FOUND = "an id that cannot exist was found"
BREAKER = "mass disappearance, undecided"
#: Where nothing was proved to be visible, an absence says nothing of its comment and nothing of its source.
BLIND = frozenset({NO_CANARY, NOTHING_SEEN, ABSENT_UNASKED, ABSENT_FOUND})


def held_by_guards(canaries: Collection[Outcome], known_absent: Outcome | None) -> str | None:
    """Return why the absences of a batch do not count, or None.

    Every canary must have been seen, and the id that cannot exist (None: the platform has none) must be absent.
    ABSENT_FOUND (it is there, or was deleted by somebody) says that sightings and tombstones prove nothing either:
    then the whole batch is unreachable.
    """
    if known_absent in PRESENT or known_absent in TOMBSTONES:
        return ABSENT_FOUND
    if known_absent not in {None, Outcome.GONE}:
        return ABSENT_UNASKED
    if not canaries:
        return NO_CANARY
    if not any(outcome in PRESENT for outcome in canaries):
        return NOTHING_SEEN
    return None if all(outcome in PRESENT for outcome in canaries) else CANARY_UNSEEN


@dataclass(frozen=True, slots=True)
class Breaker:
    """A source's breaker: `since` when it holds absences (None: closed), `healthy_since` when no canary has failed."""

    since: Micros | None = None
    healthy_since: Micros | None = None

    @property
    def holds(self) -> bool:
        """Whether absences are held now."""
        return self.since is not None


def next_breaker(breaker: Breaker, now: Micros, *, healthy: bool, new_misses: int, looked: int) -> Breaker:
    """Return the breaker after a batch.

    `new_misses` of `looked` comments became absent in the trailing window (this batch included), those that a
    tombstone or an ended thread explains left out. It delays and never erases: after BREAKER_HOLDS of healthy
    canaries the absences count, and a failing canary starts that time anew.
    """
    if breaker.since is None:
        if new_misses > max(BREAKER_COUNT, BREAKER_SHARE * looked):
            return Breaker(since=now, healthy_since=now if healthy else None)
        return breaker
    if not healthy:
        return replace(breaker, healthy_since=None)
    if breaker.healthy_since is None:
        return replace(breaker, healthy_since=now)
    return Breaker() if now - breaker.healthy_since >= BREAKER_HOLDS else breaker


@dataclass(frozen=True, slots=True)
class Canary:
    """A comment known to be alive; `failing_since` and `failures` count its absences since it was last seen."""

    comment_id: int
    failing_since: Micros | None = None
    failures: int = 0


def next_canary(canary: Canary, now: Micros, outcome: Outcome, *, stated: bool, others_seen: bool) -> Canary | None:
    """Return the canary after a look, or None when it has truly gone and another one takes its place.

    It is not replaced merely because it failed: fresh canaries picked among the comments that a partial fault
    shows would all pass, and prove nothing.
    """
    if outcome in PRESENT:
        return Canary(canary.comment_id)
    if outcome in UNOBSERVED or outcome is Outcome.PENDING:
        return canary
    if stated and others_seen:
        return None
    since = now if canary.failing_since is None else canary.failing_since
    failed = Canary(canary.comment_id, since, canary.failures + 1)
    if others_seen and failed.failures >= CANARY_GONE_LOOKS and now - since >= CANARY_GONE_AFTER:
        return None
    return failed

"""Is a look worth anything? Canaries and the known-absent id judge a batch, the breaker judges a source."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.domain.instant import HOUR, Micros
from bot.domain.observation import PRESENT, TOMBSTONES, UNOBSERVED, Outcome

#: Canaries asked before the comments of a batch, and again after them when something was absent.
CANARIES = 5
#: A canary that stays away this long, over this many looks, while another one is seen, has truly gone.
CANARY_GONE_AFTER: Micros = 6 * HOUR
CANARY_GONE_LOOKS = 3
#: While a breaker holds it takes longer: a partial fault would otherwise replace the canaries that prove it.
CANARY_GONE_AFTER_UNDECIDED: Micros = 12 * HOUR
#: The breaker opens when more comments than this newly disappear in the trailing window, and so many so rarely do.
BREAKER_COUNT = 5
BREAKER_CHANCE = 1e-6
#: A fault that goes on is annulled and told anew after so long.
BREAKER_LONGEST: Micros = 24 * HOUR
#: So many of the held comments must have been asked for from another vantage, and so large a share must agree.
BREAKER_WITNESSES = 5
BREAKER_AGREES = 0.8
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


class Ending(StrEnum):
    """What became of a mass disappearance: its absences count from their first date, or were a fault."""

    COUNTED = "counted"
    ANNULLED = "annulled"


@dataclass(frozen=True, slots=True)
class Misses:
    """What a source's trailing window holds: `new` comments became absent of `looked`; `expected` were foretold.

    Those that a tombstone or an ended thread explains are left out. `expected` is a mean: the hazard's, and the rate
    of false misses.
    """

    new: int
    looked: int
    expected: float

    @property
    def surprising(self) -> bool:
        """Whether so many are a mass disappearance: more than BREAKER_COUNT, and by chance less than once in 10^6."""
        return self.new > BREAKER_COUNT and _poisson_tail(self.new, self.expected) < BREAKER_CHANCE


@dataclass(frozen=True, slots=True)
class Breaker:
    """A source's breaker: `since` when it holds absences (None: closed), `healthy_since` when no canary has failed.

    `faulty`: the looks are proved to be at fault. `agreed` and `denied`: held comments that another vantage, its own
    guards holding, did not see either, or saw.
    """

    since: Micros | None = None
    healthy_since: Micros | None = None
    faulty: bool = False
    agreed: int = 0
    denied: int = 0

    @property
    def holds(self) -> bool:
        """Whether absences are held now."""
        return self.since is not None


def next_breaker(
    breaker: Breaker,
    now: Micros,
    *,
    healthy: bool,
    misses: Misses,
    agreed: int = 0,
    denied: int = 0,
    returned: bool = False,
) -> tuple[Breaker, Ending | None]:
    """Return the breaker after a batch, and how its mass disappearance ended, if it did.

    It delays and never erases. The absences count when another vantage agrees, or after BREAKER_HOLDS of healthy
    canaries. A fault is proved when the other vantage sees the comments, or some of them for all that time, or when a
    canary came back (`returned`); then they are annulled as soon as no more comments become absent than usual, at the
    latest after BREAKER_LONGEST, and what is truly gone begins anew.
    """
    if breaker.since is None:
        opened = Breaker(since=now, healthy_since=now if healthy else None)
        return (opened if misses.surprising else breaker), None
    if healthy:
        since = now if breaker.healthy_since is None else breaker.healthy_since
        breaker = replace(breaker, healthy_since=since, agreed=breaker.agreed + agreed, denied=breaker.denied + denied)
    else:
        breaker = replace(breaker, healthy_since=None)
    after = replace(breaker, faulty=returned or _proved_faulty(breaker, now))
    ending = _ending(after, now, misses)
    return (after if ending is None else Breaker()), ending


def _proved_faulty(breaker: Breaker, now: Micros) -> bool:
    asked = breaker.agreed + breaker.denied
    if breaker.faulty or asked < BREAKER_WITNESSES:
        return breaker.faulty
    # Two vantages that contradict each other for six hours: one of them is at fault, whatever its canaries say.
    contradicted = _outlasted(breaker, now) and breaker.agreed < BREAKER_AGREES * asked
    return contradicted or breaker.denied >= BREAKER_AGREES * asked


def _ending(breaker: Breaker, now: Micros, misses: Misses) -> Ending | None:
    if breaker.faulty:
        calm = breaker.healthy_since is not None and not misses.surprising
        return Ending.ANNULLED if calm or now - (breaker.since or now) >= BREAKER_LONGEST else None
    asked = breaker.agreed + breaker.denied
    agreed = asked >= BREAKER_WITNESSES and breaker.agreed >= BREAKER_AGREES * asked
    healthy = breaker.healthy_since is not None
    return Ending.COUNTED if (agreed and healthy) or _outlasted(breaker, now) else None


def _outlasted(breaker: Breaker, now: Micros) -> bool:
    return breaker.healthy_since is not None and now - breaker.healthy_since >= BREAKER_HOLDS


def _poisson_tail(count: int, mean: float) -> float:
    """Return P(X >= count) for X ~ Poisson(mean)."""
    if mean <= 0:
        return 0.0 if count > 0 else 1.0
    term = math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
    total, k = 0.0, count
    while term > total * 1e-12 and k < count + 10_000:
        total += term
        k += 1
        term *= mean / k
    return min(1.0, total)


@dataclass(frozen=True, slots=True)
class Canary:
    """A comment known to be alive; `failing_since` and `failures` count its absences since it was last seen."""

    comment_id: int
    failing_since: Micros | None = None
    failures: int = 0

    def returned(self, outcome: Outcome) -> bool:
        """Whether it is seen again after it was absent more than once: a single slip proves no fault."""
        return self.failures > 1 and outcome in PRESENT


def next_canary(
    canary: Canary, now: Micros, outcome: Outcome, *, stated: bool, others_seen: bool, undecided: bool = False
) -> Canary | None:
    """Return the canary after a look, or None when it has truly gone and another one takes its place.

    `undecided`: the source's breaker holds. It is not replaced merely because it failed: fresh canaries picked among
    the comments that a partial fault shows would all pass, and prove nothing.
    """
    if outcome in PRESENT:
        return Canary(canary.comment_id)
    if outcome in UNOBSERVED or outcome is Outcome.PENDING:
        return canary
    if stated and others_seen:
        return None
    since = now if canary.failing_since is None else canary.failing_since
    failed = Canary(canary.comment_id, since, canary.failures + 1)
    patience = CANARY_GONE_AFTER_UNDECIDED if undecided else CANARY_GONE_AFTER
    if others_seen and failed.failures >= CANARY_GONE_LOOKS and now - since >= patience:
        return None
    return failed

"""When a look is worth nothing, when a source is held, and when a canary has truly gone."""

from __future__ import annotations

import math

import pytest

from bot.domain.health import (
    ABSENT_FOUND,
    ABSENT_UNASKED,
    BLIND,
    BREAKER,
    CANARY_UNSEEN,
    NO_CANARY,
    NOTHING_SEEN,
    Breaker,
    Canary,
    Ending,
    Misses,
    _poisson_tail,
    held_by_guards,
    next_breaker,
    next_canary,
)
from bot.domain.instant import HOUR, MINUTE, Micros
from bot.domain.observation import PRESENT, TOMBSTONES, Outcome

SEEN, GONE, UNREACHABLE = Outcome.VISIBLE, Outcome.GONE, Outcome.UNREACHABLE
NOW: Micros = 1_750_000_000_000_000


@pytest.mark.parametrize(
    ("canaries", "known_absent", "expected"),
    [
        ([SEEN], None, None),
        ([SEEN], GONE, None),
        ([SEEN, Outcome.EDITED, Outcome.FOLDED, Outcome.SHADOWED], GONE, None),
        ([], None, NO_CANARY),
        ([], GONE, NO_CANARY),
        ([SEEN, SEEN, SEEN, SEEN, GONE], GONE, CANARY_UNSEEN),
        ([SEEN, UNREACHABLE], None, CANARY_UNSEEN),
        ([SEEN, Outcome.PENDING], None, CANARY_UNSEEN),
        ([SEEN, Outcome.DELETED_BY_AUTHOR], None, CANARY_UNSEEN),
        ([GONE, GONE, GONE, GONE, SEEN], None, CANARY_UNSEEN),
        ([GONE], None, NOTHING_SEEN),
        ([GONE] * 5, GONE, NOTHING_SEEN),
        ([GONE, UNREACHABLE, Outcome.PENDING, Outcome.REMOVED_BY_MODERATOR], GONE, NOTHING_SEEN),
        ([GONE], UNREACHABLE, ABSENT_UNASKED),
        ([SEEN], UNREACHABLE, ABSENT_UNASKED),
        ([SEEN], Outcome.RESTRICTED, ABSENT_UNASKED),
        ([], UNREACHABLE, ABSENT_UNASKED),
        ([SEEN], SEEN, ABSENT_FOUND),
        ([], Outcome.FOLDED, ABSENT_FOUND),
        ([GONE], SEEN, ABSENT_FOUND),
        ([SEEN], Outcome.DELETED_BY_AUTHOR, ABSENT_FOUND),
        ([SEEN], Outcome.REMOVED_BY_MODERATOR, ABSENT_FOUND),
        ([], Outcome.REMOVED_BY_PLATFORM, ABSENT_FOUND),
    ],
)
def test_absences_count_only_if_all_canaries_are_seen_and_the_impossible_is_absent(
    canaries: list[Outcome], known_absent: Outcome | None, expected: str | None
) -> None:
    assert held_by_guards(canaries, known_absent) == expected


@pytest.mark.parametrize("outcome", Outcome)
def test_one_canary_of_five_decides(outcome: Outcome) -> None:
    assert (held_by_guards([SEEN] * 4 + [outcome], GONE) is None) == (outcome in PRESENT)


@pytest.mark.parametrize("outcome", Outcome)
def test_an_id_that_cannot_exist_is_found_if_it_is_shown_or_said_to_be_deleted(outcome: Outcome) -> None:
    found = outcome in PRESENT or outcome in TOMBSTONES
    expected = ABSENT_FOUND if found else None if outcome is GONE else ABSENT_UNASKED
    assert held_by_guards([SEEN], outcome) == expected


def test_only_what_proves_nothing_visible_is_blind() -> None:
    """Where a canary was seen, or a crowd vanished, an absence may have begun although it does not count yet."""
    assert {NO_CANARY, NOTHING_SEEN, ABSENT_UNASKED, ABSENT_FOUND} == BLIND
    assert not BLIND & {CANARY_UNSEEN, BREAKER}


PURGE, CALM = Misses(50, 100, 0.5), Misses(0, 10, 0.1)


@pytest.mark.parametrize(
    ("new", "expected", "opens"),
    [
        (5, 1e-9, False),
        (6, 1e-9, True),
        (6, 0.0, True),
        (0, 0.0, False),
        (6, 0.1, True),
        (6, 0.2, True),
        (6, 0.5, False),
        (8, 0.4, True),
        (13, 2.0, True),
        (12, 2.0, False),
        (200, 190.0, False),
        (270, 190.0, True),
    ],
)
def test_the_breaker_opens_above_five_that_chance_does_not_explain(new: int, expected: float, opens: bool) -> None:
    """P(X >= 6 | 0.2) = 7.5e-8 and P(X >= 6 | 0.5) = 1.4e-5 for X of Poisson."""
    after, ending = next_breaker(Breaker(), NOW, healthy=True, misses=Misses(new, 1000, expected))
    assert after == (Breaker(since=NOW, healthy_since=NOW) if opens else Breaker())
    assert ending is None


@pytest.mark.parametrize("mean", [0.01, 0.5, 3.0, 40.0])
def test_the_chance_of_so_many_is_the_poisson_tail(mean: float) -> None:
    """Against the plain sum of what is below."""
    for count in (1, 2, 5, 20, 60):
        below = sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count))
        assert _poisson_tail(count, mean) == pytest.approx(1 - below, rel=1e-6, abs=1e-12)


def batches(*batches: tuple[Micros, bool], opened_healthy: bool = True) -> tuple[Breaker, list[Ending]]:
    """Return a breaker that opened at NOW, after these batches (time since then, canaries seen), and how it ended."""
    breaker, _ = next_breaker(Breaker(), NOW, healthy=opened_healthy, misses=PURGE)
    endings = []
    for since, healthy in batches:
        breaker, ending = next_breaker(breaker, NOW + since, healthy=healthy, misses=CALM)
        endings += [ending] if ending else []
    return breaker, endings


def test_the_breaker_counts_after_six_healthy_hours_and_not_before() -> None:
    assert batches((3 * HOUR, True), (6 * HOUR - 1, True)) == (Breaker(NOW, NOW), [])
    assert batches((3 * HOUR, True), (6 * HOUR, True)) == (Breaker(), [Ending.COUNTED])


def test_failing_canaries_start_the_six_hours_anew_and_decide_nothing() -> None:
    """They may have gone in the very purge: only one that comes back proves a fault."""
    failed = (5 * HOUR, False)
    assert batches(failed, (40 * HOUR, False)) == (Breaker(NOW, None), [])
    assert batches(failed, (7 * HOUR, True), (13 * HOUR - 1, True)) == (Breaker(NOW, NOW + 7 * HOUR), [])
    assert batches(failed, (7 * HOUR, True), (13 * HOUR, True)) == (Breaker(), [Ending.COUNTED])
    assert batches((7 * HOUR, True), opened_healthy=False) == (Breaker(NOW, NOW + 7 * HOUR), [])


def test_a_canary_that_comes_back_proves_a_fault_which_ends_when_no_more_go() -> None:
    held, _ = next_breaker(Breaker(), NOW, healthy=True, misses=PURGE)
    faulty, ending = next_breaker(held, NOW + HOUR, healthy=True, misses=PURGE, returned=True)
    assert (faulty, ending) == (Breaker(NOW, NOW, faulty=True), None)
    assert next_breaker(faulty, NOW + 9 * HOUR, healthy=True, misses=PURGE, agreed=50)[1] is None
    assert next_breaker(faulty, NOW + 2 * HOUR, healthy=False, misses=CALM)[1] is None
    assert next_breaker(faulty, NOW + 2 * HOUR, healthy=True, misses=CALM) == (Breaker(), Ending.ANNULLED)
    assert next_breaker(faulty, NOW + 24 * HOUR, healthy=True, misses=PURGE) == (Breaker(), Ending.ANNULLED)


@pytest.mark.parametrize(("failures", "outcome", "back"), [(2, SEEN, True), (1, SEEN, False), (2, GONE, False)])
def test_a_single_slip_of_a_canary_proves_no_fault(failures: int, outcome: Outcome, back: bool) -> None:
    assert Canary(7, NOW, failures).returned(outcome) is back


@pytest.mark.parametrize(
    ("agreed", "denied", "ending"),
    [
        (4, 0, None),
        (5, 0, Ending.COUNTED),
        (8, 2, Ending.COUNTED),
        (7, 3, None),
        (3, 7, None),
        (2, 8, Ending.ANNULLED),
        (0, 5, Ending.ANNULLED),
        (0, 4, None),
    ],
)
def test_another_vantage_decides_where_it_was_asked_for_enough(agreed: int, denied: int, ending: Ending | None) -> None:
    held, _ = next_breaker(Breaker(), NOW, healthy=True, misses=PURGE)
    after, found = next_breaker(held, NOW + 1, healthy=True, misses=CALM, agreed=agreed, denied=denied)
    assert found is ending
    assert after.holds is (ending is None)


def test_what_another_vantage_says_adds_up_over_batches_and_not_where_canaries_fail() -> None:
    held, _ = next_breaker(Breaker(), NOW, healthy=True, misses=PURGE)
    after, _ = next_breaker(held, NOW + 1, healthy=True, misses=CALM, agreed=3)
    assert (after.agreed, after.denied) == (3, 0)
    blind, ending = next_breaker(after, NOW + 2, healthy=False, misses=CALM, agreed=9)
    assert (blind.agreed, ending) == (3, None)
    assert next_breaker(after, NOW + 2, healthy=True, misses=CALM, agreed=2) == (Breaker(), Ending.COUNTED)


def test_vantages_that_contradict_each_other_for_six_hours_prove_a_fault_of_one() -> None:
    held, _ = next_breaker(Breaker(), NOW, healthy=True, misses=PURGE)
    mixed, _ = next_breaker(held, NOW + 1, healthy=True, misses=CALM, agreed=6, denied=4)
    assert next_breaker(mixed, NOW + 6 * HOUR - 1, healthy=True, misses=CALM) == (mixed, None)
    assert next_breaker(mixed, NOW + 6 * HOUR, healthy=True, misses=CALM) == (Breaker(), Ending.ANNULLED)


def test_more_misses_do_not_prolong_the_hold() -> None:
    """It delays and never erases: a purge that goes on would otherwise never count."""
    breaker = Breaker(NOW, NOW)
    for hour in range(1, 6):
        breaker, _ = next_breaker(breaker, NOW + hour * HOUR, healthy=True, misses=PURGE)
        assert breaker == Breaker(NOW, NOW)
    assert next_breaker(breaker, NOW + 6 * HOUR, healthy=True, misses=PURGE) == (Breaker(), Ending.COUNTED)


def watched(*looks: tuple[Micros, Outcome], stated: bool = False, others_seen: bool = True) -> list[Canary | None]:
    """Return a canary after each look, until it is relieved."""
    canary, after = Canary(7), list[Canary | None]()
    for since, outcome in looks:
        moved = next_canary(canary, NOW + since, outcome, stated=stated, others_seen=others_seen)
        after.append(moved)
        if moved is None:
            break
        canary = moved
    return after


def test_a_canary_that_fails_for_a_while_is_not_replaced() -> None:
    after = watched((0, GONE), (5 * HOUR, GONE), (6 * HOUR - 1, GONE), (6 * HOUR, SEEN))
    assert after == [Canary(7, NOW, 1), Canary(7, NOW, 2), Canary(7, NOW, 3), Canary(7)]


def test_a_canary_has_gone_after_three_looks_and_six_hours() -> None:
    assert watched((0, GONE), (3 * HOUR, GONE), (6 * HOUR, GONE))[-1] is None
    assert watched((0, GONE), (7 * HOUR, GONE))[-1] == Canary(7, NOW, 2)
    assert watched((0, GONE), (MINUTE, GONE), (2 * MINUTE, GONE), (5 * HOUR, GONE))[-1] == Canary(7, NOW, 4)


def test_a_sighting_starts_its_absence_anew() -> None:
    looks = (0, GONE), (3 * HOUR, GONE), (4 * HOUR, Outcome.FOLDED), (6 * HOUR, GONE), (7 * HOUR, GONE)
    assert watched(*looks)[-1] == Canary(7, NOW + 6 * HOUR, 2)


def test_a_canary_stays_while_no_other_one_is_seen() -> None:
    """All absent together: that is a fault, or a purge that the breaker tells of, and no canary's own end."""
    looks = [(hour * HOUR, GONE) for hour in range(48)]
    assert watched(*looks, others_seen=False)[-1] == Canary(7, NOW, 48)


@pytest.mark.parametrize("outcome", [Outcome.DELETED_BY_AUTHOR, Outcome.REMOVED_BY_PLATFORM, GONE])
def test_a_canary_whose_deletion_is_stated_is_relieved_at_once_if_others_are_seen(outcome: Outcome) -> None:
    assert watched((0, outcome), stated=True) == [None]
    assert watched((0, outcome), stated=True, others_seen=False) == [Canary(7, NOW, 1)]


def test_a_canary_is_kept_twice_as_long_while_a_mass_disappearance_is_undecided() -> None:
    """Else a partial fault of more than six hours would exchange the canaries that prove it."""
    failing = Canary(7, NOW, 5)
    for hours, undecided, kept in ((6, False, False), (6, True, True), (12, True, False)):
        after = next_canary(failing, NOW + hours * HOUR, GONE, stated=False, others_seen=True, undecided=undecided)
        assert (after is not None) is kept


@pytest.mark.parametrize("outcome", [UNREACHABLE, Outcome.RESTRICTED, Outcome.COMMENTS_CLOSED, Outcome.PENDING])
def test_a_look_that_saw_nothing_says_nothing_about_a_canary(outcome: Outcome) -> None:
    canary = Canary(7, NOW, 2)
    assert next_canary(canary, NOW + 9 * HOUR, outcome, stated=False, others_seen=True) == canary


@pytest.mark.parametrize("outcome", [Outcome.ACCOUNT_GONE, Outcome.PARENT_GONE])
def test_a_canary_goes_with_its_account_or_thread(outcome: Outcome) -> None:
    assert watched((0, outcome), (3 * HOUR, outcome), (6 * HOUR, outcome))[-1] is None

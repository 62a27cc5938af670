"""When a look is worth nothing, when a source is held, and when a canary has truly gone."""

from __future__ import annotations

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


@pytest.mark.parametrize(
    ("new_misses", "looked", "opens"),
    [
        (5, 5, False),
        (6, 6, True),
        (5, 1, False),
        (6, 30, False),
        (7, 30, True),
        (20, 100, False),
        (21, 100, True),
        (200, 1000, False),
        (0, 0, False),
    ],
)
def test_the_breaker_opens_above_five_and_a_fifth(new_misses: int, looked: int, opens: bool) -> None:
    after = next_breaker(Breaker(), NOW, healthy=True, new_misses=new_misses, looked=looked)
    assert after == (Breaker(since=NOW, healthy_since=NOW) if opens else Breaker())
    assert after.holds is opens


def batches(*batches: tuple[Micros, bool], opened_healthy: bool = True) -> Breaker:
    """Return a breaker that opened at NOW, after these batches: time since then, and whether canaries were seen."""
    breaker = next_breaker(Breaker(), NOW, healthy=opened_healthy, new_misses=50, looked=100)
    for since, healthy in batches:
        breaker = next_breaker(breaker, NOW + since, healthy=healthy, new_misses=0, looked=10)
    return breaker


def test_the_breaker_closes_after_six_healthy_hours_and_not_before() -> None:
    assert batches((3 * HOUR, True), (6 * HOUR - 1, True)) == Breaker(NOW, NOW)
    assert batches((3 * HOUR, True), (6 * HOUR, True)) == Breaker()


def test_a_failing_canary_starts_the_six_hours_anew() -> None:
    failed = (5 * HOUR, False)
    assert batches(failed) == Breaker(NOW, None)
    assert batches(failed, (6 * HOUR, True)) == Breaker(NOW, NOW + 6 * HOUR)
    assert batches(failed, (6 * HOUR, True), (12 * HOUR - 1, True)).holds
    assert not batches(failed, (6 * HOUR, True), (12 * HOUR, True)).holds


def test_a_breaker_that_opens_under_a_fault_waits_for_the_first_healthy_batch() -> None:
    assert batches(opened_healthy=False) == Breaker(NOW, None)
    assert batches((7 * HOUR, True), opened_healthy=False) == Breaker(NOW, NOW + 7 * HOUR)
    assert not batches((7 * HOUR, True), (13 * HOUR, True), opened_healthy=False).holds


def test_more_misses_do_not_prolong_the_hold() -> None:
    """It delays and never erases: a purge that goes on would otherwise never count."""
    breaker = Breaker(NOW, NOW)
    for hour in range(1, 6):
        breaker = next_breaker(breaker, NOW + hour * HOUR, healthy=True, new_misses=90, looked=100)
        assert breaker == Breaker(NOW, NOW)
    assert next_breaker(breaker, NOW + 6 * HOUR, healthy=True, new_misses=90, looked=100) == Breaker()


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


@pytest.mark.parametrize("outcome", [UNREACHABLE, Outcome.RESTRICTED, Outcome.COMMENTS_CLOSED, Outcome.PENDING])
def test_a_look_that_saw_nothing_says_nothing_about_a_canary(outcome: Outcome) -> None:
    canary = Canary(7, NOW, 2)
    assert next_canary(canary, NOW + 9 * HOUR, outcome, stated=False, others_seen=True) == canary


@pytest.mark.parametrize("outcome", [Outcome.ACCOUNT_GONE, Outcome.PARENT_GONE])
def test_a_canary_goes_with_its_account_or_thread(outcome: Outcome) -> None:
    assert watched((0, outcome), (3 * HOUR, outcome), (6 * HOUR, outcome))[-1] is None

"""The draw that decides who is followed, and the controls of the flagged."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.domain.instant import HOUR, MINUTE, Micros
from bot.domain.tracking import Candidate, MatchedBy, draw, draw_controls

KEY = b"a key of thirty-two bytes, fixed."
IDS = [str(number) for number in range(10_000)]


def candidate(
    comment_id: int, *, thread: int = 1, length: int = 20, at: Micros = 0, author: str | None = None
) -> Candidate:
    return Candidate(comment_id, thread, length, str(comment_id), first_seen=0, written_at=at, author=author)


def pairs(
    flagged: list[Candidate], candidates: list[Candidate], ratio: int = 1, by: MatchedBy = MatchedBy.THREAD
) -> list[tuple[int, int]]:
    return [(one.comment_id, other.comment_id) for one, other in draw_controls(flagged, candidates, ratio, by)]


def test_draws_are_uniform() -> None:
    """Chi-square over 20 bins of 10,000 consecutive ids: 43.8 is exceeded once in a thousand by chance."""
    bins = Counter(int(20 * draw(KEY, native_id, "panel")) for native_id in IDS)
    assert set(bins) == set(range(20))
    assert sum((count - 500) ** 2 / 500 for count in bins.values()) < 43.8


def test_a_share_of_the_draws_is_that_share_of_the_comments() -> None:
    panel = sum(draw(KEY, native_id, "panel") < 0.02 for native_id in IDS)
    assert 150 <= panel <= 250


def test_a_comment_draws_the_same_number_for_ever() -> None:
    """As openssl computes it: another number after an upgrade would tear up the panel."""
    assert draw(KEY, "12345", "panel") == 0x3F5F58111619 / 2**48


@pytest.mark.parametrize(("key", "purpose"), [(KEY, "control"), (KEY, "jitter"), (b"another key", "panel")])
def test_another_purpose_and_another_key_draw_independently(key: bytes, purpose: str) -> None:
    one = [draw(KEY, native_id, "panel") - 0.5 for native_id in IDS]
    other = [draw(key, native_id, purpose) - 0.5 for native_id in IDS]
    correlation = 12 * sum(a * b for a, b in zip(one, other, strict=True)) / len(IDS)
    assert abs(correlation) < 0.04


@pytest.mark.parametrize("native_id", ["", "评论", "\ud83d", "a" * 10_000, "1\x1f2"])
def test_any_id_draws_a_number(native_id: str) -> None:
    assert 0 <= draw(KEY, native_id, "panel") < 1


def test_the_same_thread_is_preferred_to_the_same_length() -> None:
    flagged = candidate(1, thread=1, length=16)
    assert pairs([flagged], [candidate(2, thread=2, length=16), candidate(3, thread=1, length=900)]) == [(1, 3)]


def test_within_a_thread_the_nearest_length_band_is_preferred() -> None:
    flagged = candidate(1, length=20)
    lengths = {2: 1000, 3: 40, 4: 31, 5: 8}
    assert pairs([flagged], [candidate(n, length=length) for n, length in lengths.items()], 4) == [
        (1, 4),
        (1, 3),
        (1, 5),
        (1, 2),
    ]


def test_within_a_thread_the_same_hour_is_preferred_to_the_same_length() -> None:
    """What disappears, disappears by age: a control of yesterday has survived what its partner still faces."""
    flagged = candidate(1, at=100 * HOUR)
    written = {2: 76 * HOUR, 3: 101 * HOUR, 4: 100 * HOUR - 59 * MINUTE, 5: 103 * HOUR}
    others = [candidate(n, at=at, length=20 if n != 4 else 900) for n, at in written.items()]
    assert pairs([flagged], others, 4) == [(1, 4), (1, 3), (1, 5), (1, 2)]


def test_another_thread_of_the_same_hour_comes_after_the_same_thread_of_another() -> None:
    others = [candidate(2, thread=2, at=100 * HOUR), candidate(3, thread=1, at=90 * HOUR)]
    assert pairs([candidate(1, at=100 * HOUR)], others, 2) == [(1, 3), (1, 2)]


def test_matched_by_author_a_control_is_of_the_same_author_or_there_is_none() -> None:
    flagged = [candidate(1, author="a"), candidate(2, author="b"), candidate(3)]
    others = [candidate(10, author="c"), candidate(11), candidate(12, thread=2, author="a"), candidate(13, author="a")]
    assert pairs(flagged, others, 3, MatchedBy.AUTHOR) == [(1, 13), (1, 12)]


def test_nobody_gets_a_second_control_before_everybody_had_a_first_one() -> None:
    flagged = [candidate(number) for number in (1, 2)]
    assert pairs(flagged, [candidate(10), candidate(11), candidate(12)], ratio=2) == [(1, 10), (2, 11), (1, 12)]


def test_within_a_band_the_order_of_the_candidates_decides() -> None:
    """The caller has shuffled them by a keyed draw; a shorter distance within a band must not undo that."""
    assert pairs([candidate(1, length=20)], [candidate(2, length=31), candidate(3, length=20)]) == [(1, 2)]


def test_every_candidate_serves_once() -> None:
    flagged = [candidate(number) for number in range(5)]
    drawn = pairs(flagged, [candidate(number) for number in range(100, 110)], ratio=2)
    assert Counter(one for one, _ in drawn) == dict.fromkeys(range(5), 2)
    assert len({other for _, other in drawn}) == 10


def test_a_shortage_leaves_flagged_comments_without_partner() -> None:
    flagged = [candidate(number) for number in (1, 2, 3)]
    assert pairs(flagged, [candidate(10)]) == [(1, 10)]
    assert pairs(flagged, []) == []
    assert pairs([], [candidate(10)]) == []
    assert pairs(flagged, [candidate(10)], ratio=0) == []


def test_drawing_leaves_the_candidates_as_they_were() -> None:
    candidates = [candidate(10), candidate(11)]
    draw_controls([candidate(1)], candidates, 1)
    assert [one.comment_id for one in candidates] == [10, 11]


@pytest.mark.parametrize("length", [0, 1])
def test_an_empty_text_has_a_band(length: int) -> None:
    assert pairs([candidate(1, length=length)], [candidate(2, length=5000), candidate(3, length=0)]) == [(1, 3)]

"""Who is followed: the flagged, their matched controls, and the panel. Decided once, at enrolment."""

from __future__ import annotations

import functools
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.instant import HOUR, Micros


class MatchedBy(StrEnum):
    """What a control shares with its partner: the thread where that is possible, or the author without exception."""

    THREAD = "thread"
    AUTHOR = "author"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A comment that may become a control: same source, first seen in the same window, visible, not flagged.

    `written_at`: as the platform says, otherwise when it was first seen. `author`: a pseudonym, None if unknown.
    """

    comment_id: int
    thread_id: int
    length: int
    native_id: str
    first_seen: Micros
    written_at: Micros
    author: str | None = None


def draw(key: bytes, native_id: str, purpose: str) -> float:
    """Return a number in [0, 1) that is fixed for a comment and unknowable to its author (HMAC-SHA256).

    The same comment draws the same number after a restart, and nobody can post around the panel.
    """
    digest = hmac.new(key, f"{purpose}\x1f{native_id}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return int.from_bytes(digest[:6]) / 256**6


def draw_controls(
    flagged: Sequence[Candidate], candidates: Sequence[Candidate], ratio: int, by: MatchedBy = MatchedBy.THREAD
) -> list[tuple[Candidate, Candidate]]:
    """Pair each flagged comment with up to `ratio` controls: same thread first, then the same hour and length band.

    A candidate serves once, and nobody gets a second control before everybody had a choice of a first one. A flagged
    comment for which nobody is left, or nobody of its author, stays without partner, and says so. Where candidates are
    equal their order decides.
    """
    free = list(candidates)
    pairs: list[tuple[Candidate, Candidate]] = []
    for _ in range(ratio):
        for one in flagged:
            eligible = [other for other in free if by is MatchedBy.THREAD or _of_one_author(one, other)]
            if eligible:
                best = min(eligible, key=functools.partial(_distance, one))
                free.remove(best)
                pairs.append((one, best))
    return pairs


def _of_one_author(one: Candidate, other: Candidate) -> bool:
    return one.author is not None and one.author == other.author


def _distance(one: Candidate, other: Candidate) -> tuple[bool, int, int]:
    # Bands double: within the hour, 1 hour, 2-3, 4-7 … apart; 1, 2-3, 4-7, 8-15 … characters.
    hours = abs(one.written_at - other.written_at) // HOUR
    return (
        other.thread_id != one.thread_id,
        hours.bit_length(),
        abs(one.length.bit_length() - other.length.bit_length()),
    )

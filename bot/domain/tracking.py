"""Who is followed: the flagged, their matched controls, and the panel. Decided once, at enrolment."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.instant import Micros


@dataclass(frozen=True, slots=True)
class Candidate:
    """A comment that may become a control: same source, first seen in the same window, visible, not flagged."""

    comment_id: int
    thread_id: int
    length: int
    native_id: str
    first_seen: Micros


def draw(key: bytes, native_id: str, purpose: str) -> float:
    """Return a number in [0, 1) that is fixed for a comment and unknowable to its author (HMAC-SHA256).

    The same comment draws the same number after a restart, and nobody can post around the panel.
    """
    digest = hmac.new(key, f"{purpose}\x1f{native_id}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return int.from_bytes(digest[:6]) / 256**6


def draw_controls(
    flagged: Sequence[Candidate], candidates: Sequence[Candidate], ratio: int
) -> list[tuple[Candidate, Candidate]]:
    """Pair each flagged comment with up to `ratio` controls: same thread first, then the nearest length band.

    A candidate serves once. A flagged comment for which nobody is left stays without partner, and says so.
    """
    free = list(candidates)
    pairs: list[tuple[Candidate, Candidate]] = []
    for one in flagged:
        for _ in range(ratio):
            if not free:
                return pairs
            best = min(free, key=lambda other: (other.thread_id != one.thread_id, _bands_apart(one, other)))
            free.remove(best)
            pairs.append((one, best))
    return pairs


def _bands_apart(one: Candidate, other: Candidate) -> int:
    # Bands double: 1, 2-3, 4-7, 8-15 … characters.
    return abs(one.length.bit_length() - other.length.bit_length())

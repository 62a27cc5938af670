"""Joins what was planted with what was found, by comment and cause. Only here does the truth meet the bot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.comment import Role
from bot.domain.instant import Micros
from bot.domain.observation import Cause
from bot.domain.verdict import State


@dataclass(frozen=True, slots=True)
class Planted:
    """A removal that the platform carried out; `cause` is what it stated, None where it stated nothing."""

    id: str
    cause: Cause | None
    silent: bool
    at: Micros
    restored_at: Micros | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What the bot thinks of a comment that it follows; `gone_before` is set once it was called probable or better."""

    id: str
    role: Role
    state: State
    cause: Cause
    restored: bool
    gone_after: Micros | None
    gone_before: Micros | None

    @property
    def called_removed(self) -> bool:
        """Whether it was ever called probable or confirmed, restored since or not."""
        return self.gone_before is not None


@dataclass(frozen=True, slots=True)
class CauseCount:
    """How many removals of one cause were planted, found, and found under that very cause."""

    planted: int
    found: int
    named: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome of the join, over the comments that the bot follows; tuples hold ids.

    `by_cause` has the key silent for removals without a tombstone, and unknown for a tombstone that names nobody.
    `misdated`: the true moment is not in (gone_after, gone_before]; told, but no fault of the run: where domain time
    runs 10,000 times as fast, a request takes minutes of it.
    """

    planted_removals: int
    found_removals: int
    restorations_planted: int
    restorations_found: int
    missed: tuple[str, ...]
    false_removals: tuple[str, ...]
    wrong_cause: tuple[str, ...]
    missed_restorations: tuple[str, ...]
    false_restorations: tuple[str, ...]
    misdated: tuple[str, ...]
    by_cause: Mapping[str, CauseCount]

    @property
    def ok(self) -> bool:
        """Whether nothing was missed, invented, or given a cause that was not stated."""
        return not (
            self.missed
            or self.false_removals
            or self.wrong_cause
            or self.missed_restorations
            or self.false_restorations
        )


def planted(truth: Mapping[str, Any]) -> list[Planted]:
    """Return the removals in the answer of `GET /panel/truth`."""
    return [
        Planted(
            id=row["id"],
            cause=None if row["cause"] is None else Cause(row["cause"]),
            silent=row["silent"],
            at=row["at"],
            restored_at=row["restored_at"],
        )
        for row in truth["removals"]
    ]


def compare(truth: Iterable[Planted], found: Iterable[Found]) -> Comparison:
    """Join by comment id; what the bot does not follow it cannot find, and it does not count.

    Of several removals of one comment the first counts: the bot, too, dates the first.
    """
    removals: dict[str, Planted] = {}
    for one in truth:
        removals.setdefault(one.id, one)
    pairs = [(removals.get(one.id), one) for one in found]
    hits = [(plan, one) for plan, one in pairs if plan is not None and one.called_removed]
    followed = [plan for plan, _ in pairs if plan is not None]
    back = [(plan, one) for plan, one in pairs if plan is not None and plan.restored_at is not None]
    return Comparison(
        planted_removals=len(followed),
        found_removals=len(hits),
        restorations_planted=len(back),
        restorations_found=sum(one.restored for _, one in back),
        missed=tuple(one.id for plan, one in pairs if plan is not None and not one.called_removed),
        false_removals=tuple(one.id for plan, one in pairs if plan is None and one.called_removed),
        wrong_cause=tuple(one.id for plan, one in hits if not _named(plan, one)),
        missed_restorations=tuple(one.id for _, one in back if not one.restored),
        false_restorations=tuple(one.id for plan, one in hits if one.restored and plan.restored_at is None),
        misdated=tuple(one.id for plan, one in hits if not _dated(plan, one)),
        by_cause=_by_cause(followed, hits),
    )


def _named(plan: Planted, one: Found) -> bool:
    return one.cause is (plan.cause or Cause.UNKNOWN)


def _dated(plan: Planted, one: Found) -> bool:
    return one.gone_after is not None and one.gone_before is not None and one.gone_after < plan.at <= one.gone_before


def _by_cause(followed: Iterable[Planted], hits: Iterable[tuple[Planted, Found]]) -> dict[str, CauseCount]:
    hits = list(hits)
    planted_count = Counter(_kind(plan) for plan in followed)
    found_count = Counter(_kind(plan) for plan, _ in hits)
    named_count = Counter(_kind(plan) for plan, one in hits if _named(plan, one))
    return {
        kind: CauseCount(number, found_count[kind], named_count[kind]) for kind, number in sorted(planted_count.items())
    }


def _kind(plan: Planted) -> str:
    return "silent" if plan.silent else plan.cause or Cause.UNKNOWN

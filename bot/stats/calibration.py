"""How good the polling verdict was where a platform's own stream tells the truth. Records in, figures out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.instant import DAY, Micros, seconds
from bot.domain.observation import Cause
from bot.domain.truth import TruthEvent, TruthKind
from bot.stats.intervals import Interval, Quantile, quantile, wilson

#: A removal or restoration must be this old (domain time) before missing it counts: looks need their time.
MATURE: Micros = DAY


@dataclass(frozen=True, slots=True)
class Followed:
    """A followed comment: its verdict, and the true events of its whole life, oldest first.

    `gone_after`, `probable_at`, `confirmed_at`, `restored_at`: of its first removal on record; None: there is none.
    """

    first_seen: Micros
    follow_until: Micros
    cause: Cause
    gone_after: Micros | None
    probable_at: Micros | None
    confirmed_at: Micros | None
    restored_at: Micros | None
    events: tuple[TruthEvent, ...]

    @property
    def dates(self) -> dict[str, Micros | None]:
        """Return when each level was reached; two vantages or a tombstone confirm without a step between."""
        first = self.confirmed_at if self.probable_at is None else self.probable_at
        return {"probable": first, "confirmed": self.confirmed_at}


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of`, and Wilson's 95 % interval (None where there was nothing to count)."""

    count: int
    of: int
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one cause, or of all.

    `precision`: of the verdicts that named this cause, those whose comment was gone at some time between last seen
    and verdict. `recall`: of the true removals of this cause, those found; `cause_right`: of the found, those given
    this very cause. `median`, `p90`: seconds from the removal to the verdict, None where none was found.
    """

    precision: Share
    recall: Share
    cause_right: Share
    median: Quantile | None
    p90: Quantile | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """By level (probable: that or better; confirmed), then by cause, "all" last; and restorations recalled."""

    followed: int
    levels: dict[str, dict[str, Row]]
    restorations: Share


@dataclass(frozen=True, slots=True)
class _Judged:
    """One comment against the truth at one level; `removal` is its first one, if it is old enough to count."""

    named: Cause
    verdict_at: Micros | None
    true: bool
    removal: TruthEvent | None


def calibrate(followed: Sequence[Followed], until: Micros) -> Calibration:
    """Compare verdicts with a truth that is known until `until`; what is younger is left out, on both sides."""
    levels = {}
    for level in ("probable", "confirmed"):
        judged = [_judge(one, one.dates[level], until) for one in followed]
        causes = {one.removal.cause for one in judged if one.removal} | {one.named for one in judged if one.verdict_at}
        rows: dict[str, Row] = {cause.value: _row(judged, {cause}) for cause in Cause if cause in causes}
        levels[level] = {**rows, "all": _row(judged, set(Cause))}
    back = [one for one in followed if _came_back(one, until)]
    noticed = sum(one.restored_at is not None for one in back)
    return Calibration(len(followed), levels, _share(noticed, len(back)))


def _judge(one: Followed, verdict_at: Micros | None, until: Micros) -> _Judged:
    if verdict_at is not None and verdict_at > until:
        verdict_at = None
    removal = next((event for event in one.events if event.kind is TruthKind.REMOVED), None)
    if removal is not None and not (one.first_seen <= removal.at <= min(one.follow_until, until - MATURE)):
        removal = None
    true = verdict_at is not None and _was_gone(one, one.gone_after or one.first_seen, verdict_at)
    return _Judged(one.cause, verdict_at, true, removal)


def _was_gone(one: Followed, start: Micros, end: Micros) -> bool:
    """Return whether the comment was removed at any moment of [start, end]."""
    gone = False
    for event in one.events:
        if event.at > end:
            break
        if event.at > start and (gone or event.kind is TruthKind.REMOVED):
            return True
        gone = event.kind is TruthKind.REMOVED
    return gone


def _came_back(one: Followed, until: Micros) -> bool:
    """Return whether a removal that the bot had on record was undone long enough ago to be noticed."""
    called = one.dates["probable"]
    if called is None:
        return False
    return any(event.kind is TruthKind.RESTORED and called < event.at <= until - MATURE for event in one.events)


def _row(judged: Iterable[_Judged], causes: set[Cause]) -> Row:
    judged = list(judged)
    called = [one for one in judged if one.verdict_at is not None and one.named in causes]
    removed = [one for one in judged if one.removal is not None and one.removal.cause in causes]
    delays = [
        (seconds(one.verdict_at - one.removal.at), one.named is one.removal.cause)
        for one in removed
        if one.removal is not None and one.verdict_at is not None and one.verdict_at >= one.removal.at
    ]
    waits = [delay for delay, _ in delays]
    return Row(
        precision=_share(sum(one.true for one in called), len(called)),
        recall=_share(len(delays), len(removed)),
        cause_right=_share(sum(right for _, right in delays), len(delays)),
        median=quantile(waits, 0.5) if waits else None,
        p90=quantile(waits, 0.9) if waits else None,
    )


def _share(count: int, of: int) -> Share:
    return Share(count, of, wilson(count, of) if of else None)

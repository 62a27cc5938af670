"""Figures in words: no share without its denominator and interval, no cause that nobody stated."""

from __future__ import annotations

from bot.domain.observation import Cause
from bot.stats.intervals import wilson
from bot.store.counts import Count

#: Only what the platform itself calls removed is called so.
CAUSES = {
    Cause.AUTHOR: "deleted by the author",
    Cause.MODERATOR: "removed by a moderator",
    Cause.PLATFORM: "removed by the platform",
    Cause.ACCOUNT: "account gone",
    Cause.ACCOUNT_SUSPENDED: "account suspended",
    Cause.ACCOUNT_DELETED: "account deleted",
    Cause.ACCOUNT_DEACTIVATED: "account deactivated",
    Cause.PARENT: "thread or parent gone",
    Cause.HELD: "withheld to the end",
    Cause.UNKNOWN: "cause not stated",
}


def number(count: int, noun: str) -> str:
    """Return a count with its noun, e.g. "1 look", "1,200 looks"."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def percent(part: int, whole: int) -> str:
    """Return a share to a tenth of a percent; a few of many are not rounded to none of them, nor most to all."""
    share = 100 * part / whole
    if 0 < share < 0.1:
        return "<0.1 %"
    return ">99.9 %" if 99.9 < share < 100 else f"{share:.1f} %"


def disappeared(count: Count) -> str:
    """Return e.g. "12 of 140 (8.6 %)"; "none followed" where there is no share."""
    if not count.followed:
        return "none followed"
    return f"{count.disappeared:,} of {count.followed:,} ({percent(count.disappeared, count.followed)})"


def interval(count: Count) -> str:
    """Return the 95 % interval of the share that disappeared, e.g. "5.0–14.4 %"; "–" where there is no share."""
    if not count.followed:
        return "–"
    low, high = wilson(count.disappeared, count.followed)
    return f"{100 * low:.1f}–{100 * high:.1f} %"


def unseen(count: Count) -> str:
    """Return which share of the looks could not see anything, e.g. "0.9 % of 1,200 looks"."""
    return f"{percent(count.unobserved, count.looks)} of {number(count.looks, 'look')}" if count.looks else "no looks"


def causes(count: Count) -> str:
    """Return the disappeared by cause, most frequent first, e.g. "cause not stated: 7; account gone: 5"."""
    by_cause = sorted(count.causes.items(), key=lambda item: -item[1])
    return "; ".join(f"{CAUSES[cause]}: {many:,}" for cause, many in by_cause if many) or "–"

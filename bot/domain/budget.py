"""What a source may be asked in a day: one budget for collection, looks and canaries, and the price that keeps it."""

from __future__ import annotations

import math
from enum import StrEnum

from bot.domain.instant import DAY, HOUR, Micros, seconds

#: The last share of a day's budget is kept for what proves an absence or closes a horizon.
RESERVE = 0.10
#: The price follows the spending of so long, and is decided anew as often.
PRICED_EVERY: Micros = 6 * HOUR
#: It moves by at most this factor at a time, so that one busy morning does not decide a week.
_STEP = 2.0


class Allowance(StrEnum):
    """What may be claimed now."""

    EVERYTHING = "everything"
    URGENT = "urgent"
    NOTHING = "nothing"


def allowance(per_day: float, spent: float) -> Allowance:
    """Return what may be claimed when `spent` of `per_day` requests were made in the trailing day."""
    if spent >= per_day:
        return Allowance.NOTHING
    return Allowance.URGENT if spent >= (1 - RESERVE) * per_day else Allowance.EVERYTHING


def next_price(factor: float, per_day: float, spent: float, over: Micros) -> float:
    """Return what the price of a look is multiplied by, given what was spent over the last `over` microseconds.

    Looks go by 1 / price; the square root keeps it from swinging, because due times that are stored stay. Never below
    1: what the owner set for a comment is what it gets where the budget is ample.
    """
    allowed = (1 - RESERVE) * per_day * seconds(over) / seconds(DAY)
    pressure = min(max(spent / allowed, 1 / _STEP), _STEP)
    return max(1.0, factor * math.sqrt(pressure))

"""How often a look is wrong. Assumed at first and deliberately pessimistic; measured per source later."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """Chances of a wrong answer, and the faults of a source.

    `false_miss`: an absent answer for a living comment although the guards held; `false_sight`: a sighting of a dead
    one; `false_tombstone`: a deletion stated of a living one. `fault_share`: share of time in which looks are worth
    nothing, in [0, 1]; `fault_seconds`: how long such a fault lasts on average. `measured`: how many looks at canaries
    stand behind them; 0 where all is assumed.
    """

    false_miss: float = 1e-2
    false_sight: float = 2e-2
    false_tombstone: float = 1e-4
    fault_share: float = 0.03
    fault_seconds: float = 6000.0
    measured: int = 0


#: Until a source's own are measured (science D1: rho = .03, tau = 1.65 h).
ASSUMED = ErrorRates()

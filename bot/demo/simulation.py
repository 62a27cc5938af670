"""The simulated platform apart from HTTP: its state, its faults, and acts that wait for their time."""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Iterable
from dataclasses import asdict
from itertools import count

from bot.demo.acts import Act, Remove, Restore, StartFault, StopFault
from bot.demo.faults import Faults
from bot.demo.scenario import Timed, timetable
from bot.demo.site import PUBLIC_AT_LEAST, RefusedError, Site
from bot.domain.instant import Micros
from bot.ports import Clock


class Simulation:
    """Carries out what is due, in order, whenever somebody looks; keeps the truth.

    A removal of the timetable waits until its comments were served and public long enough to be found missing.
    """

    def __init__(self, clock: Clock, timetable: Iterable[Timed] = ()) -> None:
        self.clock = clock
        self.site = Site()
        self.faults = Faults()
        self._order = count()
        self._waiting = [(at, next(self._order), act) for at, act in timetable]
        heapq.heapify(self._waiting)

    def play(self, seed: int) -> Micros:
        """Add the scenario of a seed, with its day 0 now, and return that (UTC microseconds)."""
        day_0 = self.clock.now()
        for at, act in timetable(day_0, seed):
            self._put(at, act)
        return day_0

    def advance(self) -> Micros:
        """Do everything that is due, each at the time at which it was due; return the time it is now.

        Nobody saw the platform since the last advance: what is done late, under its due time, was done in time.
        """
        now = self.clock.now()
        while self._waiting and self._waiting[0][0] <= now:
            at, _, act = heapq.heappop(self._waiting)
            ready = self._ready(act, at, now)
            if ready > at:
                self._put(ready, act)
                continue
            with contextlib.suppress(RefusedError):  # the panel was there first
                self._do(act, at)
        return now

    def act(self, act: Act) -> str:
        """Do one act now and return the id of what it was done to; RefusedError where the state does not allow it."""
        return self._do(act, self.advance())

    def truth(self) -> dict[str, object]:
        """Return all that was done until now, as JSON: removals, changes, faults; instants in UTC microseconds."""
        now = self.advance()
        return {
            "now": now,
            "comments": len(self.site.comments),
            "removals": [asdict(removal) for removal in self.site.removals],
            "changes": [asdict(change) for change in self.site.changes],
            "faults": self.fault_counts(),
        }

    def fault_counts(self) -> list[dict[str, object]]:
        """Return each fault with the requests that met it and the number of living comments asked for meanwhile."""
        return [
            {
                "kind": one.kind,
                "vantages": one.vantages,
                "from": one.start,
                "to": one.end,
                "requests": one.requests,
                "living_asked": len(one.asked),
            }
            for one in self.faults.episodes
        ]

    def _do(self, act: Act, at: Micros) -> str:
        if isinstance(act, StartFault | StopFault):
            return self.faults.apply(act, at)
        done_to = self.site.apply(act, at)
        if isinstance(act, Remove) and act.restore_after is not None:
            self._put(at + act.restore_after, Restore(id=act.id))
        return done_to

    def _ready(self, act: Act, at: Micros, now: Micros) -> Micros:
        if isinstance(act, StartFault | StopFault):
            return at
        ready = self.site.removable_from(act)
        # Not served yet: later again, and never in the past, which somebody may have seen otherwise.
        return now + PUBLIC_AT_LEAST if ready is None else max(at, ready)

    def _put(self, at: Micros, act: Act) -> None:
        heapq.heappush(self._waiting, (at, next(self._order), act))

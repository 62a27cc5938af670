"""What comes back is recorded and dated, every time: silent and stated removals, at random times."""

from __future__ import annotations

from random import Random
from typing import Any

from sqlalchemy import Engine, select

from bot.demo.acts import By, Remove
from bot.domain.instant import DAY, HOUR
from bot.domain.observation import PRESENT
from bot.store import tables
from tests.watch import Watch, fill, ids, watching

#: By whom, as the platform says; "silent": it says nothing at all.
STATED: tuple[By | None, ...] = ("author", "moderator", "platform", None)


async def test_sixty_restorations_are_all_recorded_and_dated(sqlite_engine: Engine) -> None:
    """Thirty silent removals and thirty stated ones, each back four to six days later."""
    await _all_come_back(sqlite_engine, threads=4, per_thread=30, removed=60)


async def test_restorations_are_dated_on_every_database(engine: Engine) -> None:
    """A smaller number of them."""
    await _all_come_back(engine, threads=2, per_thread=10, removed=5)


async def _all_come_back(engine: Engine, *, threads: int, per_thread: int, removed: int) -> None:
    random = Random(7)
    async with watching(engine, looks=40, controls=0) as watch:
        fill(watch, threads, per_thread, flagged_every=1)
        await watch.collect()
        await watch.live(HOUR)
        everybody = [name for thread in range(threads) for name in ids(per_thread, thread)]
        for number, name in enumerate(random.sample(everybody, removed)):
            silent = number % 2 == 0
            by = None if silent else STATED[number // 2 % len(STATED)]
            stay = random.randrange(4 * DAY, 6 * DAY)
            watch.act(Remove(id=name, by=by, silent=silent, restore_after=stay))
            await watch.live(random.randrange(2 * HOUR * 40 // removed) + HOUR // 4, step=HOUR)
        await watch.live(16 * DAY, step=6 * HOUR)
    truth = watch.site.simulation.site.removals
    assert len(truth) == sum(one.restored_at is not None for one in truth) == removed
    wrong = [one for one in truth if one.restored_at is None or not _dated(watch, one.id, one.at, one.restored_at)]
    assert not wrong
    assert sum(state == "restored" for state in watch.states().values()) == removed
    assert len(watch.alerts("restored")) == len(watch.alerts("disappeared")) == removed


def _dated(watch: Watch, name: str, gone_at: int, back_at: int) -> bool:
    """Return whether both moments lie between the looks that enclose them."""
    track = watch.track(name)
    looks = _looks(watch, name)
    last_absence = max((look.at for look in looks if look.at <= back_at and look.outcome not in PRESENT), default=None)
    first_sighting = min((look.at for look in looks if look.at > back_at and look.outcome in PRESENT), default=None)
    if last_absence is None or first_sighting is None or track.restored_at is None:
        return False
    removal = track.gone_after <= gone_at < track.gone_before
    return bool(removal and last_absence <= back_at < track.restored_at == first_sighting)


def _looks(watch: Watch, name: str) -> list[Any]:
    query = select(tables.observation.c.at, tables.observation.c.outcome).join_from(tables.observation, tables.comment)
    return watch.rows(query.where(tables.comment.c.native_id == name))

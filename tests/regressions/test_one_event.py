"""What happens once is told and counted once: the end of a thread, of an account, and of a whole platform's service."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from bot.demo.acts import (
    VANTAGES,
    EndThread,
    Fault,
    OpenThread,
    Post,
    Remove,
    ReopenAccount,
    StartFault,
    StopFault,
    SuspendAccount,
)
from bot.domain.comment import Role
from bot.domain.instant import DAY, HOUR, MINUTE
from bot.store import counts, tables
from bot.store.counts import Count, Window
from tests.watch import FLAGGED, Watch, fill, ids, watching

#: They answer, late, in parts or with a statement of the platform's own: no outage.
NO_OUTAGE = {Fault.SLOW, Fault.REPLICA_LAG, Fault.WRONG_TOMBSTONE}


def counted(watch: Watch) -> Count:
    """Return what the digest counts of the flagged."""
    window = Window(0, watch.clock.at + 1, watch.clock.at)
    with watch.engine.connect() as connection:
        return counts.by_source(connection, window)["demo"][Role.FLAGGED]


def no_mass_disappearance(watch: Watch) -> None:
    """Assert that the breaker never opened."""
    assert not watch.alerts("undecided")
    assert not watch.count(tables.mass_disappearance)


async def test_a_thread_that_goes_with_500_comments_is_one_event(sqlite_engine: Engine) -> None:
    """One alert, one event in the digest with 500 dependants, and no mass disappearance."""
    async with watching(sqlite_engine, looks=10, controls=0) as watch:
        fill(watch, threads=3, number=20)
        watch.act(OpenThread(id="big", title="Thread with many"))
        for number, name in enumerate(ids(500, 9)):
            watch.act(Post(id=name, thread="big", author=f"reader-{number}", text=FLAGGED.format(n=number)))
        await watch.collect()
        await watch.live(3 * HOUR, step=HOUR)
        watch.act(EndThread(id="big"))
        await watch.live(2 * DAY, step=HOUR)
    gone = {name for name, state in watch.states().items() if state != "visible"}
    assert gone == set(ids(500, 9))
    assert len(watch.alerts("thread_ended")) == 1
    assert not watch.alerts("disappeared")
    count = counted(watch)
    assert (count.events, count.dependants, count.parent, count.disappeared) == (1, 500, 500, 500)
    no_mass_disappearance(watch)


async def test_an_account_that_goes_with_300_comments_in_several_threads_is_one_event(sqlite_engine: Engine) -> None:
    """One alert that names a pseudonym, one event with 300 dependants, and no mass disappearance."""
    async with watching(sqlite_engine, looks=10, controls=0) as watch:
        fill(watch, threads=4, number=20)
        for number, name in enumerate(ids(300, 9)):
            watch.act(Post(id=name, thread=f"t{number % 3}", author="prolific", text=FLAGGED.format(n=number)))
        await watch.collect()
        await watch.live(3 * HOUR, step=HOUR)
        watch.act(SuspendAccount(author="prolific"))
        await watch.live(2 * DAY, step=HOUR)
    gone = {name for name, state in watch.states().items() if state != "visible"}
    assert gone == set(ids(300, 9))
    [told] = watch.alerts("account_ended")
    assert "prolific" not in str(told)
    assert not watch.alerts("disappeared")
    count = counted(watch)
    assert (count.events, count.dependants, count.account_suspended) == (1, 300, 300)
    no_mass_disappearance(watch)


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in NO_OUTAGE])
async def test_the_outage_of_a_whole_platform_is_one_notice_and_no_removal(sqlite_engine: Engine, fault: Fault) -> None:
    """Nothing is called disappeared because of it; what really went just before it and during it is found."""
    async with watching(sqlite_engine, looks=60) as watch:
        fill(watch, threads=3, number=16)
        await watch.collect()
        await watch.live(2 * HOUR, step=30 * MINUTE)
        before, during = ids(16)[0], ids(16, 1)[0]
        before_at = watch.clock.at
        watch.act(Remove(id=before, silent=True))
        await watch.live(2 * HOUR, step=2 * HOUR)
        watch.act(StartFault(kind=fault, vantages=VANTAGES))
        during_at = watch.clock.at
        watch.act(Remove(id=during, silent=True))
        for _ in range(4):
            await watch.collect()
            await watch.live(2 * HOUR, step=2 * HOUR)
        assert not watch.alerts("disappeared")
        watch.act(StopFault(kind=fault))
        await watch.collect()
        await watch.live(2 * DAY, step=2 * HOUR)
    assert {name for name, state in watch.states().items() if state != "visible"} == {before, during}
    for name, at in ((before, before_at), (during, during_at)):
        track = watch.track(name)
        assert track.state == "confirmed"
        assert track.gone_after <= at < track.gone_before
    assert len(watch.alerts("unreachable")) == len(watch.alerts("reachable")) == 1
    assert len(watch.alerts("disappeared")) == 2
    no_mass_disappearance(watch)


async def test_a_silent_purge_that_takes_canaries_with_it_is_one_notice_and_no_fault(sqlite_engine: Engine) -> None:
    """A third of everything at once: held, told once, and counted from its first date; a breaker erases nothing."""
    async with watching(sqlite_engine, looks=100) as watch:
        fill(watch, threads=3, number=12)
        await watch.collect()
        await watch.live(3 * HOUR, step=30 * MINUTE)
        purged_at = watch.clock.at
        watch.act(*(Remove(id=name, silent=True) for name in ids(12)))
        await watch.live(2 * DAY, step=30 * MINUTE)
    assert {name for name, state in watch.states().items() if state == "confirmed"} == set(ids(12))
    tracks = [watch.track(name) for name in ids(12)]
    assert all(track.gone_after <= purged_at < track.gone_before <= purged_at + 4 * HOUR for track in tracks)
    assert len(watch.alerts("undecided")) == 1
    assert [told["title"] for told in watch.alerts("decided")] == ["Mass disappearance, decided: it was real"]


async def test_a_host_whose_servers_both_lag_removes_nobody(sqlite_engine: Engine) -> None:
    """A third of the living is absent everywhere, in good form: one notice at most, and all are there in the end."""
    async with watching(sqlite_engine, looks=60) as watch:
        fill(watch, threads=3, number=16)
        await watch.collect()
        await watch.live(3 * HOUR, step=30 * MINUTE)
        watch.act(StartFault(kind=Fault.REPLICA_LAG, vantages=VANTAGES))
        await watch.live(5 * HOUR, step=30 * MINUTE)
        watch.act(StopFault(kind=Fault.REPLICA_LAG))
        await watch.live(2 * DAY, step=2 * HOUR)
    assert set(watch.states().values()) == {"visible"}
    assert not watch.alerts("disappeared")
    assert len(watch.alerts("undecided")) <= 1


async def test_an_account_that_comes_back_and_goes_again_is_told_once_each_time(sqlite_engine: Engine) -> None:
    """Not once per comment; and a second suspension is a second event."""
    async with watching(sqlite_engine, looks=200, controls=0) as watch:
        fill(watch, threads=3, number=10)
        for number, name in enumerate(ids(30, 9)):
            watch.act(Post(id=name, thread=f"t{number % 3}", author="prolific", text=FLAGGED.format(n=number)))
        await watch.collect()
        await watch.live(3 * HOUR, step=30 * MINUTE)
        for _ in range(2):
            watch.act(SuspendAccount(author="prolific"))
            await watch.live(DAY, step=30 * MINUTE)
            watch.act(ReopenAccount(author="prolific"))
            await watch.live(8 * DAY, step=HOUR)
    assert {watch.track(name).state for name in ids(30, 9)} == {"restored"}
    assert len(watch.alerts("account_ended")) == 2
    back = watch.alerts("restored")
    assert [told["title"] for told in back] == ["An account that was gone is back, and comments with it"] * 2

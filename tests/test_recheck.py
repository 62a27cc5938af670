"""A comment is looked at again: what counts, what is held, and what the owner hears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Engine, delete, insert, select

from bot.demo.acts import EndThread, Fault, Remove, Restore, StartFault, StopFault, SuspendAccount
from bot.demo.faults import lags
from bot.domain.comment import Source
from bot.domain.health import BREAKER
from bot.domain.instant import DAY, HOUR, MINUTE
from bot.domain.observation import Answer, Target
from bot.planner import LEASE, tick
from bot.platforms.registry import platform
from bot.ports import Http
from bot.recheck import recheck_batch
from bot.store import tables
from tests.watch import fill, ids, watching

HARMLESS = [fault for fault in Fault if fault is not Fault.SLOW]


async def test_a_silent_removal_is_confirmed_from_two_vantages_and_dated(engine: Engine) -> None:
    """Absent twice at each of the two; the truth lies between the last sighting and the first absence."""
    async with watching(engine) as watch:
        fill(watch, threads=3, number=10)
        await watch.collect()
        await watch.live(2 * HOUR)
        removed_at = watch.clock.at
        watch.act(Remove(id=ids(10)[0], silent=True))
        await watch.live(DAY)
        track = watch.track(ids(10)[0])
    assert (track.state, track.cause, track.misses) == ("confirmed", "unknown", 4)
    assert track.miss_vantages == "front origin front origin"
    assert track.gone_after <= removed_at < track.gone_before
    assert [state for state in watch.states().values() if state != "visible"] == ["confirmed"]
    why = [row.why for row in watch.rows(select(tables.verdict).order_by(tables.verdict.c.id))]
    assert why == ["absent once", "2 absences", "4 absences, two or more from each of two vantages"]
    [told] = watch.alerts("disappeared")
    assert told["title"] == "A flagged comment disappeared (possible removal)"
    assert dict(told["facts"])["Cause"] == "not stated by the platform"


@pytest.mark.parametrize(
    ("by", "stated"),
    [
        ("author", "deleted by its author, says the platform"),
        ("moderator", "removed by a moderator, says the platform"),
        ("platform", "removed by the platform, says the platform"),
    ],
)
async def test_a_tombstone_gives_its_cause_and_is_confirmed_by_one_more_look(
    sqlite_engine: Engine, by: str, stated: str
) -> None:
    """Suspected at once, confirmed ten minutes later, from either vantage."""
    async with watching(sqlite_engine) as watch:
        fill(watch, threads=2, number=6)
        await watch.collect()
        watch.act(Remove(id=ids(6)[0], by=by))
        await watch.live(DAY)
        track = watch.track(ids(6)[0])
    assert (track.state, track.cause) == ("confirmed", by)
    assert track.confirmed_at - track.suspected_at >= 10 * MINUTE
    assert [dict(one["facts"])["Cause"] for one in watch.alerts("disappeared")] == [stated]


@pytest.mark.parametrize("fault", HARMLESS)
async def test_no_fault_of_the_front_moves_anybody_towards_removal(sqlite_engine: Engine, fault: Fault) -> None:
    """Six hours of it, with everybody due: an outage is not a removal, also where it says "no such comment"."""
    async with watching(sqlite_engine, looks=2000) as watch:
        fill(watch, threads=3, number=20)
        await watch.collect()
        await watch.live(2 * HOUR)
        before = watch.count(tables.observation)
        watch.act(StartFault(kind=fault, vantages=("front",)))
        await watch.live(6 * HOUR, step=20 * MINUTE)
        watch.act(StopFault(kind=fault))
        await watch.live(12 * HOUR, step=HOUR)
    assert watch.count(tables.observation) > before + 60
    assert set(watch.states().values()) == {"visible"}
    assert not watch.alerts("disappeared")


async def test_an_outage_of_the_second_vantage_delays_and_decides_nothing(sqlite_engine: Engine) -> None:
    """The first vantage goes the long way meanwhile: probable after six hours, confirmed when the other is back."""
    async with watching(sqlite_engine) as watch:
        fill(watch, threads=3, number=10)
        await watch.collect()
        await watch.live(2 * HOUR)
        watch.act(StartFault(kind=Fault.SERVER_ERROR, vantages=("origin",)))
        watch.act(Remove(id=ids(10)[0], silent=True))
        await watch.live(DAY)
        during = watch.track(ids(10)[0]).state
        watch.act(StopFault(kind=Fault.SERVER_ERROR))
        await watch.live(DAY)
        after = watch.track(ids(10)[0]).state
    assert (during, after) == ("probable", "confirmed")


async def test_a_restoration_is_recorded_told_and_erases_nothing(sqlite_engine: Engine) -> None:
    """The removal keeps its dates; the owner hears of both."""
    async with watching(sqlite_engine) as watch:
        fill(watch, threads=3, number=10)
        await watch.collect()
        await watch.live(2 * HOUR)
        watch.act(Remove(id=ids(10)[0], silent=True))
        await watch.live(DAY)
        gone = watch.track(ids(10)[0])
        watch.act(Restore(id=ids(10)[0]))
        await watch.live(4 * DAY, step=HOUR)
        back = watch.track(ids(10)[0])
    assert (back.state, back.gone_after, back.gone_before) == ("restored", gone.gone_after, gone.gone_before)
    assert back.restored_at is not None
    assert len(watch.alerts("disappeared")) == len(watch.alerts("restored")) == 1


async def test_a_mass_disappearance_is_held_told_once_and_counted_from_its_first_date(sqlite_engine: Engine) -> None:
    """A breaker delays, it never erases: when the other vantage agrees, what was held counts."""
    async with watching(sqlite_engine, looks=400) as watch:
        fill(watch, threads=4, number=20)
        await watch.collect()
        await watch.live(3 * HOUR)
        purged = [name for thread in (0, 1) for name in ids(20, thread)[::2]]
        purged_at = watch.clock.at
        watch.act(*(Remove(id=name, silent=True) for name in purged))
        await watch.live(DAY)
        tracks = [watch.track(name) for name in purged]
    assert {track.state for track in tracks} == {"confirmed"}
    assert all(track.gone_after <= purged_at < track.gone_before for track in tracks)
    assert sum(state != "visible" for state in watch.states().values()) == len(purged)
    [undecided], [decided] = watch.alerts("undecided"), watch.alerts("decided")
    assert undecided["at"] < decided["at"] < purged_at + 2 * HOUR
    assert decided["title"] == "Mass disappearance, decided: it was real"
    [row] = watch.rows(select(tables.mass_disappearance))
    assert (row.ending, row.opened_at, row.ended_at) == ("counted", undecided["at"], decided["at"])
    held = watch.rows(select(tables.observation).where(tables.observation.c.held == BREAKER))
    assert {one.outcome for one in held} == {"gone"}


async def test_a_mass_disappearance_that_the_other_vantage_denies_is_annulled_and_told(sqlite_engine: Engine) -> None:
    """A partial fault of the front that no canary feels: everything is taken back, and the record says so."""
    async with watching(sqlite_engine, looks=400) as watch:
        fill(watch, threads=4, number=40)
        await watch.collect()
        await watch.live(3 * HOUR)
        with sqlite_engine.begin() as connection:
            # Only canaries that this very fault shows: the worst luck there is.
            connection.execute(delete(tables.canary))
            watch.act(StartFault(kind=Fault.REPLICA_LAG, vantages=("front",)))
            episode = watch.site.simulation.faults.episodes[-1]
            everyone = watch.rows(select(tables.comment))
            shown = [row for row in everyone if not lags(episode, {"id": row.native_id, "text": ""})]
            values = [{"comment_id": row.id, "source_id": watch.source.id, "since": 0} for row in shown[:5]]
            connection.execute(insert(tables.canary), values)
        await watch.live(6 * HOUR)
        watch.act(StopFault(kind=Fault.REPLICA_LAG))
        await watch.live(6 * HOUR)
    assert set(watch.states().values()) == {"visible"}
    assert not watch.alerts("disappeared")
    assert [row.ending for row in watch.rows(select(tables.mass_disappearance))] == ["annulled"]
    [decided] = watch.alerts("decided")
    assert decided["title"] == "Mass disappearance, decided: it was a fault"


async def test_an_ended_thread_is_one_event_with_its_dependants(sqlite_engine: Engine) -> None:
    """Thirty flagged comments go with their thread: one alert, the cause parent, no breaker."""
    async with watching(sqlite_engine) as watch:
        fill(watch, threads=3, number=30)
        await watch.collect()
        await watch.live(2 * HOUR)
        watch.act(EndThread(id="t0"))
        await watch.live(DAY)
    gone = {name for name, state in watch.states().items() if state == "confirmed"}
    assert gone == set(ids(30))
    assert {watch.track(name).cause for name in gone} == {"parent"}
    assert len(watch.alerts("thread_ended")) == 1
    assert not watch.alerts("disappeared")
    assert not watch.alerts("undecided")
    assert sum(row.ended_at is not None for row in watch.rows(select(tables.thread))) == 1


async def test_a_suspended_account_is_told_by_its_pseudonym(sqlite_engine: Engine) -> None:
    """The cause is the account's, and no name is shown."""
    async with watching(sqlite_engine) as watch:
        fill(watch, threads=3, number=10)
        await watch.collect()
        watch.act(SuspendAccount(author="author-0-0"))
        await watch.live(DAY)
    assert watch.track(ids(10)[0]).cause == "account_suspended"
    [told] = watch.alerts("account_ended")
    assert "author-0-0" not in str(told)


async def test_a_canary_that_goes_by_itself_delays_and_is_replaced(sqlite_engine: Engine) -> None:
    """While it fails nothing counts; after six hours beside healthy ones it has truly gone."""
    async with watching(sqlite_engine) as watch:
        fill(watch, threads=3, number=12)
        await watch.collect()
        await watch.live(3 * HOUR)
        on_duty = select(tables.comment.c.native_id).join_from(tables.canary, tables.comment)
        canary = watch.rows(on_duty)[0].native_id
        watch.act(Remove(id=canary, silent=True))
        await watch.live(2 * HOUR)
        during = watch.track(canary).state
        await watch.live(2 * DAY, step=20 * MINUTE)
    assert during == "visible"
    assert watch.track(canary).state == "confirmed"
    assert canary not in {row.native_id for row in watch.rows(on_duty)}
    assert len(watch.rows(on_duty)) == 5


async def test_a_late_batch_writes_nothing(engine: Engine) -> None:
    """Its comments were claimed anew meanwhile; the observations are those of the second batch alone."""
    async with watching(engine) as watch:
        fill(watch, threads=1, number=4)
        await watch.collect()
        watch.clock.at += HOUR
        assert tick(watch.planning) == 1
        [stale] = watch.bell.batches
        with engine.begin() as connection:
            connection.execute(tables.tracking.update().values(lease_real=watch.clock.real() - LEASE))
        watch.bell.batches.clear()
        assert tick(watch.planning) == 1
        [fresh] = watch.bell.batches
        await recheck_batch(watch.bench, stale)
        assert watch.count(tables.observation) == 0
        await recheck_batch(watch.bench, fresh)
        await recheck_batch(watch.bench, fresh)
    assert {row.batch_id for row in watch.rows(select(tables.observation))} == {fresh}
    assert watch.count(tables.observation) == 4


async def test_coverage_says_what_was_due_seen_and_not_observable(sqlite_engine: Engine) -> None:
    """The ledger stands beside every rate."""
    async with watching(sqlite_engine) as watch:
        fill(watch, threads=1, number=10)
        await watch.collect()
        watch.clock.at += HOUR
        await watch.look()
        watch.act(StartFault(kind=Fault.EMPTY, vantages=("front",)))
        watch.clock.at += 3 * HOUR
        await watch.look()
    total = [
        sum(column) for column in zip(*watch.rows(select(tables.coverage.c["due", "done", "unreachable"])), strict=True)
    ]
    assert total == [20, 20, 10]
    assert watch.rows(select(tables.coverage.c.late))[-1].late == 10


async def test_a_host_that_may_be_asked_rarely_is_asked_in_parts(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a batch has no time for is released and looked at next; nothing is asked for again and again in vain."""
    import bot.recheck

    # No time at all: every batch gets as far as its first slice.
    monkeypatch.setattr(bot.recheck, "PROBE_SECONDS", 0.0)
    async with watching(sqlite_engine, controls=0, panel=1.0) as watch:
        fill(watch, threads=4, number=60)
        await watch.collect()
        watch.clock.at += 3 * HOUR
        assert await watch.look() == 3
        adapter = watch.round.platform
        small = replace(adapter.capabilities, bulk_size=7)
        monkeypatch.setattr(adapter, "capabilities", small)
        watch.clock.at += 3 * HOUR
        while await watch.look():
            pass
    rows = watch.rows(select(tables.batch.c["due", "done"]).order_by(tables.batch.c.id))
    assert [tuple(row) for row in rows[:3]] == [(100, 100), (100, 100), (40, 40)]
    assert {row.done for row in rows[3:]} <= set(range(1, 8))
    assert sum(row.done for row in rows) == watch.count(tables.observation)
    assert {row.attempts for row in watch.rows(select(tables.tracking.c.attempts))} == {0}


async def test_a_host_that_keeps_us_waiting_is_a_gap_and_not_asked_again_at_once(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every comment of the batch is unreachable, and due again only after a while."""
    import bot.recheck

    monkeypatch.setattr(bot.recheck, "PATIENCE", 0.2)
    async with watching(sqlite_engine) as watch:
        fill(watch, threads=2, number=10)
        await watch.collect()
        watch.act(StartFault(kind=Fault.SLOW, vantages=("front",)))
        watch.clock.at += HOUR
        assert await watch.look() == 1
        assert await watch.look() == 0
    assert {row.outcome for row in watch.rows(select(tables.observation.c.outcome))} == {"unreachable"}
    assert watch.count(tables.observation) == 20
    assert min(row.due_at for row in watch.rows(select(tables.tracking.c.due_at))) >= watch.clock.at + HOUR


class Listing:
    """The simulated platform as one without a lookup by id: it only lists, and may prove an absence by a listing."""

    def __init__(self, *, proves: bool) -> None:
        self._like, self._proves = platform("demo"), proves
        self.capabilities = replace(self._like.capabilities, by_id=False, coverage_proof=True)

    def known_absent(self, source: Source) -> Target | None:
        return self._like.known_absent(source)

    async def probe(self, source: Source, vantage: str, targets: Sequence[Target], http: Http) -> list[Answer]:
        answers = await self._like.probe(source, vantage, targets, http)
        return [replace(one, proved=self._proves and one.native_id != "1") for one in answers]


@pytest.mark.parametrize(("proves", "state"), [(False, "visible"), (True, "confirmed")])
async def test_without_a_lookup_by_id_only_a_proof_by_a_listing_is_an_absence(
    sqlite_engine: Engine, proves: bool, state: str
) -> None:
    """Not to stand in a list is no absence: pages are cut, sorted, shifted."""
    async with watching(sqlite_engine) as watch:
        watch.bench = replace(watch.bench, platform=lambda _: Listing(proves=proves))
        fill(watch, threads=3, number=10)
        await watch.collect()
        await watch.live(2 * HOUR)
        watch.act(Remove(id=ids(10)[0], silent=True))
        await watch.live(DAY)
    track = watch.track(ids(10)[0])
    assert track.state == state
    assert (track.unobserved > 3) is not proves

"""The analyst's work on real histories: explain, rejudge, recheck now, correct."""

from __future__ import annotations

import asyncio
import io
from random import Random

import pytest
from rich.console import Console
from sqlalchemy import Engine, delete, select, update

from bot import explanation, explanation_view
from bot.demo.acts import EndThread, Fault, Remove, Restore, StartFault, StopFault
from bot.domain.errors import InputError, OperationError
from bot.domain.health import Ending, Misses
from bot.domain.instant import DAY, HOUR, MINUTE
from bot.domain.observation import Cause
from bot.planner import LEASE
from bot.recheck_now import recheck_now
from bot.rejudge import rejudge
from bot.store import mass_disappearances, standing, story, tables, tracking
from tests.store.rows import add_source, follow
from tests.watch import Watch, fill, ids, watching


def told(watch: Watch, native_id: str) -> dict[str, object]:
    with watch.engine.connect().execution_options(read_only=True) as connection:
        return explanation.explain(connection, explanation.find(connection, native_id))


def shown(found: dict[str, object]) -> str:
    console = Console(width=240, file=io.StringIO())
    explanation_view.show(found, console)
    return console.file.getvalue()


async def test_a_removal_is_explained_from_the_first_sighting_to_the_last_step(engine: Engine) -> None:
    """Each absence weighs log(.98/.01), from a prior that a flat one leaves out."""
    async with watching(engine) as watch:
        fill(watch, threads=3, number=10)
        await watch.collect()
        await watch.live(2 * HOUR)
        watch.act(Remove(id=ids(10)[0], silent=True))
        await watch.live(DAY)
        found = told(watch, ids(10)[0])
    absences = [one for one in found["observations"] if one["outcome"] == "gone" and one["held"] is None]
    assert [(one["weight"], one["state"]) for one in absences] == [
        (4.58, "missing"),
        (4.58, "suspected"),
        (4.58, "suspected"),
        (4.58, "confirmed"),
    ]
    assert absences[3]["flat_log_odds"] == pytest.approx(4 * 4.585, abs=0.01)
    assert absences[3]["log_odds"] < absences[3]["flat_log_odds"]
    assert [one["state"] for one in found["changes"]] == ["missing", "suspected", "confirmed"]
    assert found["removal"]["cause"] == "not stated"
    assert found["error_rates"]["from"] == "assumed"
    assert found["rejudging_agrees"]
    text = shown(found)
    assert "Missing for the next step: nothing: confirmed is the last step" in text
    assert "Followed as flagged since" in text
    assert "%" not in text


@pytest.mark.parametrize("seed", [1, 2])
async def test_judging_again_after_a_random_life_moves_nothing(engine: Engine, seed: int) -> None:
    """Removals, restorations, an outage, an ended thread: the stored looks determine the tracks."""
    async with watching(engine, panel=0.3, looks=400) as watch:
        fill(watch, threads=4, number=12)
        await watch.collect()
        random = Random(seed)
        names = random.sample([name for thread in range(3) for name in ids(12, thread)], 8)
        for name in names:
            await watch.live(HOUR, step=20 * MINUTE)
            by = random.choice([None, None, "author", "moderator"])
            watch.act(Remove(id=name, by=by) if by else Remove(id=name, silent=True))
        watch.act(EndThread(id="t3"))
        await watch.live(3 * HOUR, step=20 * MINUTE)
        watch.act(StartFault(kind=Fault.SERVER_ERROR, vantages=("front",)))
        await watch.live(3 * HOUR, step=20 * MINUTE)
        watch.act(StopFault(kind=Fault.SERVER_ERROR), *(Restore(id=name) for name in names[:4]))
        await watch.live(3 * DAY, step=HOUR)
        states = set(watch.states().values())
        moves = rejudge(watch.engine, watch.clock)
    assert {"visible", "confirmed", "restored"} <= states
    assert moves.looked_at > 20
    assert (moves.total, moves.counts) == (0, {})


async def test_an_annulled_mass_disappearance_is_annulled_again_and_explained(engine: Engine) -> None:
    """Only the looks that were judged after its end know of it."""
    async with watching(engine, looks=2000) as watch:
        fill(watch, threads=2, number=20)
        await watch.collect()
        await watch.live(HOUR)
        lost = ids(20)[18]
        watch.act(Remove(id=lost, silent=True))
        begin = watch.clock.at
        while watch.track(lost).misses == 0 and watch.clock.at < begin + 6 * HOUR:
            await watch.live(5 * MINUTE, step=5 * MINUTE)
        with watch.engine.begin() as connection:
            misses, now = Misses(9, 20, 0.1), watch.clock.at
            mass_disappearances.begin(connection, watch.source.id, since=begin, at=now, misses=misses)
            mass_disappearances.end(connection, watch.source.id, at=now, ending=Ending.ANNULLED, misses=misses)
        await watch.live(6 * HOUR)
        moves = rejudge(watch.engine, watch.clock)
        found = told(watch, lost)
        first_miss = watch.track(lost).first_miss
    assert first_miss > now
    assert moves.total == 0
    [mass] = found["mass_disappearances"]
    assert mass["ending"] == "annulled"
    assert "(9 of 20 comments): annulled at " in shown(found)


async def test_what_moved_is_shown_first_and_stored_only_when_asked(engine: Engine) -> None:
    """A new verdict row says so, the old ones stay, nobody is alerted, and what a batch holds is left alone."""
    async with watching(engine) as watch:
        fill(watch, threads=2, number=6)
        await watch.collect()
        await watch.live(2 * HOUR)
        names = ids(6)[:2]
        watch.act(*(Remove(id=name, by="moderator") for name in names))
        await watch.live(DAY)
        first, second = (watch.track(name).comment_id for name in names)
        with watch.engine.begin() as connection:
            changed = update(tables.tracking).where(tables.tracking.c.comment_id.in_([first, second]))
            connection.execute(changed.values(state="visible", cause="unknown"))
            connection.execute(changed.where(tables.tracking.c.comment_id == second).values(batch_id=99))
        before = watch.count(tables.verdict), watch.count(tables.outbox)
        dry = rejudge(watch.engine, watch.clock, source="demo")
        assert dry.counts == {("visible (unknown)", "confirmed (moderator)"): 2}
        assert dry.examples == {("visible (unknown)", "confirmed (moderator)"): sorted([first, second])}
        assert (watch.count(tables.verdict), watch.track(names[0]).state) == (before[0], "visible")
        done = rejudge(watch.engine, watch.clock, apply=True)
        states = [watch.track(name).state for name in names]
        last = watch.rows(select(tables.verdict).order_by(tables.verdict.c.id.desc()).limit(1))[0]
        after = watch.count(tables.verdict), watch.count(tables.outbox)
    assert (done.total, done.held) == (1, 1)
    assert states == ["confirmed", "visible"]
    assert (last.comment_id, last.state, last.why) == (first, "confirmed", "rejudged: was visible (unknown)")
    assert after == (before[0] + 1, before[1])


async def test_judging_again_needs_a_source_that_there_is(sqlite_engine: Engine) -> None:
    async with watching(sqlite_engine) as watch:
        with pytest.raises(InputError, match="there is no source blog"):
            rejudge(watch.engine, watch.clock, source="blog")


async def test_a_removal_whose_looks_are_not_all_stored_stays_on_record(engine: Engine) -> None:
    async with watching(engine) as watch:
        fill(watch, threads=2, number=6)
        await watch.collect()
        watch.act(Remove(id=ids(6)[0], by="moderator"))
        await watch.live(DAY)
        before = watch.track(ids(6)[0])
        with watch.engine.begin() as connection:
            connection.execute(delete(tables.observation).where(tables.observation.c.comment_id == before.comment_id))
        moves = rejudge(watch.engine, watch.clock, apply=True)
        assert watch.track(ids(6)[0]) == before
    assert before.state == "confirmed"
    assert (moves.total, moves.incomplete) == (0, 1)


def test_a_number_that_is_also_a_native_id_is_never_guessed(engine: Engine) -> None:
    """Isso counts its comments as we do."""
    with engine.begin() as connection:
        source = add_source(connection)
        first = follow(connection, source, "abc")
        second = follow(connection, source, str(first))
        assert explanation.find(connection, f"number:{first}") == first
        assert explanation.find(connection, f"native:{first}") == second
        assert explanation.find(connection, str(second)) == second
        with pytest.raises(InputError, match="names 2 comments"):
            explanation.find(connection, str(first))
        for name in ("", "9" * 40, "-1", "number:x", "\u0663"):
            with pytest.raises(InputError, match="no followed comment"):
                explanation.find(connection, name)


async def test_a_comment_is_looked_at_here_and_now_where_no_worker_lives(engine: Engine) -> None:
    async with watching(engine) as watch:
        fill(watch, threads=2, number=6)
        await watch.collect()
        await watch.live(2 * HOUR)
        watch.act(Remove(id=ids(6)[0], by="author"))
        watch.clock.at += MINUTE
        comment_id = watch.track(ids(6)[0]).comment_id
        assert await asyncio.to_thread(recheck_now, watch.bench, comment_id)
        track = watch.track(ids(6)[0])
        assert (track.state, track.cause, track.batch_id, track.lease_real) == ("suspected", "author", 0, 0)
        with watch.engine.begin() as connection:
            standing.beat(connection, "worker:here", "1 of 1", watch.clock.real())
        assert not await asyncio.to_thread(recheck_now, watch.bench, comment_id)
        waits = watch.track(ids(6)[0])
    assert (waits.looks, waits.urgent, waits.due_at) == (track.looks, True, watch.clock.at)


async def test_a_comment_that_a_batch_holds_is_left_to_it(sqlite_engine: Engine) -> None:
    async with watching(sqlite_engine) as watch:
        fill(watch, threads=1, number=4)
        await watch.collect()
        comment_id = watch.track(ids(4)[0]).comment_id
        real = watch.clock.real()
        with watch.engine.begin() as connection:
            batch_id = tracking.claim_one(connection, comment_id, now=watch.clock.at, real=real, lease=LEASE)
        with pytest.raises(OperationError, match="A batch looks at this comment just now"):
            await asyncio.to_thread(recheck_now, watch.bench, comment_id)
        assert watch.track(ids(4)[0]).batch_id == batch_id


async def test_a_correction_stands_beside_the_verdict(engine: Engine) -> None:
    async with watching(engine) as watch:
        fill(watch, threads=1, number=4)
        await watch.collect()
        track = watch.track(ids(4)[0])
        with watch.engine.begin() as connection:
            story.correct(
                connection, track.comment_id, at=watch.clock.at, state="disappeared", cause=Cause.AUTHOR, why="he wrote"
            )
            assert standing.standing(connection, watch.clock.now(), watch.clock.real()).corrections == 1
        found = told(watch, str(track.comment_id))
        assert watch.track(ids(4)[0]) == track
    assert found["state"] == "visible"
    assert "An analyst says disappeared (author)" in shown(found)
    assert "for missing: one absence from front, at the next look" in found["missing"]


async def test_a_comment_that_is_not_followed_is_no_story(sqlite_engine: Engine) -> None:
    async with watching(sqlite_engine) as watch:
        with pytest.raises(InputError, match="no followed comment is 12345"):
            told(watch, "12345")

"""Every false alarm that a peer is known for, through the real pipeline; none of them may be ours.

A test that cannot see anything would pass too. So each one ends with a silent removal in the same watch, and it must
be found.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Engine, select

from bot.demo.acts import (
    VANTAGES,
    Act,
    CloseAccount,
    Edit,
    Fault,
    Fold,
    Hold,
    Remove,
    ReopenAccount,
    Restrict,
    StartFault,
    StopFault,
    SuspendAccount,
    Vantage,
)
from bot.domain.instant import DAY, HOUR, MINUTE, Micros
from bot.store import tables
from tests.watch import Watch, fill, ids, watching

FRONT: tuple[Vantage, ...] = ("front",)
#: Flagged, and of an author who wrote nothing else.
FIRST = ids(12)[0]
AUTHOR = "author-0-0"


@contextlib.asynccontextmanager
async def calm(engine: Engine) -> AsyncIterator[Watch]:
    """Watch three threads for three calm hours; afterwards a silent removal must still be found, and nothing else."""
    async with watching(engine, looks=100) as watch:
        fill(watch, threads=3, number=12)
        await watch.collect()
        await watch.live(3 * HOUR, step=30 * MINUTE)
        yield watch
        known = {name for name, state in watch.states().items() if state == "confirmed"}
        told = len(watch.alerts("disappeared"))
        removed_at = watch.clock.at
        # Flagged, in a thread that nothing else happens to, and never called disappeared so far.
        last = next(name for name in ids(12, 2)[::2] if watch.states()[name] == "visible")
        watch.act(Remove(id=last, silent=True))
        await watch.live(36 * HOUR, step=HOUR)
        found = watch.track(last)
        assert (found.state, found.cause) == ("confirmed", "unknown")
        assert found.gone_after <= removed_at < found.gone_before
        assert {name for name, state in watch.states().items() if state == "confirmed"} - known == {last}
        assert len(watch.alerts("disappeared")) == told + 1


async def struck(watch: Watch, kind: Fault, vantages: tuple[Vantage, ...], span: Micros, step: Micros) -> None:
    """Let a fault last for a while."""
    watch.act(StartFault(kind=kind, vantages=vantages))
    await watch.live(span, step=step)
    watch.act(StopFault(kind=kind))


def verdicts(watch: Watch) -> set[str]:
    """Return every state that anybody ever reached."""
    return {row.state for row in watch.rows(select(tables.verdict.c.state))}


def unreachable(watch: Watch) -> int:
    """Return how many looks the coverage ledger says could not see anything."""
    return sum(row.unreachable for row in watch.rows(select(tables.coverage.c.unreachable)))


def nobody_moved(watch: Watch, *, beyond: frozenset[str] = frozenset()) -> None:
    """Assert that nobody reached a state but `beyond`, that all are visible now, and that nobody was told."""
    assert verdicts(watch) - {"visible"} <= beyond
    assert set(watch.states().values()) == {"visible"}
    assert not watch.alerts("disappeared")
    assert not watch.alerts("account_ended")
    assert not watch.alerts("thread_ended")


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault.RATE_LIMITED, id="429 then 200: changedetection.io 962"),
        pytest.param(Fault.EMPTY, id="empty page: changedetection.io 3971 and 1179"),
        pytest.param(Fault.GATEWAY_TIMEOUT, id="504: changedetection.io 1179, urlwatch 203 and 489"),
        pytest.param(Fault.SOFT_404, id="soft 404: a page with status 200 that says there is none"),
        pytest.param(Fault.HARD_404, id="404 as a temporary failure: Mastodon PR 37533"),
        pytest.param(Fault.LOGIN, id="login wall"),
        pytest.param(Fault.CAPTCHA, id="captcha with status 200"),
    ],
)
async def test_what_could_not_be_read_is_a_gap_and_no_removal(sqlite_engine: Engine, fault: Fault) -> None:
    """Six hours of it at the server that is asked first: the ledger says how many looks saw nothing."""
    async with calm(sqlite_engine) as watch:
        before = unreachable(watch)
        await struck(watch, fault, FRONT, 6 * HOUR, step=2 * HOUR)
        assert unreachable(watch) - before >= 36
        await watch.live(6 * HOUR, step=HOUR)
        nobody_moved(watch)


@pytest.mark.parametrize("fault", [Fault.EMPTY_LIST, Fault.REPLICA_LAG])
async def test_a_404_for_the_living_is_a_miss_at_most(sqlite_engine: Engine, fault: Fault) -> None:
    """The same temporary failure (Mastodon PR 37533) in good form, id by id: canaries and the other server tell."""
    async with calm(sqlite_engine) as watch:
        await struck(watch, fault, FRONT, 6 * HOUR, step=30 * MINUTE)
        assert any(row.guards for row in watch.rows(select(tables.batch.c.guards)))
        await watch.live(6 * HOUR, step=HOUR)
        nobody_moved(watch, beyond=frozenset({"missing"}))


async def test_a_calm_week_with_edits_and_folds_tells_nothing(sqlite_engine: Engine) -> None:
    """Notifications with nothing changed: changedetection.io 908, 1432 and 1679."""
    async with calm(sqlite_engine) as watch:
        watch.act(Edit(id=FIRST, text="俄罗斯零食也还可以"), Fold(id=ids(12, 1)[0]))
        await watch.live(7 * DAY, step=3 * HOUR)
        nobody_moved(watch)
        assert not watch.count(tables.outbox)


async def test_a_quarantined_community_is_a_gap(sqlite_engine: Engine) -> None:
    """Invisible without a login, and once shown as removed for that: reveddit 7."""
    async with calm(sqlite_engine) as watch:
        before = unreachable(watch)
        watch.act(Restrict(thread="t0", says="quarantined"))
        await watch.live(2 * DAY, step=2 * HOUR)
        assert unreachable(watch) - before >= 12
        assert watch.track(FIRST).outcome == "visible"
        watch.act(Restrict(thread="t0", restricted=False))
        await watch.live(DAY, step=2 * HOUR)
        nobody_moved(watch)


async def test_what_waits_in_a_moderation_queue_is_withheld_until_it_is_approved(sqlite_engine: Engine) -> None:
    """It looks removed until then: pushshift/reddit_sse_stream 14."""
    async with calm(sqlite_engine) as watch:
        watch.act(Hold(id=FIRST))
        await watch.live(2 * DAY, step=2 * HOUR)
        assert watch.track(FIRST).outcome == "pending"
        watch.act(Hold(id=FIRST, held=False))
        await watch.live(DAY, step=2 * HOUR)
        assert watch.track(FIRST).outcome == "visible"
        nobody_moved(watch)


async def test_an_approved_comment_that_one_server_shows_as_removed_is_suspected_at_most(sqlite_engine: Engine) -> None:
    """A parser's mistake ("a pretty big bug"): reveddit 13, its real-time extension 11. The other server is asked."""
    async with calm(sqlite_engine) as watch:
        await struck(watch, Fault.WRONG_TOMBSTONE, FRONT, 6 * HOUR, step=30 * MINUTE)
        await watch.live(6 * HOUR, step=HOUR)
        assert "suspected" in verdicts(watch)
        nobody_moved(watch, beyond=frozenset({"suspected"}))


async def test_a_tombstone_that_stands_for_a_moment_everywhere_is_suspected_at_most(sqlite_engine: Engine) -> None:
    """One more look ten minutes later finds the comment there: reveddit 13, its real-time extension 11."""
    async with calm(sqlite_engine) as watch:
        await struck(watch, Fault.WRONG_TOMBSTONE, VANTAGES, HOUR, step=HOUR)
        await watch.live(6 * HOUR, step=20 * MINUTE)
        assert "suspected" in verdicts(watch)
        nobody_moved(watch, beyond=frozenset({"suspected"}))


async def test_a_tombstone_that_stands_for_hours_everywhere_and_goes_again_ends_as_restored(
    sqlite_engine: Engine,
) -> None:
    """Then it was the platform's word; every comment that was called disappeared for it is dated as restored."""
    async with calm(sqlite_engine) as watch:
        await struck(watch, Fault.WRONG_TOMBSTONE, VANTAGES, 6 * HOUR, step=30 * MINUTE)
        called = {name for name, state in watch.states().items() if state == "confirmed"}
        assert len(called) > 3
        assert {watch.track(name).cause for name in called} == {"moderator"}
        back_at = watch.clock.at
        await watch.live(4 * DAY, step=6 * HOUR)
        assert {name for name, state in watch.states().items() if state == "restored"} == called
        assert all(back_at < watch.track(name).restored_at <= watch.clock.at for name in called)


async def test_a_403_where_a_410_is_due_is_a_gap_until_the_platform_says_it(sqlite_engine: Engine) -> None:
    """Servers that refuse what they should call gone: Mastodon 40296."""
    async with calm(sqlite_engine) as watch:
        before = unreachable(watch)
        watch.act(SuspendAccount(author=AUTHOR), Restrict(author=AUTHOR, says="forbidden"))
        await watch.live(2 * DAY, step=2 * HOUR)
        assert unreachable(watch) > before
        nobody_moved(watch)
        watch.act(Restrict(author=AUTHOR, restricted=False))
        await watch.live(2 * DAY, step=2 * HOUR)
        assert (watch.track(FIRST).state, watch.track(FIRST).cause) == ("confirmed", "account_suspended")


async def test_an_account_that_is_private_for_a_while_and_says_so_is_a_gap(sqlite_engine: Engine) -> None:
    """Protected for a time, and counted as deleted for it: inkdroid's delete forensics."""
    async with calm(sqlite_engine) as watch:
        before = unreachable(watch)
        watch.act(Restrict(author=AUTHOR, says="private"))
        await watch.live(2 * DAY, step=2 * HOUR)
        assert unreachable(watch) > before
        watch.act(Restrict(author=AUTHOR, restricted=False))
        await watch.live(DAY, step=2 * HOUR)
        nobody_moved(watch)


@pytest.mark.parametrize(
    ("goes", "comes", "cause", "gone"),
    [
        pytest.param(
            Restrict(author=AUTHOR),
            Restrict(author=AUTHOR, restricted=False),
            "unknown",
            [FIRST],
            id="a private account that says nothing",
        ),
        pytest.param(
            Restrict(thread="t0"),
            Restrict(thread="t0", restricted=False),
            "unknown",
            ids(12),
            id="a private community that says nothing",
        ),
        pytest.param(
            CloseAccount(author=AUTHOR, how="deactivated"),
            ReopenAccount(author=AUTHOR),
            "account_deactivated",
            [FIRST],
            id="a deactivated account",
        ),
        pytest.param(
            SuspendAccount(author=AUTHOR),
            ReopenAccount(author=AUTHOR),
            "account_suspended",
            [FIRST],
            id="a suspension that was lifted",
        ),
    ],
)
async def test_gone_private_and_back_is_restored_with_its_dates_and_no_cause_that_nobody_stated(
    sqlite_engine: Engine, goes: Act, comes: Act, cause: str, gone: list[str]
) -> None:
    """Tweets that were counted as deleted were back (inkdroid): what was called disappeared is dated as restored."""
    async with calm(sqlite_engine) as watch:
        gone_at = watch.clock.at
        watch.act(goes)
        await watch.live(3 * DAY, step=HOUR)
        called = {name for name, state in watch.states().items() if state != "visible"}
        assert called == set(gone)
        assert {watch.track(name).state for name in gone} == {"confirmed"}
        back_at = watch.clock.at
        watch.act(comes)
        await watch.live(8 * DAY, step=6 * HOUR)
        for name in gone:
            track = watch.track(name)
            assert (track.state, track.cause) == ("restored", cause)
            assert track.gone_after <= gone_at < track.gone_before
            assert back_at < track.restored_at <= watch.clock.at

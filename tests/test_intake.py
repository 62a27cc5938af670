"""A comment arrives: stored once, followed by the rule of its cohort, and never tied to a name."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import Engine, select

from bot.demo.acts import Edit, OpenThread, Post
from bot.domain.comment import Role
from bot.domain.instant import HOUR
from bot.domain.tracking import MatchedBy
from bot.store import comments, tables
from bot.store.engine import database_url, open_engine
from bot.store.migrate import upgrade
from tests.watch import FLAGGED, PLAIN, fill, ids, watching


async def test_comments_are_stored_once_however_often_they_are_read(engine: Engine) -> None:
    """A second reading finds nothing new; a late one only what is new."""
    async with watching(engine) as watch:
        fill(watch, threads=2, number=30)
        first = await watch.collect()
        again = await watch.collect()
        watch.act(Post(id="1", thread="t1", author="late", text=PLAIN.format(n=99)))
        late = await watch.collect()
    assert (first.new, first.flagged) == (60, 30)
    assert (again.new, again.edited, again.flagged) == (0, 0, 0)
    assert late.new == 1
    assert watch.count(tables.comment) == watch.count(tables.revision) == 61


async def test_a_lost_cursor_doubles_nothing(engine: Engine) -> None:
    """What is read again from the beginning is known already."""
    async with watching(engine) as watch:
        fill(watch, threads=1, number=20)
        await watch.collect()
        with engine.begin() as connection:
            connection.execute(tables.source.update().values(cursor={}))
        assert (await watch.collect()).new == 0
    assert watch.count(tables.comment) == 20
    assert watch.count(tables.enrolment) == 20


async def test_each_flagged_comment_gets_a_control_of_its_thread_first(engine: Engine) -> None:
    """Ten flagged, ten not: every partner is matched within the thread, and nobody serves twice."""
    async with watching(engine) as watch:
        fill(watch, threads=2, number=10)
        await watch.collect()
    rows = watch.rows(select(tables.enrolment))
    controls = [row for row in rows if row.role == Role.CONTROL]
    thread = dict(watch.rows(select(tables.comment.c.id, tables.comment.c.thread_id)))
    assert len(controls) == len({row.comment_id for row in controls}) == 10
    assert all(thread[row.comment_id] == thread[row.partner_id] for row in controls)
    assert all(row.matched for row in rows)


async def test_a_flagged_comment_without_a_partner_says_so(engine: Engine) -> None:
    """Where everybody is flagged there is nobody to compare with."""
    async with watching(engine) as watch:
        fill(watch, threads=1, number=5, flagged_every=1)
        await watch.collect()
    assert [(row.role, row.matched) for row in watch.rows(select(tables.enrolment))] == [("flagged", False)] * 5


async def test_matched_by_author_a_flagged_comment_is_compared_with_its_authors_other_words(engine: Engine) -> None:
    """Also across threads; whose author wrote nothing else stays without a partner and says so."""
    async with watching(engine, match=MatchedBy.AUTHOR) as watch:
        fill(watch, threads=2, number=10)
        watch.act(Post(id="7", thread="t1", author="author-0-0", text=PLAIN.format(n=7)))
        await watch.collect()
        # The other one's page came later: what was enrolled before is fixed.
        watch.act(Post(id="8", thread="t0", author="author-0-0", text=FLAGGED.format(n=8)))
        watch.act(Post(id="9", thread="t0", author="author-0-1", text=FLAGGED.format(n=9)))
        await watch.collect()
    native = dict(watch.rows(select(tables.comment.c.id, tables.comment.c.native_id)))
    rows = watch.rows(select(tables.enrolment))
    controls = {native[row.partner_id]: native[row.comment_id] for row in rows if row.role == Role.CONTROL}
    assert controls == {"8": "7", "9": ids(10)[1]}
    matched = {native[row.comment_id] for row in rows if row.role == Role.FLAGGED and row.matched}
    assert matched == {"8", "9"}


async def test_no_control_is_drawn_from_what_is_known_to_be_missing(engine: Engine) -> None:
    """Neither from absences that are held back, nor from a thread that has ended."""
    async with watching(engine, controls=0, panel=1.0) as watch:
        fill(watch, threads=3, number=4, flagged_every=9)
        await watch.collect()
        here = [row.id for row in watch.rows(select(tables.comment.c.id).order_by(tables.comment.c.native_id))]
        with engine.begin() as connection:
            tracked = tables.tracking.update()
            connection.execute(tracked.where(tables.tracking.c.comment_id == here[1]).values(absent_since=1))
            connection.execute(tracked.where(tables.tracking.c.comment_id == here[2]).values(state="missing"))
            connection.execute(tables.thread.update().where(tables.thread.c.native_id == "t2").values(ended_at=1))
            found = comments.candidates(connection, watch.source.id, since=0, limit=200)
    # Of each thread the first one is flagged.
    assert {one.comment_id for one in found} == {here[3], *here[5:8]}


async def test_the_same_key_draws_the_same_controls(sqlite_engine: Engine, tmp_path: Path) -> None:
    """After a restart, and on another machine."""
    drawn = []
    (tmp_path / "again").mkdir()
    again = open_engine(database_url("", tmp_path / "again"))
    upgrade(again)
    for engine in (sqlite_engine, again):
        async with watching(engine, controls=2) as watch:
            fill(watch, threads=2, number=30, flagged_every=5)
            await watch.collect()
        native = dict(watch.rows(select(tables.comment.c.id, tables.comment.c.native_id)))
        rows = watch.rows(select(tables.enrolment).where(tables.enrolment.c.role == Role.CONTROL))
        drawn.append({(native[row.partner_id], native[row.comment_id]) for row in rows})
    again.dispose()
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 24


async def test_a_control_is_looked_at_when_its_partner_is(engine: Engine) -> None:
    """Same jitter, same first look: the pair is compared on equal terms."""
    async with watching(engine) as watch:
        fill(watch, threads=1, number=40)
        await watch.collect()
    due = dict(watch.rows(select(tables.tracking.c.comment_id, tables.tracking.c.due_at)))
    pairs = watch.rows(select(tables.enrolment).where(tables.enrolment.c.role == Role.CONTROL))
    assert len({due[row.comment_id] for row in pairs}) > 10
    assert all(due[row.comment_id] == due[row.partner_id] for row in pairs)


async def test_the_panel_takes_its_share_whatever_the_rules_say(engine: Engine) -> None:
    """A share of all comments, flagged or not, with the probability stored; the same ones every time."""
    async with watching(engine, panel=0.25, controls=0) as watch:
        fill(watch, threads=2, number=100)
        await watch.collect()
    panel = watch.rows(select(tables.enrolment).where(tables.enrolment.c.role == Role.PANEL))
    assert {row.probability for row in panel} == {0.25}
    assert 25 <= len(panel) <= 80
    flagged = {row.comment_id for row in watch.rows(select(tables.enrolment)) if row.role == Role.FLAGGED}
    assert 0 < len(flagged & {row.comment_id for row in panel}) < len(panel)


async def test_a_shadow_rule_is_stored_and_flags_nobody(engine: Engine) -> None:
    """Only a live rule enrols."""
    async with watching(engine, controls=0) as watch:
        fill(watch, threads=1, number=10)
        await watch.collect()
    found = {(row.rule_id, row.live) for row in watch.rows(select(tables.match))}
    assert found == {("snacks", True), ("trial", False)}
    assert watch.count(tables.enrolment) == watch.count(tables.tracking) == 5


async def test_an_author_is_a_keyed_pseudonym_from_the_first_moment(engine: Engine) -> None:
    """The platform's author id is nowhere in the database."""
    async with watching(engine) as watch:
        fill(watch, threads=1, number=3)
        await watch.collect()
    authors = [row.author for row in watch.rows(select(tables.comment.c.author))]
    assert len(set(authors)) == 3
    assert not any("author" in author for author in authors)
    assert {len(author) for author in authors} == {32}


async def test_an_edit_becomes_a_revision_and_enrols_nobody(engine: Engine) -> None:
    """What a rule finds later is kept, and enters no cohort."""
    async with watching(engine, controls=0) as watch:
        fill(watch, threads=1, number=2, flagged_every=9)
        await watch.collect()
        watch.act(Edit(id=ids(2)[1], text=FLAGGED.format(n=5)))
        with engine.begin() as connection:
            connection.execute(tables.source.update().values(cursor={}))
        assert (await watch.collect()).edited == 1
    revisions = watch.rows(select(tables.revision.c.number).order_by(tables.revision.c.number))
    assert [row.number for row in revisions] == [1, 1, 2]
    later = select(tables.match.c.rule_id).where(tables.match.c.revision == 2)
    assert [row.rule_id for row in watch.rows(later)] == ["snacks"]
    assert watch.count(tables.enrolment) == 1


async def test_the_owner_may_hear_of_every_match(engine: Engine) -> None:
    """Once per comment, with the live rules only."""
    async with watching(engine, tell_matches=True) as watch:
        fill(watch, threads=1, number=4)
        await watch.collect()
        await watch.collect()
    told = watch.alerts("matched")
    assert len(told) == 2
    assert {dict(one["facts"])["Rules"] for one in told} == {"snacks"}


async def test_a_source_that_cannot_be_read_is_told_once_and_judges_nobody(engine: Engine) -> None:
    """After a quarter of an hour; what was stored stays, and the way back is told too."""
    from bot.demo.acts import Fault, StartFault, StopFault

    async with watching(engine) as watch:
        watch.act(OpenThread(id="t0", title="x"))
        await watch.collect()
        watch.act(StartFault(kind=Fault.SERVER_ERROR, vantages=("front",)))
        for _ in range(4):
            await watch.collect()
            watch.clock.at += HOUR // 2
        watch.act(StopFault(kind=Fault.SERVER_ERROR))
        await watch.collect()
    assert [one["title"] for one in watch.alerts("unreachable")] == ["A source cannot be read"]
    assert len(watch.alerts("reachable")) == 1


async def test_what_no_database_stores_is_replaced_and_nothing_else_is_lost(engine: Engine) -> None:
    """A NUL or half a surrogate pair in a text must not stop a source; it stays known by what it was."""
    async with watching(engine) as watch:
        watch.act(OpenThread(id="t0", title="x\0y"))
        watch.act(Post(id="1", thread="t0", author="a\ud800", text="零食\0好\ud83d吃"))
        first, again = await watch.collect(), await watch.collect()
    assert (first.new, first.flagged, again.new, again.edited) == (1, 1, 0, 0)
    assert [row.text for row in watch.rows(select(tables.revision.c.text))] == ["零食\ufffd好\ufffd吃"]


async def test_two_collectors_of_one_source_store_each_comment_once(engine: Engine) -> None:
    """They read the same pages at the same time, on both kinds of database."""
    async with watching(engine) as watch:
        fill(watch, threads=4, number=60)
        await asyncio.gather(*(watch.collect() for _ in range(4)))
    assert watch.count(tables.comment) == watch.count(tables.revision) == 240
    assert watch.count(tables.enrolment) == 240

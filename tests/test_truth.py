"""The event stream is heard whole, kept apart from every verdict, and measures them."""

from __future__ import annotations

import ast
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from bot import calibrate
from bot.demo.acts import EndThread, Fault, Remove, Restore, StartFault, StopFault, SuspendAccount
from bot.domain.comment import Source
from bot.domain.instant import DAY, HOUR, MINUTE
from bot.domain.observation import Cause
from bot.domain.truth import TruthKind
from bot.platforms.registry import platform
from bot.ports import Truthful
from bot.store import sources, tables, truth
from bot.truth import Ear, listen, stream_of
from tests.watch import Watch, fill, ids, watching


@pytest.fixture
async def watch(engine: Engine) -> AsyncIterator[Watch]:
    async with watching(engine) as watch:
        fill(watch, 2, 10)
        await watch.collect()
        watch.clock.at += 40 * MINUTE
        yield watch


def ear(watch: Watch) -> Ear:
    stream = platform("demo")
    assert isinstance(stream, Truthful)
    return Ear(watch.engine, watch.clock, watch.source, stream, watch.open_http)


def heard(watch: Watch) -> dict[str, list[tuple[TruthKind, Cause]]]:
    with watch.engine.connect() as connection:
        found = truth.of_source(connection, watch.source.id)
    return {name: [(one.kind, one.cause) for one in events] for name, events in found.items()}


async def test_the_stream_tells_who_did_it_where_that_is_stated_and_silent_removals_without(watch: Watch) -> None:
    names = ids(10)
    watch.act(Remove(id=names[0], by="author"), Remove(id=names[1], silent=True), EndThread(id="t1"))
    assert await listen(ear(watch))
    watch.act(Restore(id=names[1]))
    assert await listen(ear(watch))
    found = heard(watch)
    assert found[names[0]] == [(TruthKind.REMOVED, Cause.AUTHOR)]
    assert found[names[1]] == [(TruthKind.REMOVED, Cause.UNKNOWN), (TruthKind.RESTORED, Cause.UNKNOWN)]
    assert found[ids(10, 1)[3]] == [(TruthKind.REMOVED, Cause.PARENT)]
    assert sum(map(len, found.values())) == 13


async def test_a_stream_longer_than_a_page_is_read_to_its_end(engine: Engine) -> None:
    async with watching(engine) as watch:
        fill(watch, 1, 230)
        watch.act(EndThread(id="t0"))
        assert await listen(ear(watch))
        assert len(heard(watch)) == 230


@pytest.mark.parametrize("fault", [Fault.EMPTY_LIST, Fault.TRUNCATED, Fault.CAPTCHA, Fault.PARSER_DRIFT])
async def test_a_failing_stream_says_nothing_and_is_caught_up_with(watch: Watch, fault: Fault) -> None:
    watch.act(Remove(id=ids(10)[0], by="moderator"), SuspendAccount(author="author-1-4"), StartFault(kind=fault))
    assert not await listen(ear(watch))
    with watch.engine.connect() as connection:
        assert truth.until(connection) == {}
    watch.act(StopFault(kind=fault))
    assert await listen(ear(watch))
    assert set(heard(watch)) == {ids(10)[0], ids(10, 1)[4]}


async def test_what_was_heard_twice_is_one_event(watch: Watch) -> None:
    watch.act(Remove(id=ids(10)[0]))
    assert await listen(ear(watch))
    with watch.engine.begin() as connection:
        connection.execute(update(tables.source).values(truth_cursor=None))
    assert await listen(ear(watch))
    assert watch.count(tables.truth) == 1


async def test_a_platform_without_a_stream_is_not_measured_and_one_with_it_is(watch: Watch) -> None:
    with watch.engine.begin() as connection:
        sources.ensure(connection, name="blog", platform="isso", instance="c.example", now=watch.clock.now())
    watch.act(Remove(id=ids(10)[0], by="author"), Remove(id=ids(10)[2], silent=True))
    await watch.live(4 * DAY, step=HOUR)
    assert await listen(ear(watch))
    with watch.engine.connect() as connection:
        found = calibrate.as_json(calibrate.of(connection))
    assert stream_of(platform("isso")) is None
    assert found["isso"] == calibrate.NOT_MEASURED
    for level in ("probable", "confirmed"):
        row = found["demo"]["levels"][level]["all"]
        assert (row["precision"]["count"], row["precision"]["of"]) == (2, 2)
        assert (row["recall"]["count"], row["recall"]["of"]) == (2, 2)
        assert row["cause_right"]["count"] == 2
        assert row["median"]["value"] > 0


def test_only_its_own_store_file_names_the_table_of_truth() -> None:
    """With the import contract ("What tells the truth never reaches a verdict") no verdict can read it."""
    root = Path(__file__).parents[1] / "bot"
    named = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and node.module == "bot.store.tables"
        and {"truth", "metadata"} & {name.name for name in node.names}
    }
    assert named - {"store/migrate.py", "store/migrations/env.py"} == {"store/truth.py"}


async def test_the_adapter_goes_on_after_its_cursor(watch: Watch) -> None:
    watch.act(Remove(id=ids(10)[0]), Remove(id=ids(10)[1]))
    source: Source = watch.source
    stream = ear(watch).stream
    async with watch.open_http(source) as http, aclosing(stream.events(source, {"after": 1}, http)) as pages:  # type: ignore[type-var]
        [page] = [page async for page in pages]
    assert [one.native_id for one in page.events] == [ids(10)[1]]
    assert page.cursor == {"after": 2}

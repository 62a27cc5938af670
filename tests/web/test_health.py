"""Alive, and ready: with the reasons in words when not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.children import Supervisor
from bot.domain.health import Breaker
from bot.domain.instant import HOUR, SECOND
from bot.redis_server import command, private_folder, socket_url, wait_ready
from bot.store import sources
from bot.store.engine import database_url, open_engine
from bot.store.outbox import Backlog
from bot.store.standing import Coverage, Heartbeat, SourceStanding, Standing, beat
from bot.web import database
from bot.web.health import Limits, Readiness, judge
from tests.store.rows import T0, add_source, follow
from tests.test_redis_server import redis_server
from tests.web.client import Client, ClientOn, StoppedClock

DEADLINE = 20.0
AT_WORK = Standing(
    at=T0,
    comments=10,
    roles={},
    states={},
    due=2,
    oldest_due=3600.0,
    open_batches=1,
    alerts=Backlog(1, 900.0),
    failed_alerts=0,
    sources=(SourceStanding("shop", "isso", T0, None, None, None, Coverage()),),
    heartbeats=(Heartbeat("collector", 60.0, ""), Heartbeat("worker:b-1", 1.0, ""), Heartbeat("worker:b-2", 999.0, "")),
)


def test_a_bot_that_is_just_within_its_limits_is_ready() -> None:
    assert judge(AT_WORK, Limits(), 1.0) == Readiness()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"oldest_due": 3601.0}, "2 comments are due, the oldest for 3601 s (limit 3600 s)"),
        ({"alerts": Backlog(3, 901.0)}, "3 alerts are not delivered, the oldest for 901 s (limit 900 s)"),
        ({"heartbeats": AT_WORK.heartbeats[1:]}, "no collector has reported for 60 s"),
        ({"heartbeats": AT_WORK.heartbeats[:1]}, "no worker has reported for 60 s"),
        ({"heartbeats": (AT_WORK.heartbeats[0], AT_WORK.heartbeats[2])}, "no worker has reported for 60 s"),
        (
            {"heartbeats": (AT_WORK.heartbeats[1], Heartbeat("collector", 60.1, ""))},
            "no collector has reported for 60 s",
        ),
    ],
)
def test_each_reason_not_to_be_ready_is_named(change: dict[str, Any], reason: str) -> None:
    assert judge(replace(AT_WORK, **change), Limits(), 1.0) == Readiness(reasons=(reason,))


def test_nothing_due_and_nothing_to_tell_is_ready() -> None:
    assert judge(replace(AT_WORK, due=0, oldest_due=None, alerts=Backlog(0, None)), Limits(), 1.0) == Readiness()


def test_on_a_fast_clock_ages_count_in_real_time() -> None:
    late = replace(AT_WORK, oldest_due=3660.0 * 60, alerts=Backlog(1, 899.0 * 60))
    assert judge(late, Limits(), 60.0).reasons == ("2 comments are due, the oldest for 3660 s (limit 3600 s)",)


def test_all_reasons_are_named_at_once() -> None:
    broken = replace(AT_WORK, oldest_due=1e6, alerts=Backlog(1, 1e6), heartbeats=())
    assert len(judge(broken, Limits(), 1.0).reasons) == 4


def test_limits_and_parts_can_be_set() -> None:
    limits = Limits(oldest_due=10.0, oldest_alert=10.0, heartbeat=10.0, parts=("collector",))
    assert len(judge(AT_WORK, limits, 1.0).reasons) == 3


def test_a_source_that_fails_a_breaker_and_lost_alerts_are_notes() -> None:
    source = SourceStanding("shop", "isso", None, T0, "refused", T0, Coverage())
    found = judge(replace(AT_WORK, sources=(source,), failed_alerts=2), Limits(), 1.0)
    assert found.reasons == ()
    assert found.notes == (
        "source shop is unreachable since 2026-09-21T14:13:20Z: refused",
        "source shop: the breaker holds absences back since 2026-09-21T14:13:20Z",
        "2 alerts could not be delivered and were given up",
    )


async def answer(client: Client, path: str) -> tuple[int, dict[str, Any]]:
    """Return status and JSON of an answer."""
    async with client.get(path) as response:
        return response.status, await response.json()


async def test_the_process_is_alive_while_the_database_answers(engine: Engine, client_on: ClientOn) -> None:
    body = {"status": "ok", "version": "1.2.3", "at": "2026-09-21T14:13:20Z"}
    assert await answer(await client_on(engine), "/healthz") == (200, body)


async def test_without_the_database_it_is_neither_alive_nor_ready_and_gives_nothing_away(
    tmp_path: Path, client_on: ClientOn
) -> None:
    nowhere = open_engine(database_url(f"sqlite:///{tmp_path}/missing/x.db", tmp_path))
    client = await client_on(nowhere)
    status, body = await answer(client, "/healthz")
    assert (status, body["status"]) == (503, "the database does not answer")
    status, body = await answer(client, "/readyz")
    assert (status, body) == (503, {"ready": False, "reasons": ["the database does not answer"], "notes": []})


async def test_a_database_that_hangs_does_not_hang_the_health_check(
    tmp_path: Path, client_on: ClientOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anything that listens and never speaks is a hung PostgreSQL."""
    monkeypatch.setattr(database, "_PATIENCE", 0.2)
    asked = asyncio.Event()
    over = asyncio.Event()

    async def keep_silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await over.wait()
        writer.close()

    server = await asyncio.start_server(keep_silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = await client_on(open_engine(database_url(f"postgresql://u:p@127.0.0.1:{port}/x", tmp_path)))
    status, body = await answer(client, "/healthz")
    assert asked.is_set()
    assert (status, body["status"]) == (503, "the database does not answer")
    over.set()
    server.close()
    await server.wait_closed()


async def test_the_bot_is_ready_while_its_parts_report(
    engine: Engine, clock: StoppedClock, client_on: ClientOn
) -> None:
    client = await client_on(engine)
    status, body = await answer(client, "/readyz")
    assert status == 503
    assert body["reasons"] == ["no collector has reported for 60 s", "no worker has reported for 60 s"]
    with engine.begin() as connection:
        beat(connection, "collector", "", clock.real() - 59 * SECOND)
        beat(connection, "worker:x", "", clock.real())
    assert await answer(client, "/readyz") == (200, {"ready": True, "reasons": [], "notes": []})


async def test_readiness_reads_what_is_due_and_what_fails(
    sqlite_engine: Engine, clock: StoppedClock, client_on: ClientOn
) -> None:
    with sqlite_engine.begin() as connection:
        source = add_source(connection, "forum")
        follow(connection, source, "a", due=T0 - 2 * HOUR)
        sources.failed(connection, source, "dns", now=T0 - HOUR)
        sources.set_breaker(connection, source, Breaker(since=T0, healthy_since=None))
    status, body = await answer(await client_on(sqlite_engine, Limits(parts=())), "/readyz")
    assert status == 503
    assert body["reasons"] == ["1 comments are due, the oldest for 7200 s (limit 3600 s)"]
    assert [note.split(" since ")[0] for note in body["notes"]] == [
        "source forum is unreachable",
        "source forum: the breaker holds absences back",
    ]


async def test_a_redis_that_is_configured_must_answer(
    sqlite_engine: Engine, tmp_path: Path, client_on: ClientOn
) -> None:
    supervisor = Supervisor()
    with private_folder(tmp_path) as folder:
        url = socket_url(folder)
        client = await client_on(sqlite_engine, Limits(parts=(), redis_url=url))
        supervisor.start("redis", command(redis_server(), folder))
        await wait_ready(url, DEADLINE)
        assert (await answer(client, "/readyz"))[0] == 200
        await supervisor.stop(DEADLINE)
        status, body = await answer(client, "/readyz")
        assert (status, body["reasons"]) == (503, [f"Redis at {folder}/redis.sock does not answer"])

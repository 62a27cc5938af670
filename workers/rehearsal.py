"""A batch that never was: it runs every statement of a look once, before the first fork, and is rolled back.

What is compiled before a worker forks is compiled once; what is not, in every job anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any, cast

from sqlalchemy import Connection, Engine

from bot.domain.comment import FetchedThread, Source
from bot.domain.instant import DAY, HOUR, SECOND, Micros
from bot.domain.observation import Answer, Outcome, Target
from bot.domain.recheck_plan import Plan
from bot.domain.verdict import Track
from bot.platforms.registry import platform
from bot.ports import Http, Platform
from bot.recheck import Bench, recheck_batch
from bot.store import comments, sources, tracking
from bot.store.host_budget import StoredHostBudget

_NAME = "a rehearsal that is rolled back"


def rehearse(bench: Bench) -> None:
    """Look at two comments that exist only inside one transaction, on a platform that shows them."""
    with bench.engine.connect() as connection, connection.begin() as whole:
        stage = cast("Engine", _Stage(connection))
        now = bench.clock.now()
        number = sources.ensure(connection, name=_NAME, platform="demo", instance=_NAME, now=now)
        _follow(connection, number, now)
        batch_id = tracking.claim(connection, number, "front", now=now, real=now, lease=SECOND, limit=2)
        StoredHostBudget(stage, bench.clock).reserve(_NAME, 1, 1.0)
        here = replace(
            bench,
            engine=stage,
            sources={number: Source(number, _NAME, "demo", _NAME, {})},
            platform=lambda name: cast("Platform", _Showing(platform(name))),
            open_http=lambda _: cast("Any", nullcontext()),
        )
        asyncio.run(recheck_batch(here, batch_id or 0))
        whole.rollback()


def _follow(connection: Connection, source_id: int, now: Micros) -> None:
    thread_id = comments.ensure_thread(connection, source_id, FetchedThread(_NAME), now)
    row = {
        "platform": "demo",
        "instance": _NAME,
        "source_id": source_id,
        "thread_id": thread_id,
        "first_seen": now - HOUR,
        "language": "",
        "length": 0,
    }
    track = Track(first_seen=now - HOUR, last_look=now - HOUR, last_seen=now - HOUR, looks=1)
    follow = {
        "source_id": source_id,
        "thread_id": thread_id,
        "jitter": 0.0,
        "begin": now - HOUR,
        "follow_until": now + DAY,
        **tracking.fresh(track, Plan(now, "front")),
    }
    ids = comments.add(connection, [{**row, "native_id": native_id} for native_id in ("first", "second")])
    tracking.follow(connection, [{**follow, "comment_id": comment_id} for comment_id in ids])


class _Showing:
    """A platform like another one, on which everything that is asked for is there."""

    def __init__(self, like: Platform) -> None:
        self.capabilities = like.capabilities

    def known_absent(self, _source: Source) -> None:
        """Return nothing: a platform that shows everything has no such id."""

    async def probe(self, _source: Source, _vantage: str, targets: Sequence[Target], _http: Http) -> list[Answer]:
        """Show everything."""
        return [Answer(target.native_id, Outcome.VISIBLE, evidence={}) for target in targets]


class _Stage:
    """Stands for an engine whose transactions are savepoints within one that does not last."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Begin a savepoint."""
        with self.connection.begin_nested():
            yield self.connection

    def connect(self) -> _Stage:
        """Return what `execution_options` is asked of."""
        return self

    def execution_options(self, **_: object) -> AbstractContextManager[Connection]:
        """Return the one connection there is."""
        return nullcontext(self.connection)

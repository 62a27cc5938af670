"""The benchmark of claiming works on the tables as they are."""

from __future__ import annotations

from sqlalchemy import Engine, func, select
from sqlalchemy.engine import URL

from benchmarks import claim_time
from benchmarks.filling import NOW, fill
from bot.store import tables


def test_a_filled_database_gives_full_batches_again_and_again(database: URL, engine: Engine) -> None:
    """A few percent are due, of several sources, and what was looked at is due again later."""
    engine.dispose()
    fill(database, 10_000)
    with engine.connect() as connection:
        due = connection.execute(select(func.count()).where(tables.tracking.c.due_at <= NOW)).scalar_one()
        sources = connection.execute(select(tables.tracking.c.source_id).distinct()).all()
    times = claim_time.in_turns({10_000: engine}, 2)
    assert 200 <= due <= 1000
    assert len(sources) > 1
    assert [number for number in times[10_000] if number > 0] == times[10_000]
    with engine.connect() as connection:
        done = connection.execute(select(tables.batch.c.done)).scalars().all()
    assert done == [100] * (claim_time.WARM_UP + 2)

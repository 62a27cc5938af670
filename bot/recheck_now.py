"""One comment is looked at now: by a worker that runs, or else in this very process, through the same batch."""

from __future__ import annotations

import asyncio

from bot.domain.errors import InputError, OperationError
from bot.planner import LEASE
from bot.recheck import Bench, recheck_batch
from bot.store import story, tracking


def recheck_now(bench: Bench, comment_id: int) -> bool:
    """Make a comment due, look at it here if no worker has reported within a minute, and return whether it did.

    InputError where its source is not configured; OperationError while another batch holds the comment.
    """
    with bench.engine.begin() as connection:
        if story.head(connection, comment_id).source_id not in bench.sources:
            raise InputError(
                "the source of this comment is not in the configuration", instead="add it, or name --config"
            )
        tracking.hasten(connection, comment_id, now=bench.clock.now())
        if story.worker_lives(connection, bench.clock.real()):
            return False
    batch_id = _claim(bench, comment_id)
    try:
        asyncio.run(recheck_batch(bench, batch_id))
    finally:
        # After Ctrl-C nothing was written, or all; either way nobody waits for the end of a lease.
        with bench.engine.begin() as connection:
            tracking.release(connection, batch_id)
    return True


def _claim(bench: Bench, comment_id: int) -> int:
    with bench.engine.begin() as connection:
        batch_id = tracking.claim_one(
            connection, comment_id, now=bench.clock.now(), real=bench.clock.real(), lease=LEASE
        )
    if batch_id is None:
        raise OperationError("A batch looks at this comment just now: see removalwatch explain in a minute.")
    return batch_id

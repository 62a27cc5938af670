"""A job that can only be one of ours: whoever writes to Redis must not be able to run anything else."""

from __future__ import annotations

from typing import Any

from rq.job import Job

ALLOWED = frozenset({"workers.jobs.recheck_batch", "workers.jobs.deliver"})
_CALLBACKS = ("success_callback_name", "failure_callback_name", "stopped_callback_name", "webhooks")


class ForbiddenJobError(RuntimeError):
    """The job names a function that is not ours, or asks for a callback or a webhook."""


class SafeJob(Job):
    """Refuses functions outside `ALLOWED`, callbacks and webhooks (reliability S5)."""

    @property
    def func(self) -> Any:
        """Return the function, if it is one of ours."""
        if self.func_name not in ALLOWED or self.instance:
            raise ForbiddenJobError("a job named a function that is not ours")
        return super().func

    def restore(self, raw_data: dict[bytes, bytes]) -> Any:
        """Read the job without callbacks and webhooks: they would be called although `func` is refused."""
        refused = [name for name in _CALLBACKS if raw_data.get(name.encode())]
        for name in _CALLBACKS:
            raw_data.pop(name.encode(), None)
        result = super().restore(raw_data)
        if refused:
            self.log.warning("Job %s: %s ignored", self.id, ", ".join(refused))
        return result

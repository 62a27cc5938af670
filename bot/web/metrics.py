"""Metrics in the Prometheus text format, computed from the database when they are asked for (docs/metrics.md).

Worker processes are forked: counters in their memory would be lost, the rows that they wrote are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from aiohttp import web
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from bot.domain.instant import seconds
from bot.ports import Clock
from bot.store.standing import SourceStanding, Standing, standing
from bot.web.database import DatabaseSilentError, ask

Labels = TypeVar("Labels", bound=tuple[str, ...])


class Metrics:
    """The metrics as a request handler."""

    def __init__(self, engine: Engine, clock: Clock, *, version: str) -> None:
        self._engine = engine
        self._clock = clock
        self._version = version

    async def metrics(self, _request: web.Request) -> web.Response:
        """Answer 200 with all metrics, or with little more than removalwatch_database_up 0."""
        collector = StandingCollector(self._version, await self._standing())
        return web.Response(body=generate_latest(collector), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def _standing(self) -> Standing | None:
        try:
            return await ask(self._engine, lambda c: standing(c, self._clock.now(), self._clock.real()))
        except DatabaseSilentError:
            return None


class StandingCollector(Collector):
    """How the bot stands, as metric families; None: the database does not answer."""

    def __init__(self, version: str, found: Standing | None) -> None:
        self._version = version
        self._found = found

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        yield _gauge("build_info", "The running version.", {(self._version,): 1}, ["version"])
        yield _gauge("database_up", "Whether the database answers.", {(): self._found is not None})
        if self._found is not None:
            yield from _comments(self._found)
            yield from _work(self._found)
            yield from _sources(self._found)
            yield _gauge(
                "heartbeat_age_seconds",
                "Real time since a process reported.",
                {(beat.part,): beat.age for beat in self._found.heartbeats},
                ["part"],
            )


def _comments(found: Standing) -> Iterator[Metric]:
    yield _gauge("comments", "Stored comments.", {(): found.comments})
    by_state = {(state.value,): count for state, count in found.states.items()}
    yield _gauge("tracked_comments", "Followed comments by state.", by_state, ["state"])
    by_role = {(role.value,): count for role, count in found.roles.items()}
    yield _gauge("enrolled_comments", "Comments by role; one may have several.", by_role, ["role"])


def _work(found: Standing) -> Iterator[Metric]:
    yield _gauge("due_comments", "Comments to be looked at by now.", {(): found.due})
    yield _gauge("oldest_due_seconds", "How long the first of them has been due.", {(): found.oldest_due or 0})
    yield _gauge("open_batches", "Batches being looked at.", {(): found.open_batches})
    alerts = {("pending",): found.alerts.count, ("failed",): found.failed_alerts}
    yield _gauge("outbox_alerts", "Alerts not delivered yet, and given up.", alerts, ["state"])
    yield _gauge("oldest_alert_seconds", "How long the first alert has waited.", {(): found.alerts.oldest or 0})


def _sources(found: Standing) -> Iterator[Metric]:
    read = {(s.name,): seconds(found.at - s.collected_at) for s in found.sources if s.collected_at is not None}
    yield _gauge("source_collected_age_seconds", "Time since a source was read.", read, ["source"])
    failing = {(s.name, s.platform): s.failing_since is not None for s in found.sources}
    yield _gauge("source_failing", "Whether a source cannot be read.", failing, ["source", "platform"])
    holding = {(s.name,): s.breaker_since is not None for s in found.sources}
    yield _gauge("source_breaker_holding", "Whether absences are held back.", holding, ["source"])
    looks = dict(item for source in found.sources for item in _coverage(source))
    yield _gauge("source_looks_24h", "Looks of the last 24 hours.", looks, ["source", "kind"])


def _coverage(source: SourceStanding) -> Iterator[tuple[tuple[str, ...], int]]:
    for kind in ("due", "done", "late", "unreachable"):
        yield (source.name, kind), getattr(source.coverage, kind)


def _gauge(
    name: str, documentation: str, values: Mapping[Labels, float], labels: Sequence[str] = ()
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"removalwatch_{name}", documentation, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family

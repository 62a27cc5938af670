"""The protocols between the rooms: what a platform, a channel, a clock and a job queue must be able to do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from bot.domain.alert import Alert
from bot.domain.comment import Page, Source
from bot.domain.instant import Micros
from bot.domain.observation import Answer, Cause, Target
from bot.domain.truth import TruthPage


class Clock(Protocol):
    """Domain time may be scaled (tests, demo, soak); leases, timeouts and politeness use real time.

    `rate`: domain seconds per real second.
    """

    rate: float

    def now(self) -> Micros:
        """Return domain time, UTC microseconds."""

    def real(self) -> Micros:
        """Return real time, UTC microseconds."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, or the reason why there is none; a failed request is a value, not an exception.

    `failure` is None or one word and a detail: timeout, refused, dns, blocked address, body too large,
    too many redirects, rate limited, robots. `body` is capped and decoded from its transfer coding.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    url: str = ""
    failure: str | None = None

    @property
    def ok(self) -> bool:
        """Return whether an answer with a 2xx status arrived whole."""
        return self.failure is None and 200 <= self.status < 300

    def json(self) -> Any:
        """Return the body as JSON; ValueError where it is none (empty, HTML, cut, nested too deeply)."""
        try:
            return json.loads(self.body.decode("utf-8"))
        except RecursionError:
            raise ValueError("JSON nested too deeply") from None


class Http(Protocol):
    """The one way out: address guard, capped bodies, per-host budget, Retry-After, own redirect loop."""

    async def get(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Fetch `url`; never raises for what the network or the other side does."""

    async def post_json(self, url: str, payload: object, *, headers: Mapping[str, str] | None = None) -> Reply:
        """Send JSON to `url`; never raises for what the network or the other side does."""


class HostBudget(Protocol):
    """The politeness shared by all processes: when the next requests to a host may leave."""

    def reserve(self, host: str, requests: int, interval: float) -> Micros:
        """Reserve a run of requests `interval` seconds apart; return the real time of the first."""

    def back_off(self, host: str, until: Micros) -> None:
        """Let nobody ask this host before `until` (real time)."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can and cannot tell; planner, verdict and documentation read it instead of knowing platforms.

    `bulk_size`: comments that one call of `probe` should be asked for, so that it takes seconds, not minutes.
    `cost_per_request`: units of the source's budget.
    `vantages`: names, the first is the usual one; infrastructure that fails together is one vantage.
    `by_id`: a comment can be asked for by its id; without it only a coverage proof can say gone.
    `strongest_verdict`: what this platform can ever support, in words, for `sources plan` and the docs.
    """

    by_id: bool
    bulk_size: int
    vantages: tuple[str, ...]
    causes: frozenset[Cause]
    coverage_proof: bool = False
    known_absent: bool = False
    tombstones: bool = False
    signals: frozenset[str] = frozenset()
    cost_per_request: float = 1.0
    strongest_verdict: str = "confirmed"


class Platform(Protocol):
    """An adapter: it returns pages and answers with evidence, and decides nothing."""

    name: str
    capabilities: Capabilities

    def options(self, raw: Mapping[str, object]) -> Mapping[str, object]:
        """Validate a source's options from the configuration and fill defaults; pydantic.ValidationError if wrong."""

    def instance(self, options: Mapping[str, object]) -> str:
        """Return the server or site that ids belong to, e.g. comments.example.org."""

    def host(self, source: Source, vantage: str) -> str:
        """Return the host that a probe from this vantage asks: budgets and batches go by host."""

    def collect(self, source: Source, cursor: Mapping[str, object], http: Http) -> AsyncIterator[Page]:
        """Yield pages from the cursor on, oldest first; raise CollectError where the source cannot be read."""

    async def probe(self, source: Source, vantage: str, targets: Sequence[Target], http: Http) -> list[Answer]:
        """Look for each target; one answer each, in any order; what could not be seen is unreachable."""

    def known_absent(self, source: Source) -> Target | None:
        """Return a target that cannot exist and must therefore be gone, where the platform has such ids."""


@runtime_checkable
class Truthful(Protocol):
    """What a platform can do beside `Platform` when it has a stream of deletions: it measures, and never judges."""

    def events(self, source: Source, cursor: Mapping[str, object], http: Http) -> AsyncIterator[TruthPage]:
        """Yield what happened after the cursor, oldest first; raise CollectError where the stream cannot be read."""


class CollectError(Exception):
    """A source could not be read this time: the reason, in words for the owner. It is no verdict on any comment."""


class Channel(Protocol):
    """A way to reach the owner. `local` channels belong to the process that owns the terminal."""

    @property
    def name(self) -> str:
        """The name that the owner gave it."""

    @property
    def local(self) -> bool:
        """Whether only the process that owns the terminal can deliver on it."""

    async def send(self, alert: Alert, *, repeat: bool) -> str | None:
        """Deliver once; return the channel's own id of the message if it gives one; ChannelError if not delivered.

        `repeat`: an earlier attempt may have arrived; the message must say "(possible repeat)".
        """


class JobQueue(Protocol):
    """A wake-up bell for work that the database already holds; losing every job loses nothing."""

    def recheck(self, batch_id: int) -> None:
        """Ask for a batch to be looked at."""

    def deliver(self) -> None:
        """Ask for the outbox to be drained."""

    def depth(self) -> int:
        """Return how many jobs wait."""

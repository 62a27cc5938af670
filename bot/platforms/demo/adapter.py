"""The simulated platform behind `bot.ports.Platform`: a lookup by id, tombstones, and two servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field, HttpUrl

from bot.domain.comment import Page, Source
from bot.domain.observation import Answer, Cause, Target
from bot.domain.truth import TruthPage
from bot.http.budget import host_of
from bot.platforms.demo.collect import pages
from bot.platforms.demo.events import events
from bot.platforms.demo.probe import BULK, probe
from bot.ports import Capabilities, Http

_OPTION_OF = {"front": "url", "origin": "origin_url"}


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: HttpUrl
    origin_url: HttpUrl
    interval: float = Field(1.0, gt=0)


class DemoPlatform:
    """Implements bot.ports.Platform and bot.ports.Truthful for the simulated platform of `removalwatch demo`."""

    name = "demo"
    capabilities = Capabilities(
        by_id=True,
        bulk_size=BULK,
        vantages=tuple(_OPTION_OF),
        causes=frozenset(
            {
                Cause.AUTHOR,
                Cause.MODERATOR,
                Cause.PLATFORM,
                Cause.ACCOUNT_SUSPENDED,
                Cause.ACCOUNT_DELETED,
                Cause.ACCOUNT_DEACTIVATED,
                Cause.PARENT,
            }
        ),
        known_absent=True,
        tombstones=True,
    )

    def options(self, raw: Mapping[str, object]) -> Mapping[str, object]:
        """Return url, origin_url and interval (seconds between requests to one server); ValidationError if wrong."""
        options = _Options.model_validate(dict(raw))
        return {
            "url": str(options.url).rstrip("/"),
            "origin_url": str(options.origin_url).rstrip("/"),
            "interval": options.interval,
        }

    def instance(self, options: Mapping[str, object]) -> str:
        """Return host:port of the front server: ids are unique on it."""
        return host_of(str(options["url"]))

    def host(self, source: Source, vantage: str) -> str:
        """Return host:port of the vantage's own server."""
        return host_of(_base(source, vantage))

    def collect(self, source: Source, cursor: Mapping[str, object], http: Http) -> AsyncIterator[Page]:
        """Yield pages from the cursor on, oldest first in each thread; CollectError where the source cannot be read."""
        return pages(_base(source, "front"), cursor, http)

    async def probe(self, source: Source, vantage: str, targets: Sequence[Target], http: Http) -> list[Answer]:
        """Look for each target by its id, in bulk, on the vantage's own server."""
        return await probe(_base(source, vantage), targets, http)

    def events(self, source: Source, cursor: Mapping[str, object], http: Http) -> AsyncIterator[TruthPage]:
        """Yield the removals and restorations that the platform itself states after the cursor, oldest first."""
        return events(_base(source, "front"), cursor, http)

    def known_absent(self, source: Source) -> Target:  # noqa: ARG002 - the same on every server
        """Return id 1: ids begin with the time at which they were given, long after 1970."""
        return Target("1", thread_id="none")


def _base(source: Source, vantage: str) -> str:
    return str(source.options[_OPTION_OF[vantage]])

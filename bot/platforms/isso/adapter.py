"""Joins the parts of the Isso adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from yarl import URL

from bot.domain.comment import Page, Source
from bot.domain.observation import Answer, Target
from bot.http.budget import host_of
from bot.platforms.isso.collect import collect
from bot.platforms.isso.options import IssoOptions
from bot.platforms.isso.parse import native_id
from bot.platforms.isso.probe import probe
from bot.ports import Capabilities, Http

# Numbers count up from 1; above 2**63 the server fails instead of saying 404.
_NO_SUCH_COMMENT = native_id(2**53, 0)


class IssoPlatform:
    """Implements bot.ports.Platform for Isso (https://isso-comments.de)."""

    name = "isso"
    capabilities = Capabilities(
        by_id=True,
        # A listing shows a whole thread, but what it does not show is asked for one by one.
        bulk_size=10,
        vantages=("server",),
        causes=frozenset(),
        known_absent=True,
        tombstones=True,
        strongest_verdict="confirmed, without a cause: by a tombstone, or by repeated absence under the long rule",
    )

    def options(self, raw: Mapping[str, object]) -> Mapping[str, object]:
        """Validate a source's options and fill defaults; pydantic.ValidationError if wrong."""
        return IssoOptions.model_validate(raw).model_dump()

    def instance(self, options: Mapping[str, object]) -> str:
        """Return host[:port][/path] of the server."""
        url = IssoOptions.model_validate(options).url
        return host_of(url) + URL(url).path.rstrip("/")

    def host(self, source: Source, vantage: str) -> str:  # noqa: ARG002 - there is one vantage
        """Return host[:port] of the server."""
        return host_of(IssoOptions.model_validate(source.options).url)

    def collect(self, source: Source, cursor: Mapping[str, object], http: Http) -> AsyncIterator[Page]:
        """Yield pages, thread by thread; CollectError where a thread cannot be read."""
        return collect(source, cursor, http)

    async def probe(
        self,
        source: Source,
        vantage: str,  # noqa: ARG002 - there is one vantage
        targets: Sequence[Target],
        http: Http,
    ) -> list[Answer]:
        """Look for each target; what could not be seen is unreachable."""
        return await probe(source, targets, http)

    def known_absent(self, source: Source) -> Target | None:
        """Return a comment that no Isso server has yet, in the first watched thread."""
        return Target(_NO_SUCH_COMMENT, IssoOptions.model_validate(source.options).threads[0])

"""The HTTP client of the whole service: one connection pool behind the guards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import aiohttp
from yarl import URL

from bot.http.address_guard import BlockedAddressError, networks, redirect_refusal, refusal, socket_factory
from bot.http.body_cap import read_capped
from bot.http.budget import Politeness, host_of
from bot.ports import HostBudget, Reply

_MAX_BODY = 2 * 1024 * 1024
_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CONNECTIONS_PER_HOST = 4


def open_http(
    budget: HostBudget,
    *,
    user_agent: str,
    allow_networks: Sequence[str] = (),
    interval: float = 1.0,
    intervals: Mapping[str, float] | None = None,
    max_body: int = _MAX_BODY,
    timeout: float = 20.0,
) -> Session:
    """Return the client, to be used with `async with`; one for a whole process.

    `allow_networks`: networks (CIDR) that may be asked although they are not public; InputError if one is none.
    `interval`, `intervals`: seconds between requests to a host, and exceptions by host[:port].
    `max_body`: bytes after decompression; `timeout`: seconds for one hop, body included.
    """
    client = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit_per_host=_CONNECTIONS_PER_HOST, socket_factory=socket_factory(networks(allow_networks))
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": user_agent},
        timeout=aiohttp.ClientTimeout(total=timeout, sock_connect=min(5.0, timeout), sock_read=min(10.0, timeout)),
        trust_env=False,
    )
    return Session(client, Politeness(budget, interval, intervals or {}), max_body)


class Session:
    """Implements bot.ports.Http. A connection that broke while it was idle is tried once more by aiohttp itself."""

    def __init__(self, client: aiohttp.ClientSession, politeness: Politeness, max_body: int) -> None:
        self._client = client
        self._politeness = politeness
        self._max_body = max_body

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def get(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Fetch `url`, follow up to five redirects; never raises for what the network or the other side does."""
        try:
            target = URL(url).extend_query(params or {})
        except ValueError:
            return _no_url(url)
        return await self._follow(target, headers or {})

    async def post_json(self, url: str, payload: object, *, headers: Mapping[str, str] | None = None) -> Reply:
        """Send JSON to `url`; a redirect is the answer, because what was sent is not for another host."""
        try:
            target = URL(url)
        except ValueError:
            return _no_url(url)
        return await self._ask("POST", target, headers or {}, payload)

    async def _follow(self, url: URL, headers: Mapping[str, str]) -> Reply:
        for _ in range(_MAX_REDIRECTS + 1):
            reply = await self._ask("GET", url, headers)
            location = reply.headers.get("Location") if reply.status in _REDIRECTS else None
            if location is None:
                return reply
            try:
                target = url.join(URL(location))
            except ValueError:
                return _no_url(str(url))
            if refused := redirect_refusal(url, target):
                return Reply(url=str(url), failure=refused)
            headers = headers if target.origin() == url.origin() else {}
            url = target
        return Reply(url=str(url), failure=f"too many redirects: more than {_MAX_REDIRECTS}")

    async def _ask(self, method: str, url: URL, headers: Mapping[str, str], payload: object = None) -> Reply:
        host = host_of(url)
        if refused := refusal(url) or await self._politeness.turn(host):
            return Reply(url=str(url), failure=refused)
        try:
            reply = await self._exchange(method, url, headers, payload)
        except (TimeoutError, aiohttp.ClientError, UnicodeError) as error:
            return Reply(url=str(url), failure=_failure(error))
        await self._politeness.answered(host, reply.status, reply.headers)
        return reply

    async def _exchange(self, method: str, url: URL, headers: Mapping[str, str], payload: object) -> Reply:
        async with self._client.request(method, url, headers=headers, json=payload, allow_redirects=False) as answer:
            body = await read_capped(answer.content, self._max_body)
            if body is None:
                failure = f"body too large: more than {self._max_body} bytes"
                return Reply(answer.status, answer.headers, b"", str(url), failure)
            return Reply(answer.status, answer.headers, body, str(url))


def _no_url(url: str) -> Reply:
    return Reply(url=url, failure="blocked address: this is no URL")


def _failure(error: Exception) -> str:
    """Return a failure in our words: aiohttp's own contain the URL, and a URL may contain a token."""
    if isinstance(error, TimeoutError):
        return "timeout: no whole answer in time"
    if isinstance(error, (aiohttp.ClientConnectorDNSError, UnicodeError)):
        return "dns: the name has no address"
    if isinstance(error, aiohttp.InvalidURL):
        return "blocked address: this is no URL"
    if isinstance(error, aiohttp.ClientSSLError):
        return f"tls: {type(error).__name__}"
    if isinstance(error, aiohttp.ClientConnectorError):
        blocked = isinstance(error.os_error, BlockedAddressError)
        return f"{'blocked address' if blocked else 'refused'}: {error.os_error.strerror or 'no connection'}"
    return f"broken: {type(error).__name__}"

"""How the simulated servers fail: planted episodes, and what a failing server answers."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.demo.acts import Fault, FaultAct, StartFault, Vantage
from bot.domain.instant import Micros

_PAGE = "<!doctype html><html><head><title>{0}</title></head><body><main><h1>{0}</h1></main></body></html>"
#: Real seconds; shorter than any sensible client's patience.
SLOW_SECONDS = 1.0
_LAGGING_SHARE = 0.30
_RETRY_AFTER_SECONDS = "1"
LOGIN_PATH = "/login"
_RENAMED = {"threads": "topics", "comments": "items", "id": "cid", "text": "body", "last_sequence": "tail"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Episode:
    """One planted fault on one or more vantages; `asked` are the living ids that were asked for meanwhile."""

    kind: Fault
    vantages: tuple[Vantage, ...]
    start: Micros
    end: Micros | None = None
    requests: int = 0
    asked: set[str] = field(default_factory=set)


class Faults:
    """All episodes, past and present."""

    def __init__(self) -> None:
        self.episodes: list[Episode] = []

    def apply(self, act: FaultAct, at: Micros) -> str:
        """Begin or end a fault; return its kind."""
        if isinstance(act, StartFault):
            self.episodes.append(Episode(act.kind, act.vantages, at))
        else:
            for episode in self.episodes:
                if episode.kind is act.kind and episode.end is None:
                    episode.end = at
        return act.kind

    def on(self, vantage: Vantage) -> Episode | None:
        """Return the fault that a server suffers now; the newest where there are several."""
        return next((one for one in reversed(self.episodes) if one.end is None and vantage in one.vantages), None)


def _page(title: str, status: int = 200) -> web.Response:
    return web.Response(text=_PAGE.format(title), status=status, content_type="text/html")


async def login_page(_request: web.Request) -> web.Response:
    """Answer as login pages do: 200, and HTML."""
    return _page("Log in to go on")


#: What is answered instead of anything.
_REFUSALS: Mapping[Fault, Callable[[], web.Response]] = {
    Fault.RATE_LIMITED: lambda: web.json_response(
        {"error": "rate_limited"}, status=429, headers={"Retry-After": _RETRY_AFTER_SECONDS}
    ),
    Fault.SERVER_ERROR: lambda: _page("Internal Server Error", 500),
    Fault.GATEWAY_TIMEOUT: lambda: _page("Gateway Time-out", 504),
    Fault.CAPTCHA: lambda: _page("Prove that you are human"),
    Fault.EMPTY: lambda: web.Response(body=b"", content_type="application/json"),
    Fault.SOFT_404: lambda: _page("This comment does not exist"),
    Fault.HARD_404: lambda: web.json_response({"error": "not_found"}, status=404),
    Fault.FORBIDDEN: lambda: web.json_response({"error": "forbidden"}, status=403),
    Fault.LOGIN: lambda: web.Response(status=302, headers={"Location": LOGIN_PATH}),
}


def _truncated(body: bytes, _episode: Episode) -> bytes:
    return body[: max(1, len(body) * 2 // 3)]


def _drifted(body: bytes, _episode: Episode) -> bytes:
    return json.dumps(_renamed(json.loads(body))).encode()


def _renamed(value: Any) -> Any:
    if isinstance(value, list):
        return [_renamed(one) for one in value]
    if isinstance(value, dict):
        return {_RENAMED.get(name, name): _renamed(one) for name, one in value.items()}
    return value


def _lagging(body: bytes, episode: Episode) -> bytes:
    payload = json.loads(body)
    if "more" not in payload and "comments" in payload:  # a listing comes from elsewhere
        payload["comments"] = [row for row in payload["comments"] if not lags(episode, row)]
    return json.dumps(payload).encode()


def lags(episode: Episode, row: Mapping[str, Any]) -> bool:
    """Return whether the fault strikes a row that shows a living comment: the same 30 % throughout an episode."""
    draw = hashlib.sha256(f"{episode.start} {row['id']}".encode()).digest()[0]
    return "text" in row and draw < _LAGGING_SHARE * 256


def _mistaken(body: bytes, episode: Episode) -> bytes:
    payload = json.loads(body)
    if "more" not in payload and "comments" in payload:
        payload["comments"] = [
            {"id": row["id"], "deleted": True, "by": "moderator"} if lags(episode, row) else row
            for row in payload["comments"]
        ]
    return json.dumps(payload).encode()


def _emptied(body: bytes, _episode: Episode) -> bytes:
    return json.dumps(
        {name: [] if isinstance(value, list) else value for name, value in json.loads(body).items()}
    ).encode()


#: What a genuine answer becomes.
_SPOILERS: Mapping[Fault, Callable[[bytes, Episode], bytes]] = {
    Fault.TRUNCATED: _truncated,
    Fault.PARSER_DRIFT: _drifted,
    Fault.REPLICA_LAG: _lagging,
    Fault.EMPTY_LIST: _emptied,
    Fault.WRONG_TOMBSTONE: _mistaken,
}


async def failing(episode: Episode, request: web.Request, genuine: Handler) -> web.StreamResponse:
    """Return what a failing server answers where a healthy one would answer `genuine(request)`."""
    if episode.kind in _REFUSALS:
        return _REFUSALS[episode.kind]()
    if episode.kind is Fault.RESET:
        return _reset(request)
    if episode.kind is Fault.SLOW:
        await asyncio.sleep(SLOW_SECONDS)
    response = await genuine(request)
    spoil = _SPOILERS.get(episode.kind)
    if spoil is not None and isinstance(response, web.Response) and isinstance(response.body, bytes):
        response.body = spoil(response.body, episode)
    return response


def _reset(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()

"""The public API of the simulated platform, served by one of its two servers, which may fail on its own.

`GET /threads`, `GET /threads/{id}/comments?after=<sequence>&limit=<1..100>`, `GET /comments?ids=<1..100 ids>`,
`GET /events?after=<sequence>&limit=<1..100>`: every removal and restoration, silent ones without saying by whom.
"""

from __future__ import annotations

from aiohttp import web

from bot.demo.acts import Fault, Vantage
from bot.demo.faults import LOGIN_PATH, Handler, failing, login_page
from bot.demo.simulation import Simulation
from bot.demo.site import Comment, Event
from bot.domain.instant import Micros, to_datetime
from bot.domain.observation import Cause

_MOST = 100
_GONE_WITH = {
    Cause.PARENT: "thread_gone",
    Cause.ACCOUNT_SUSPENDED: "account_suspended",
    Cause.ACCOUNT_DELETED: "account_deleted",
    Cause.ACCOUNT_DEACTIVATED: "account_deactivated",
}


def row(comment: Comment) -> dict[str, object] | None:
    """Return what a lookup by id shows of a comment; None: nothing at all."""
    removal, restriction = comment.removal, comment.restriction
    if restriction is not None:
        return None if restriction.says is None else {"id": comment.id, "error": restriction.says}
    if removal is not None and removal.silent:
        return None
    if removal is not None and removal.cause in _GONE_WITH:
        return {"id": comment.id, "error": _GONE_WITH[removal.cause]}
    if removal is not None:
        return {"id": comment.id, "deleted": True, "by": removal.cause}
    if comment.held:
        return {"id": comment.id, "pending": True}
    return _shown(comment)


def _shown(comment: Comment) -> dict[str, object]:
    return {
        "id": comment.id,
        "sequence": comment.sequence,
        "thread": comment.thread,
        "parent": comment.parent,
        "author": comment.author,
        "text": comment.text,
        "created": _iso_milliseconds(comment.posted_at),
        "edited": comment.edited,
        "folded": comment.folded,
    }


def _event(event: Event) -> dict[str, object]:
    return {
        "sequence": event.sequence,
        "id": event.id,
        "kind": event.kind,
        "at": _iso_milliseconds(event.at),
        "by": event.by,
    }


def _iso_milliseconds(at: Micros) -> str:
    return to_datetime(at).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _refused(status: int, error: str) -> web.Response:
    return web.json_response({"error": error}, status=status)


class Server:
    """One vantage: the API over the common state, through this server's own faults."""

    def __init__(self, vantage: Vantage, simulation: Simulation) -> None:
        self.vantage = vantage
        self.requests = 0
        self._simulation = simulation
        self._site = simulation.site
        self._faults = simulation.faults

    def application(self) -> web.Application:
        """Return the aiohttp application of this server."""
        application = web.Application(middlewares=[self._serve])
        application.router.add_get("/threads", self._threads)
        application.router.add_get("/threads/{id}/comments", self._listing)
        application.router.add_get("/comments", self._lookup)
        application.router.add_get("/events", self._events)
        application.router.add_get(LOGIN_PATH, login_page)
        return application

    @web.middleware
    async def _serve(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        async def genuine(request: web.Request) -> web.StreamResponse:
            # A slow server answers with what is true when it answers.
            self._simulation.advance()
            return await handler(request)

        self._simulation.advance()
        self.requests += 1
        episode = self._faults.on(self.vantage)
        if episode is None or request.path == LOGIN_PATH:
            return await genuine(request)
        episode.requests += 1
        episode.asked.update(self._living(_ids(request)))
        return await failing(episode, request, genuine)

    def _living(self, ids: list[str]) -> list[str]:
        found = (self._site.comments.get(native_id) for native_id in ids)
        return [comment.id for comment in found if comment is not None and comment.public]

    def _legible(self) -> bool:
        episode = self._faults.on(self.vantage)
        return episode is None or episode.kind in {Fault.SLOW, Fault.REPLICA_LAG}

    async def _threads(self, _request: web.Request) -> web.Response:
        threads = [
            {"id": thread.id, "title": thread.title, "last_sequence": thread.last_public}
            for thread in self._site.threads.values()
            if not thread.ended and thread.id not in self._site.restrictions
        ]
        return web.json_response({"threads": threads})

    async def _listing(self, request: web.Request) -> web.Response:
        thread = self._site.threads.get(request.match_info["id"])
        window = _window(request)
        if window is None:
            return _refused(400, "bad_request")
        after, limit = window
        if thread is None or thread.ended:
            return _refused(404, "no_such_thread") if thread is None else _refused(410, "thread_gone")
        if thread.id in self._site.restrictions:
            return _refused(403, "restricted")
        public = [comment for comment in thread.after(after) if comment.public]
        shown = public[:limit]
        if self._legible():
            self._site.served(shown, self._simulation.clock.now())
        return web.json_response({"comments": [_shown(one) for one in shown], "more": len(public) > len(shown)})

    async def _events(self, request: web.Request) -> web.Response:
        window = _window(request)
        if window is None:
            return _refused(400, "bad_request")
        after, limit = window
        events = self._site.events
        rows = [_event(event) for event in events[after : after + limit]]
        return web.json_response({"events": rows, "last": len(events)})

    async def _lookup(self, request: web.Request) -> web.Response:
        ids = _ids(request)
        if not 1 <= len(ids) <= _MOST or not all(map(_digits, ids)):
            return _refused(400, "bad_request")
        known = (self._site.comments.get(native_id) for native_id in dict.fromkeys(ids))
        rows = (row(comment) for comment in known if comment is not None)
        return web.json_response({"comments": [one for one in rows if one is not None]})


def _window(request: web.Request) -> tuple[int, int] | None:
    """Return `after` and `limit`; None where they are none."""
    after, limit = request.query.get("after", "0"), request.query.get("limit", "100")
    good = _digits(after) and _digits(limit) and 1 <= int(limit) <= _MOST
    return (int(after), int(limit)) if good else None


def _ids(request: web.Request) -> list[str]:
    return [one for one in request.query.get("ids", "").split(",") if one]


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()

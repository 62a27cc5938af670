"""A local Slack: one incoming webhook that checks messages as Slack does and keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.alerts.fake_server import FakeServer, Fault

TOKEN = "canaryXoxSlackTokenZ9q8W7"

_ANSWERS = {
    Fault.RATE_LIMITED: (429, "rate_limited"),
    Fault.SERVER_ERROR: (500, "server_error"),
    Fault.REJECTED: (400, "invalid_blocks"),
    Fault.REVOKED: (403, "invalid_token"),
}
_TEXT_LIMITS = {"header": 150, "section": 3000}


@dataclass(frozen=True)
class SlackMessage:
    """A message that arrived."""

    id: int
    payload: Mapping[str, Any]

    @property
    def heading(self) -> str:
        """The header's text."""
        return str(self.payload["blocks"][0]["text"]["text"])

    @property
    def texts(self) -> list[Mapping[str, Any]]:
        """Every text object and rich text element, wherever it stands."""
        return [one for one in _walk(self.payload["blocks"]) if "text" in one and isinstance(one["text"], str)]

    @property
    def mrkdwn(self) -> list[str]:
        """Every text that Slack reads as markup; the notification's is one."""
        return [self.payload["text"], *(one["text"] for one in self.texts if one["type"] == "mrkdwn")]


class FakeSlack(FakeServer):
    """One incoming webhook at `webhook_url`."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[SlackMessage] = []

    @property
    def webhook_url(self) -> str:
        """The address with the secret in it."""
        return self.url(f"/services/T0/B0/{TOKEN}")

    def routes(self, router: web.UrlDispatcher) -> None:
        """Add the addresses of the service."""
        router.add_post("/services/T0/B0/{token}", self.receive)

    def refusal(self, fault: Fault) -> web.Response:
        """Return the service's own form of an error."""
        status, text = _ANSWERS[fault]
        headers = {"Retry-After": str(self.retry_after)} if status == 429 else {}
        return web.Response(status=status, text=text, headers=headers)

    async def take(self, request: web.Request) -> web.Response:
        """Check a message as the service does, keep it, and answer."""
        if request.match_info["token"] != TOKEN:
            # Not Slack's words, but some middle box's: it repeats the address.
            return web.Response(status=404, text=f"Cannot POST {request.path}")
        payload = await request.json()
        if not valid(payload["blocks"]):
            return web.Response(status=400, text="invalid_blocks")
        self.messages.append(SlackMessage(len(self.messages) + 1, payload))
        return web.Response(text="ok")


def valid(blocks: list[dict[str, Any]]) -> bool:
    """Return whether Slack would take these blocks."""
    return 0 < len(blocks) <= 50 and all(map(_valid_block, blocks))


def _valid_block(block: Mapping[str, Any]) -> bool:
    limit = _TEXT_LIMITS.get(block["type"])
    if limit and "text" in block and not 0 < len(block["text"]["text"]) <= limit:
        return False
    fields = block.get("fields", [])
    return len(fields) <= 10 and all(0 < len(field["text"]) <= 2000 for field in fields)


def _walk(node: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, Mapping):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _walk(child)

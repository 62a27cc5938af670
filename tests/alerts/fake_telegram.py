"""A local Telegram Bot API: one bot and one chat; it checks messages as Telegram does and keeps them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from aiohttp import web

from tests.alerts.fake_server import FakeServer, Fault

TOKEN = "123456:canaryBotTokenQ1w2E3r4T5"
CHAT = "4242"

_ANSWERS = {
    Fault.RATE_LIMITED: (429, "Too Many Requests: retry later"),
    Fault.SERVER_ERROR: (500, "Internal Server Error"),
    Fault.REJECTED: (400, "Bad Request: can't parse entities: Unsupported start tag"),
    Fault.REVOKED: (403, "Forbidden: bot was blocked by the user"),
}
_TOKEN = re.compile(
    r'<(?P<open>b|i|pre|a)(?: href="[^"<>]*")?>|</(?P<close>b|i|pre|a)>'
    r"|(?P<entity>&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);)|(?P<text>[^<>&]+)"
)


@dataclass(frozen=True)
class TelegramMessage:
    """A message that arrived; `text` is what people see, `raw` what was sent."""

    id: int
    chat: str
    text: str
    raw: str
    markup: bool
    preview: bool
    picture: bytes | None = None

    @property
    def heading(self) -> str:
        """The first line."""
        return self.text.split("\n", 1)[0]


class FakeTelegram(FakeServer):
    """The Bot API at `api_url`; `moved_to` makes the chat a supergroup with another id."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[TelegramMessage] = []
        self.moved_to: int | None = None

    @property
    def api_url(self) -> str:
        """The address without the token."""
        return self.url("")

    def routes(self, router: web.UrlDispatcher) -> None:
        """Add the addresses of the service."""
        router.add_post("/bot{token}/sendMessage", self.receive)
        router.add_post("/bot{token}/sendPhoto", self.receive)

    def refusal(self, fault: Fault) -> web.Response:
        """Return the service's own form of an error."""
        status, description = _ANSWERS[fault]
        parameters = {"parameters": {"retry_after": self.retry_after}} if status == 429 else {}
        return _error(status, description, **parameters)

    async def take(self, request: web.Request) -> web.Response:
        """Check a message as the service does, keep it, and answer."""
        if request.match_info["token"] != TOKEN:
            return _error(401, f"Unauthorized: {request.path}")
        message = await self._read(request)
        if self.moved_to is not None and message.chat != str(self.moved_to):
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            return _error(400, description, parameters={"migrate_to_chat_id": self.moved_to})
        if message.chat not in {CHAT, str(self.moved_to)}:
            return _error(400, "Bad Request: chat not found")
        if not message.text:
            return _error(400, "Bad Request: can't parse entities: Unexpected end tag")
        if len(message.text.encode("utf-16-le")) // 2 > (4096 if message.picture is None else 1024):
            return _error(400, "Bad Request: message is too long")
        self.messages.append(message)
        return web.json_response({"ok": True, "result": {"message_id": message.id, "date": 0}})

    async def _read(self, request: web.Request) -> TelegramMessage:
        picture = None
        preview = True
        if request.path.endswith("sendPhoto"):
            form = await request.post()
            upload = form["photo"]
            assert isinstance(upload, web.FileField)
            picture = upload.file.read()
            body = {key: str(value) for key, value in form.items() if key != "photo"}
            raw = body["caption"]
        else:
            body = await request.json()
            raw = body["text"]
            preview = not (await request.json())["link_preview_options"]["is_disabled"]
        markup = body.get("parse_mode") == "HTML"
        text = visible_text(raw) if markup else raw
        number = len(self.messages) + 1
        return TelegramMessage(number, body["chat_id"], text or "", raw, markup, preview, picture)


def visible_text(raw: str) -> str | None:
    """Return what Telegram shows of HTML; None where it would say that it cannot parse the entities."""
    shown: list[str] = []
    stack: list[str] = []
    place = 0
    while place < len(raw):
        token = _TOKEN.match(raw, place)
        if token is None:
            return None
        place = token.end()
        if token["open"]:
            stack.append(token["open"])
        elif token["close"]:
            if not stack or stack.pop() != token["close"]:
                return None
        else:
            shown.append(html.unescape(token[0]))
    return None if stack else "".join(shown)


def _error(status: int, description: str, **more: object) -> web.Response:
    return web.json_response({"ok": False, "error_code": status, "description": description, **more}, status=status)

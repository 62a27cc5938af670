"""Telegram, by the Bot API in HTML mode.

Limits and errors: https://core.telegram.org/bots/api
"""

from __future__ import annotations

import asyncio
from html import escape
from pathlib import Path

import aiohttp
import structlog
from pydantic import BaseModel, Field, SecretStr, ValidationError

from bot.alerts.connection import Connection, refusal
from bot.alerts.wording import Words, cut, one_line, words
from bot.domain.alert import Alert

OFFICIAL_API = "https://api.telegram.org"

# Telegram counts what is visible: 4096 in a message, 1024 under a picture. A link's text is not part of Words.
_LINK_TEXT = "open"
_MESSAGE_ROOM = 4096 - 10
_CAPTION_ROOM = 1024 - 10
# One message per second and chat, 20 per minute in a group.
_PRIVATE_INTERVAL, _GROUP_INTERVAL = 1.0, 3.0

log = structlog.get_logger(__name__)


class _Sent(BaseModel):
    message_id: int


class _Parameters(BaseModel):
    retry_after: int | None = Field(default=None, ge=0)
    migrate_to_chat_id: int | None = None


class _Answer(BaseModel):
    """What every method answers; without `result` it is a refusal."""

    status: int = 0
    description: str = ""
    parameters: _Parameters = _Parameters()
    result: _Sent | None = None


class TelegramChannel:
    """One chat that a bot writes to."""

    kind = "telegram"
    local = False

    def __init__(
        self,
        name: str,
        bot_token: SecretStr,
        chat_id: str,
        *,
        api_url: str = OFFICIAL_API,
        interval: float | None = None,
    ) -> None:
        """`interval`: seconds between messages; by default what Telegram allows in this kind of chat."""
        self.name = name
        self._token = bot_token
        self._chat_id = chat_id
        self._api_url = api_url.rstrip("/")
        usual = _PRIVATE_INTERVAL if chat_id.isdecimal() else _GROUP_INTERVAL
        self._connection = Connection("Telegram", usual if interval is None else interval)

    async def send(self, alert: Alert, *, repeat: bool) -> str | None:
        """Deliver once and return the message id; ChannelError, TimeoutError, ConnectionError as in Connection.turn."""
        picture = await asyncio.to_thread(_read, alert.picture)
        said = words(alert, repeat=repeat, room=_CAPTION_ROOM if picture else _MESSAGE_ROOM)
        async with self._connection.turn() as session:
            answer = await self._post(session, said, picture)
            if answer.parameters.migrate_to_chat_id is not None:
                self._move(str(answer.parameters.migrate_to_chat_id))
                answer = await self._post(session, said, picture)
            if answer.status == 400 and "can't parse entities" in answer.description:
                answer = await self._post(session, said, picture, markup=False)
        if answer.result is None:
            raise refusal("Telegram", answer.status, self._clean(answer.description), answer.parameters.retry_after)
        return str(answer.result.message_id)

    async def close(self) -> None:
        """Close the HTTP session."""
        await self._connection.close()

    async def _post(
        self, session: aiohttp.ClientSession, said: Words, picture: bytes | None, *, markup: bool = True
    ) -> _Answer:
        text = html_of(said) if markup else plain_of(said)
        mode = {"parse_mode": "HTML"} if markup else {}
        root = f"{self._api_url}/bot{self._token.get_secret_value()}"
        if picture is None:
            body = {"chat_id": self._chat_id, "text": text, "link_preview_options": {"is_disabled": True}, **mode}
            request = session.post(f"{root}/sendMessage", json=body, allow_redirects=False)
        else:
            form = aiohttp.FormData({"chat_id": self._chat_id, "caption": text, **mode})
            form.add_field("photo", picture, filename="picture.png", content_type="image/png")
            request = session.post(f"{root}/sendPhoto", data=form, allow_redirects=False)
        async with request as response:
            return _parse(await response.read(), response.status)

    def _move(self, chat_id: str) -> None:
        advice = "the group became a supergroup: write the new chat_id into the configuration"
        log.warning("telegram chat moved", channel=self.name, old=self._chat_id, new=chat_id, advice=advice)
        self._chat_id = chat_id

    def _clean(self, description: str) -> str:
        return cut(one_line(description.replace(self._token.get_secret_value(), "…")), 200)


def _parse(body: bytes, status: int) -> _Answer:
    try:
        answer = _Answer.model_validate_json(body)
    except ValidationError:
        return _Answer(status=status)
    return answer.model_copy(update={"status": status})


def _read(path: str | None) -> bytes | None:
    if path is None:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        # The words matter more than the picture.
        log.warning("picture left out", path=path, reason=error.strerror)
        return None


def html_of(said: Words) -> str:
    """Return the message in Telegram's HTML, valid whatever the words are."""
    lines = [f"<b>{escape(said.heading)}</b>"]
    lines += [f"<i>{escape(label)}</i>: {escape(value)}" for label, value in said.facts]
    lines += [escape(said.body)] if said.body else []
    # Telegram looks for links and @names everywhere but in <pre>.
    lines += [f"<pre>{escape(said.quote)}</pre>"] if said.quote else []
    link = f' · <a href="{escape(said.link)}">{_LINK_TEXT}</a>' if said.link else ""
    return "\n".join([*lines, escape(said.when) + link])


def plain_of(said: Words) -> str:
    """Return the message without any markup."""
    facts = [f"{label}: {value}" for label, value in said.facts]
    return "\n".join(part for part in (said.heading, *facts, said.body, said.quote, said.when) if part)

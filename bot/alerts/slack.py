"""Slack, by incoming webhook and Block Kit.

Only mrkdwn is a markup to escape (`& < >`); header, quote and body are plain blocks, in which nothing is a link
or a mention. https://docs.slack.dev/messaging/formatting-message-text/
"""

from __future__ import annotations

import logging
import re
from html import escape

import aiohttp
from pydantic import SecretStr
from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    RichTextBlock,
    RichTextElementParts,
    RichTextQuoteElement,
    RichTextSectionElement,
    SectionBlock,
)
from slack_sdk.webhook.async_client import AsyncWebhookClient
from slack_sdk.webhook.webhook_response import WebhookResponse

from bot.alerts.connection import Connection, refusal
from bot.alerts.wording import Words, words
from bot.domain.alert import Alert

# A section's text holds 3000; the quote and the fields have blocks of their own.
_ROOM = 3000
_FIELDS_PER_SECTION = 10
_WORD = re.compile("[a-z_]{1,60}")

# The library logs the webhook, which is a secret, when its logger lets DEBUG through.
_SILENT = logging.getLogger(f"{__name__}.silent")
_SILENT.setLevel(logging.CRITICAL + 1)


class SlackChannel:
    """One webhook, thus one Slack channel."""

    kind = "slack"
    local = False

    def __init__(self, name: str, webhook_url: SecretStr, *, interval: float = 1.0) -> None:
        """`interval`: seconds between messages; Slack allows one per second and channel."""
        self.name = name
        self._webhook_url = webhook_url
        self._connection = Connection("Slack", interval)

    async def send(self, alert: Alert, *, repeat: bool) -> str | None:
        """Deliver once; a webhook gives no id. ChannelError, TimeoutError and ConnectionError as in Connection.turn."""
        said = words(alert, repeat=repeat, room=_ROOM)
        async with self._connection.turn() as session:
            response = await self._client(session).send(
                # What a notification shows; the blocks replace it everywhere else.
                text=escape(said.heading, quote=False),
                blocks=blocks_of(said),
                unfurl_links=False,
                unfurl_media=False,
            )
        # A login page or a redirect is a 200 too.
        if response.status_code != 200 or response.body != "ok":
            raise _refusal(response)
        return None

    async def close(self) -> None:
        """Close the HTTP session."""
        await self._connection.close()

    def _client(self, session: aiohttp.ClientSession) -> AsyncWebhookClient:
        # No retries of its own: after a lost connection one could post twice, unmarked.
        url = self._webhook_url.get_secret_value()
        client = AsyncWebhookClient(url, session=session, retry_handlers=[], logger=_SILENT)
        # It takes a proxy from the environment; a way out must stand in the configuration.
        client.proxy = None
        return client


def blocks_of(said: Words) -> list[Block]:
    """Return the message in Block Kit."""
    blocks: list[Block] = [HeaderBlock(text=PlainTextObject(text=said.heading, emoji=False))]
    fields = [_field(label, value) for label, value in said.facts]
    starts = range(0, len(fields), _FIELDS_PER_SECTION)
    blocks += [SectionBlock(fields=fields[start : start + _FIELDS_PER_SECTION]) for start in starts]
    if said.body:
        blocks.append(SectionBlock(text=PlainTextObject(text=said.body, emoji=False)))
    if said.quote:
        quoted = RichTextElementParts.Text(text=said.quote)
        blocks.append(RichTextBlock(elements=[RichTextQuoteElement(elements=[quoted])]))
    if said.link:
        link = RichTextElementParts.Link(url=said.link)
        blocks.append(RichTextBlock(elements=[RichTextSectionElement(elements=[link])]))
    blocks.append(ContextBlock(elements=[PlainTextObject(text=said.when, emoji=False)]))
    return blocks


def _field(label: str, value: str) -> MarkdownTextObject:
    # verbatim: Slack must not look for links and names on its own.
    text = f"*{escape(label, quote=False)}*\n{escape(value, quote=False)}"
    return MarkdownTextObject(text=text, verbatim=True)


def _refusal(response: WebhookResponse) -> Exception:
    # Slack's errors are words like no_service; any other text may repeat the address, which is the secret.
    word = response.body if _WORD.fullmatch(response.body) else ""
    after = str(response.headers.get("Retry-After", ""))
    return refusal("Slack", response.status_code, word, float(after) if after.isdecimal() else None)

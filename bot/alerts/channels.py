"""Builds the channels that the configuration names."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console

from bot.alerts.slack import SlackChannel
from bot.alerts.telegram import TelegramChannel
from bot.alerts.terminal import TerminalChannel
from bot.domain.alert import Alert, AlertKind
from bot.domain.instant import Micros
from bot.settings import AlertSettings

AnyChannel = TerminalChannel | SlackChannel | TelegramChannel


def build_channels(settings: AlertSettings, console: Console) -> dict[str, AnyChannel]:
    """Return the channels by name; the settings have made sure that no two share one."""
    built: list[AnyChannel] = [TerminalChannel(console)] if settings.terminal else []
    built += [SlackChannel(one.name, one.webhook_url) for one in settings.slack]
    built += [TelegramChannel(one.name, one.bot_token, one.chat_id, api_url=one.api_url) for one in settings.telegram]
    return {channel.name: channel for channel in built}


async def close_channels(channels: Iterable[AnyChannel]) -> None:
    """Close what the channels hold open, before the event loop ends."""
    for channel in channels:
        await channel.close()


def test_alert(name: str, now: Micros) -> Alert:
    """Return an alert that proves that a channel works; each is an event of its own."""
    return Alert(
        key=f"test:{name}:{now}",
        kind=AlertKind.TEST,
        at=now,
        title="A test of this channel",
        body="If you can read this, alerts reach you here.",
        facts={"Channel": name},
    )

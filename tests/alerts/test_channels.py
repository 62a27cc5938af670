"""The channels that a configuration names."""

from __future__ import annotations

import io

from pydantic import SecretStr
from rich.console import Console

from bot.alerts import channels
from bot.settings import AlertSettings, SlackSettings, TelegramSettings
from tests.alerts.fake_slack import FakeSlack
from tests.alerts.fake_telegram import CHAT, TOKEN, FakeTelegram


async def test_every_configured_channel_delivers_a_test(slack: FakeSlack, telegram: FakeTelegram) -> None:
    """From the settings to a message that arrived, each under its name."""
    out = io.StringIO()
    settings = AlertSettings(
        terminal=True,
        slack=(SlackSettings(name="team", webhook_url=SecretStr(slack.webhook_url)),),
        telegram=(TelegramSettings(name="me", bot_token=SecretStr(TOKEN), chat_id=CHAT, api_url=telegram.api_url),),
    )
    built = channels.build_channels(settings, Console(file=out))
    assert tuple(built) == settings.channels
    for name, channel in built.items():
        await channel.send(channels.test_alert(name, 0), repeat=False)
    await channels.close_channels(built.values())
    assert "Channel: terminal" in out.getvalue()
    assert slack.messages[0].mrkdwn[1] == "*Channel*\nteam"
    assert "Channel: me" in telegram.messages[0].text


def test_only_the_terminal_is_local() -> None:
    """The others may be drained by any worker."""
    settings = AlertSettings(
        slack=(SlackSettings(webhook_url=SecretStr("https://example.org")),),
        telegram=(TelegramSettings(bot_token=SecretStr("1:x"), chat_id="-100"),),
    )
    built = channels.build_channels(settings, Console())
    assert {channel.kind: channel.local for channel in built.values()} == {
        "terminal": True,
        "slack": False,
        "telegram": False,
    }


def test_without_a_terminal_there_is_none() -> None:
    """A service in a container writes logs, not alerts, to its output."""
    assert channels.build_channels(AlertSettings(terminal=False), Console()) == {}


def test_each_test_of_a_channel_is_an_event_of_its_own() -> None:
    """The outbox would swallow a second one with the same key."""
    keys = {channels.test_alert("a", 0).key, channels.test_alert("a", 1).key, channels.test_alert("b", 1).key}
    assert len(keys) == 3

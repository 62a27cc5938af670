"""The terminal shows alerts and obeys no one in them."""

from __future__ import annotations

import asyncio
import io
import re
import unicodedata

from hypothesis import given
from rich.console import Console

from bot.alerts.terminal import TerminalChannel
from bot.domain.alert import Alert, AlertKind
from tests.alerts.samples import an_alert, hostile_alerts, thoroughly

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def send(channel: TerminalChannel, alert: Alert, *, repeat: bool = False) -> None:
    """Send to a terminal, which gives no id."""
    assert asyncio.run(channel.send(alert, repeat=repeat)) is None


@given(hostile_alerts())
@thoroughly
def test_no_text_of_an_alert_can_steer_the_terminal(alert: Alert) -> None:
    out = io.StringIO()
    send(TerminalChannel(Console(file=out, force_terminal=True, color_system="standard")), alert)
    shown = _COLOURS.sub("", out.getvalue())
    assert {c for c in shown if unicodedata.category(c) in {"Cc", "Cf"}} <= {"\n", "\u200c", "\u200d"}


def test_an_alert_shows_when_what_and_why() -> None:
    out = io.StringIO()
    alert = an_alert(
        title="A comment was flagged",
        facts={"Source": "shop [bold]"},
        body="one\ntwo",
        quote="垃圾 [red]x[/red]",
        url="https://example.org/1",
    )
    send(TerminalChannel(Console(file=out, width=40)), alert)
    assert out.getvalue().splitlines() == [
        "1970-01-01T00:00:00Z A comment was flagged",
        "  Source: shop [bold]",
        "  one",
        "  two",
        "  垃圾 [red]x[/red]",
        "  https://example.org/1",
    ]


def test_a_repeat_is_marked() -> None:
    out = io.StringIO()
    send(TerminalChannel(Console(file=out)), an_alert(kind=AlertKind.TEST), repeat=True)
    assert "(possible repeat)" in out.getvalue()


def test_a_terminal_that_cannot_show_a_character_shows_a_question_mark() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    send(TerminalChannel(Console(file=out)), an_alert(title="评 flagged"))
    out.flush()
    assert raw.getvalue() == b"1970-01-01T00:00:00Z ? flagged\n"


def test_the_terminal_belongs_to_its_process() -> None:
    assert TerminalChannel(Console()).local

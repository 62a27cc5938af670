"""The terminal of the process that the owner started."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from bot.alerts.wording import words
from bot.domain.alert import Alert, AlertKind

_STYLES = {
    AlertKind.MATCHED: "bold cyan",
    AlertKind.DISAPPEARED: "bold red",
    AlertKind.RESTORED: "bold green",
    AlertKind.THREAD_ENDED: "bold magenta",
    AlertKind.ACCOUNT_ENDED: "bold magenta",
    AlertKind.UNREACHABLE: "bold yellow",
    AlertKind.UNDECIDED: "bold yellow",
    AlertKind.DECIDED: "bold yellow",
}
_ROOM = 4000


class TerminalChannel:
    """Prints alerts between whatever else the console shows."""

    kind = "terminal"
    local = True

    def __init__(self, console: Console, name: str = "terminal") -> None:
        self.name = name
        self._console = console

    async def send(self, alert: Alert, *, repeat: bool) -> str | None:
        """Print once; a terminal gives no id."""
        said = words(alert, repeat=repeat, room=_ROOM)
        lines = [Text.assemble((said.when, "dim"), " ", (said.heading, _STYLES.get(alert.kind, "bold")))]
        lines += [Text.assemble(("  " + label, "dim"), ": ", value) for label, value in said.facts]
        lines += [Text("  " + line) for line in said.body.splitlines()]
        lines += [Text.assemble("  ", (said.quote, "italic"))] if said.quote else []
        lines += [Text.assemble("  ", (said.link, "underline"))] if said.link else []
        # Text is never read as markup, and wording has made control characters visible.
        text = Text("\n").join(lines)
        encoding = self._console.encoding
        text.plain = text.plain.encode(encoding, "replace").decode(encoding)
        self._console.print(text, highlight=False, soft_wrap=True)
        return None

    async def close(self) -> None:
        """Nothing to close: the console belongs to the program."""

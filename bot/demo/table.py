"""The end of the demo on the terminal: what was planted against what was found."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bot.demo.report import Comparison

_MOST_IDS = 5


def comparison(result: Comparison) -> Group:
    """Return the table by cause, the totals, and the ids of everything that went wrong."""
    return Group(_by_cause(result), *_failures(result), _conclusion(result))


def _by_cause(result: Comparison) -> Table:
    table = Table(title="Removals among the followed comments", title_justify="left")
    table.add_column("stated cause")
    for name in ("planted", "found", "cause right"):
        table.add_column(name, justify="right")
    for kind, count in result.by_cause.items():
        table.add_row(kind, str(count.planted), str(count.found), str(count.named))
    table.add_section()
    named = result.found_removals - len(result.wrong_cause)
    table.add_row("all", str(result.planted_removals), str(result.found_removals), str(named))
    table.add_row("restored", str(result.restorations_planted), str(result.restorations_found), "")
    table.add_row("never removed, called so", "0", str(len(result.false_removals)), "")
    return table


def _failures(result: Comparison) -> list[Text]:
    kinds = {
        "missed": result.missed,
        "wrongly called removed": result.false_removals,
        "given a cause that was not stated, or a stated one missed": result.wrong_cause,
        "restored, and not noticed": result.missed_restorations,
        "called restored, and still gone": result.false_restorations,
        "dated outside their interval": result.misdated,
    }
    return [Text(f"{what}: {_ids(ids)}", style="red") for what, ids in kinds.items() if ids]


def _ids(ids: tuple[str, ...]) -> str:
    more = f" and {len(ids) - _MOST_IDS} more" if len(ids) > _MOST_IDS else ""
    return f"{len(ids)} ({', '.join(ids[:_MOST_IDS])}{more})"


def _conclusion(result: Comparison) -> Text:
    if result.ok:
        return Text("Everything that was planted was found, and nothing else.", style="bold green")
    return Text("What was found is not what was planted.", style="bold red")

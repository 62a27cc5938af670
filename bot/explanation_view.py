"""The story of a comment for a person; what strangers wrote is made printable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.log import printable
from bot.rejudge import Moves


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print what `explain` returned."""
    for line in _head(found):
        _print(console, line)
    console.print(_observations(found["observations"]))
    console.print(_table("Changes of state", ("at", "state", "cause", "log-odds", "why"), found["changes"]))
    for line in _tail(found):
        _print(console, line)


def _print(console: Console, line: str) -> None:
    console.print(printable(line), markup=False, highlight=False, soft_wrap=True)


def _head(found: Mapping[str, Any]) -> Iterator[str]:
    thread = found["thread"]
    yield f"Comment {found['comment']} ({found['native_id']}) of {found['source']}: {found['state']}"
    title = "" if thread["title"] is None else f" ({thread['title']})"
    yield f"Thread {thread['native_id']}{title}" + (f", ended {thread['ended_at']}" if thread["ended_at"] else "")
    if found["url"]:
        yield f"Address: {found['url']}"
    for role in found["roles"]:
        partner = f" of comment {role['partner']}" if role["partner"] else ""
        yield f"Followed as {role['role']}{partner} since {role['enrolled_at']}, rule version {role['rule_version']}"
    yield f"First seen {found['first_seen']}; last seen {found['last_seen']}"


def _observations(lines: list[Mapping[str, Any]]) -> Table:
    rows = [{**one, "note": one["note"] or one["why"]} for one in lines]
    keys = ("at", "vantage", "outcome", "signal", "weight", "log_odds", "state", "note")
    heads = ("at", "vantage", "outcome", "signal", "weight", "log-odds", "then", "note")
    return _table("Observations", heads, rows, keys)


def _table(title: str, heads: tuple[str, ...], rows: list[Any], keys: tuple[str, ...] = ()) -> Table:
    table = Table(title=title, title_justify="left")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row[key]) for key in keys or tuple(head.replace("-", "_") for head in heads)))
    return table


def _cell(value: object) -> Text:
    return Text("" if value is None else f"{value:+.2f}" if isinstance(value, float) else printable(str(value)))


def _tail(found: Mapping[str, Any]) -> Iterator[str]:
    yield from _removal(found["removal"])
    for one in found["mass_disappearances"]:
        ended = "" if one["ended_at"] is None else f" at {one['ended_at']}"
        counts = f"{one['missing']} of {one['looked']} comments"
        yield f"Mass disappearance of its source since {one['since']} ({counts}): {one['ending']}{ended}"
    for one in found["corrections"]:
        yield f"An analyst says {one['state']} ({one['cause']}) at {one['at']}: {one['why']}"
    if found["log_odds"] is not None:
        flat = found["log_odds_flat_prior"]
        yield f"Log-odds of its open absences: {found['log_odds']:+.2f}; under a flat prior {flat or 0.0:+.2f}"
    rates = found["error_rates"]
    stand = f"measured on {rates['measured']} looks" if rates["measured"] else "assumed, not measured yet"
    shares = f"false miss {rates['false_miss']:g}, false sight {rates['false_sight']:g}"
    yield f"Error rates of {found['source']} ({stand}): {shares}, false tombstone {rates['false_tombstone']:g}"
    if not found["rejudging_agrees"]:
        yield "Today's decision makes another verdict of these observations: see removalwatch rejudge."
    look = found["next_look"]
    yield (
        "Next look: none, the follow-up is over" if look is None else f"Next look: {look['due']} from {look['vantage']}"
    )
    for line in found["missing"]:
        yield f"Missing for the next step: {line}"


def _removal(removal: Mapping[str, Any] | None) -> Iterator[str]:
    if removal is None:
        yield "No removal is on record."
        return
    cause = removal["cause"]
    stated = (
        "cause not stated by the platform" if cause == "not stated" else f"cause as the platform states it: {cause}"
    )
    dates = [
        f"{name} {removal[f'{name}_at']}"
        for name in ("suspected", "probable", "confirmed", "restored")
        if removal[f"{name}_at"]
    ]
    between = f"disappeared after {removal['after']}, by {removal['before']}; " if removal["before"] else ""
    yield f"On record: {between}{', '.join(dates)}; {stated}"


def show_moves(moves: Moves, console: Console, *, applied: bool) -> None:
    """Print what rejudging moved."""
    for (before, after), count in moves.counts.most_common():
        named = ", ".join(map(str, moves.examples[before, after]))
        _print(console, f"{before} -> {after}: {count} (comments {named}{', …' if count > 5 else ''})")
    if moves.dates:
        _print(console, f"same state and cause, other dates or counts: {moves.dates}")
    if moves.held:
        _print(console, f"left as they are, a batch looks at them just now: {moves.held}")
    if moves.incomplete:
        _print(console, f"left as they are, not all of their looks are stored: {moves.incomplete}")
    done = "stored" if applied else "nothing was written; --apply stores it" if moves.total else "nothing to store"
    _print(console, f"{moves.looked_at} comments judged again, {moves.total} moved: {done}.")


def moves_as_json(moves: Moves, *, applied: bool) -> dict[str, Any]:
    """Return what rejudging moved as JSON values."""
    kinds = [
        {"from": before, "to": after, "count": count, "comments": moves.examples[before, after]}
        for (before, after), count in moves.counts.most_common()
    ]
    head = {"judged": moves.looked_at, "moved": moves.total, "applied": applied, "held": moves.held}
    head["incomplete"] = moves.incomplete
    return {**head, "dates_only": moves.dates, "moves": kinds}


def show_last(found: Mapping[str, Any], console: Console) -> None:
    """Print the last look at a comment and what it led to."""
    if not found["observations"]:
        _print(
            console, f"Comment {found['comment']}: no look was stored; its host may have to be left alone for a while."
        )
        return
    last = found["observations"][-1]
    note = f" ({last['note']})" if last["note"] else ""
    _print(console, f"{last['at']} from {last['vantage']}: {last['outcome']}, {last['signal'] or 'no signal'}{note}")
    _print(console, f"Comment {found['comment']} of {found['source']}: {found['state']}")
    for line in found["missing"]:
        _print(console, f"Missing for the next step: {line}")

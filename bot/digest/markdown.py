"""The whole digest as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta

from bot.digest import figures, sentences
from bot.digest.week import Numbers
from bot.domain.comment import Role
from bot.domain.instant import iso
from bot.store.counts import Count, Groups

_HEADER = ("group", "disappeared", "95 % interval", "confirmed", "restored", "as the platform states it", "not seen")
_METHODS = """\
Counted are the comments that were first seen in the week, whatever became of them later.
A comment *disappeared* if repeated looks did not find it while comments known to be alive were found, \
if the platform said twice that it was deleted, or if it was still withheld at the end of its follow-up. \
*Confirmed* are those that more looks, or another way of looking, bore out. \
*Restored* ones were seen again, and stay counted. *Removed* is said only where the platform says so.
*Not seen* are looks that could not see anything (outage, block, login): nothing is concluded from them.
*Controls* are comments of the same source and time that no rule flagged, looked at on the same schedule; \
the *panel* is a random share of all comments, whatever the rules say.
Comments from the end of the week have been followed for less time, and what disappears later is not in.
The intervals are Wilson's; they take comments as independent, \
and are too narrow where many went with one thread or account.
"""


def markdown(numbers: Numbers, picture: str) -> str:
    """Return the digest; `picture` is the name of the PNG in the same folder."""
    letters = {source.name: letter for letter, source in numbers.lettered.items()}
    sources = {source.name: source.groups for source in numbers.sources if source.groups}
    blocks = [
        f"# {sentences.title(numbers)}",
        _period(numbers),
        *(f"**{warning}**" for warning in sentences.warnings(numbers)),
        f"**{_escaped(sentences.headline(numbers))}**",
        sentences.caution(numbers),
        f"![Share of flagged and control comments that disappeared, by source]({picture})",
        _table("source", sources, letters),
        _table("rule", numbers.rules, {}),
        _notes(numbers),
        f"## How to read this\n\n{_METHODS}{sentences.ASSOCIATION}",
    ]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _period(numbers: Numbers) -> str:
    monday = numbers.week.monday
    return f"{monday} to {monday + timedelta(days=6)} ({numbers.zone.key}), as of {iso(numbers.built_at)}."


def _table(noun: str, rows: Mapping[str, Groups], letters: Mapping[str, str]) -> str:
    if not rows:
        return ""
    lines = [_row((noun, *_HEADER)), _row("---" for _ in (noun, *_HEADER))]
    for name, groups in rows.items():
        label = f"**{letters[name]}** {_escaped(name)}" if name in letters else _escaped(name)
        lines += [_row((label, role, *_cells(count))) for role, count in _groups(groups)]
    return f"## By {noun}\n\n" + "\n".join(lines)


def _groups(groups: Groups) -> list[tuple[Role, Count]]:
    # No rate of the flagged without their control, even if it is that there was none.
    shown = {Role.CONTROL: Count(), **groups} if Role.FLAGGED in groups else groups
    return [(role, shown[role]) for role in Role if role in shown]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(count: Count) -> tuple[str, ...]:
    return (
        figures.disappeared(count),
        figures.interval(count),
        *(
            f"{part:,} of {count.disappeared:,}" if count.disappeared else "–"
            for part in (count.confirmed, count.restored)
        ),
        figures.causes(count),
        figures.unseen(count),
    )


def _notes(numbers: Numbers) -> str:
    notes = [note for role in Role for note in sentences.beside(role, numbers.total(role))]
    silent = [_escaped(source.name) for source in numbers.sources if not source.collected]
    if silent:
        notes.append(f"nothing came in from: {', '.join(silent)}")
    return "## Beside the rates\n\n" + "\n".join(f"- {note}" for note in notes) if notes else ""


def _escaped(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>#|~!])", r"\\\1", " ".join(text.split()))

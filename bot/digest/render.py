"""A week's numbers as a short text for chats, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from bot.digest import figures, sentences
from bot.digest.week import Numbers, SourceNumbers, too_few
from bot.domain.comment import Role
from bot.domain.instant import iso
from bot.stats.intervals import wilson
from bot.store.counts import Count, Groups

# With twelve names of this length an ordinary week still fits under a Telegram picture (1024 characters).
_NAME = 14


def short(numbers: Numbers) -> str:
    """Return lines of plain text to stand under the picture, what matters most first; the channel escapes them."""
    lines = [*sentences.warnings(numbers), sentences.headline(numbers)]
    if numbers.total(Role.FLAGGED).followed:
        lines += [sentences.fate(numbers), sentences.caution(numbers)]
    shown = numbers.lettered
    lines += ["Disappeared by source:"] if shown else []
    lines += [f"{letter} {_name(source)}: {_counts(source.groups)}" for letter, source in shown.items()]
    if left_out := sum(bool(source.followed) for source in numbers.sources) - len(shown):
        lines.append(f"and {figures.number(left_out, 'more source')}")
    return "\n".join(filter(None, lines))


def as_json(numbers: Numbers) -> dict[str, object]:
    """Return everything as JSON values: instants in ISO 8601, shares as fractions, null where there is no share."""
    totals = {role: numbers.total(role) for role in Role}
    return {
        "week": str(numbers.week),
        "zone": numbers.zone.key,
        "start": iso(numbers.week.start(numbers.zone)),
        "end": iso(numbers.week.end(numbers.zone)),
        "built_at": iso(numbers.built_at),
        "late": numbers.late,
        "complete": numbers.complete,
        "began": None if numbers.began is None else iso(numbers.began),
        "headline": sentences.headline(numbers),
        "too_few_to_compare": too_few(totals),
        "total": _groups(totals),
        "sources": [
            {"name": source.name, "collected": source.collected, "groups": _groups(source.groups)}
            for source in numbers.sources
        ],
        "rules": [{"rule": rule, "groups": _groups(groups)} for rule, groups in numbers.rules.items()],
    }


def _name(source: SourceNumbers) -> str:
    name = " ".join(source.name.split())
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"


def _counts(groups: Groups) -> str:
    flagged, control = groups.get(Role.FLAGGED, Count()), groups.get(Role.CONTROL, Count())
    return f"{_ratio(flagged, 'none flagged')}, {'control ' * bool(control.followed)}{_ratio(control, 'no control')}"


def _ratio(count: Count, otherwise: str) -> str:
    return f"{count.disappeared:,}/{count.followed:,}" if count.followed else otherwise


def _groups(groups: Mapping[Role, Count]) -> dict[str, object]:
    return {role.value: _count(count) for role, count in groups.items()}


def _count(count: Count) -> dict[str, object]:
    derived = {"disappeared": count.disappeared, "dependants": count.dependants, "events": count.events}
    share, low, high = None, None, None
    if count.followed:
        share = count.disappeared / count.followed
        low, high = wilson(count.disappeared, count.followed)
    return {**asdict(count), **derived, "share": share, "low": low, "high": high}

"""What a digest says in whole sentences, whatever it is rendered to."""

from __future__ import annotations

from bot.digest import figures
from bot.digest.week import ENOUGH_EVENTS, Numbers, too_few
from bot.domain.comment import Role
from bot.domain.instant import iso
from bot.store.counts import Count

ASSOCIATION = "Flagged against control is an association, not evidence of keyword filtering."


def title(numbers: Numbers) -> str:
    """Return the title, one line."""
    return f"Disappeared comments, week {numbers.week}"


def headline(numbers: Numbers) -> str:
    """Return the week in one sentence, with denominators, intervals, the control and what could not be seen."""
    flagged, control = numbers.total(Role.FLAGGED), numbers.total(Role.CONTROL)
    if not flagged.followed:
        collected = sum(source.collected for source in numbers.sources)
        return f"No flagged comment was followed this week; {figures.number(collected, 'comment')} came in."
    happened = f"{_of(flagged, 'flagged comment')} disappeared ({_share(flagged, '95 % interval ')})"
    against = (
        f"against {_of(control, 'control')} ({_share(control)})" if control.followed else "with no control to compare"
    )
    return f"{happened}, {against}; not seen: {figures.unseen(flagged + control)}."


def fate(numbers: Numbers) -> str:
    """Return what is known of the flagged that disappeared; empty if none did."""
    count = numbers.total(Role.FLAGGED)
    if not count.disappeared:
        return ""
    return (
        f"Of the {count.disappeared:,}, {count.confirmed:,} are confirmed and {count.restored:,} restored. "
        f"As the platform states it: {figures.causes(count)}."
    )


def caution(numbers: Numbers) -> str:
    """Return how far flagged and control may be compared."""
    groups = {role: numbers.total(role) for role in (Role.FLAGGED, Role.CONTROL)}
    if too_few(groups):
        events = figures.number(sum(count.events for count in groups.values()), "event")
        return f"Too few to compare: {events} in both groups together, fewer than {ENOUGH_EVENTS}."
    flagged = groups[Role.FLAGGED]
    if not flagged.unmatched:
        return ASSOCIATION
    # Where sources with high and low rates have unequal shares of the controls, the totals differ without any cause.
    unmatched = f"{flagged.unmatched:,} of {flagged.followed:,} flagged have no control"
    return f"{ASSOCIATION} {unmatched}: compare within a source, not over all."


def warnings(numbers: Numbers) -> list[str]:
    """Return what sets this digest apart from an ordinary one: late, early, or of a week that was not watched whole."""
    made = iso(numbers.built_at)
    sentences = []
    if numbers.late:
        sentences.append(f"Late: made {made}, more than a day after it was due.")
    if not numbers.complete:
        sentences.append(f"The week is not over: these are its numbers at {made}.")
    if numbers.began is not None:
        sentences.append(f"Not a whole week: watching began {iso(numbers.began)}.")
    return sentences


def beside(role: Role, count: Count) -> list[str]:
    """Return what must be known beside the rate of a group and is not in it."""
    notes = []
    if count.dependants:
        went = f"with {count.dependants:,} of the {count.disappeared:,} that disappeared"
        notes.append(f"threads and accounts that ended: {count.ended:,}, {went}; events in all: {count.events:,}")
    if count.muffled:
        notes.append(f"folded or shadowed, not counted as disappeared: {count.muffled:,}")
    if count.pending:
        notes.append(f"withheld, counted only if so at the end of the follow-up: {count.pending:,}")
    if count.unmatched:
        notes.append(f"without a control: {count.unmatched:,} of {count.followed:,}")
    return [f"{role}: {note}" for note in notes]


def _of(count: Count, noun: str) -> str:
    return f"{count.disappeared:,} of {figures.number(count.followed, noun)}"


def _share(count: Count, label: str = "") -> str:
    return f"{figures.percent(count.disappeared, count.followed)}, {label}{figures.interval(count)}"

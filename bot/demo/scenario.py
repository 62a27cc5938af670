"""What happens in the demo, as a timetable that a seed decides: who writes, what goes, what comes back, what fails.

Domain time. Day 0 is the clock's epoch; a backlog of a day stands before it, new comments come until day 1.75.
Removals begin half an hour after day 0 and are over by day 4.5. The platform holds one back until its comment was
served to a reader and public for half an hour: what nobody could have collected, nobody can miss.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from random import Random

from bot.demo import sentences
from bot.demo.acts import (
    VANTAGES,
    Act,
    By,
    Edit,
    EndThread,
    Fault,
    Fold,
    OpenThread,
    Post,
    Remove,
    StartFault,
    StopFault,
    SuspendAccount,
)
from bot.demo.cast import BACKLOG, ENDING_AUTHORS, ENDING_THREADS, Draft, drafts, threads
from bot.demo.site import PUBLIC_AT_LEAST
from bot.domain.instant import DAY, HOUR, MINUTE, Micros

Timed = tuple[Micros, Act]

#: What goes one by one: (who the platform says did it, silent, how many flagged, how many others).
REMOVED: tuple[tuple[By | None, bool, int, int], ...] = (
    ("author", False, 8, 2),
    ("moderator", False, 8, 2),
    ("platform", False, 7, 1),
    (None, False, 2, 0),
    (None, True, 44, 10),
)
#: How many of the flagged come back: (silent, how many). Authors' own deletions never do.
RESTORED: Mapping[bool, int] = {False: 7, True: 9}
EDITS = 40
FOLDS = 24
#: Faults of the whole host; all others strike the front alone.
OUTAGES = frozenset({Fault.SERVER_ERROR, Fault.RESET})
#: A wrong tombstone is not planted: what a platform says in words is the truth that the report goes by.
PLANTED = tuple(fault for fault in Fault if fault is not Fault.WRONG_TOMBSTONE)

_REMOVALS_BEGIN: Micros = HOUR // 2
_REMOVALS_END: Micros = 9 * DAY // 2
_RESTORED_REMOVALS_END: Micros = 2 * DAY
_FAULTS_BEGIN: Micros = 35 * DAY // 100
_FAULTS_END: Micros = 5 * DAY
# Zhu et al. 2013 (arXiv 1303.0597): of all deletions 5 % within 8 minutes, 30 % within 30 minutes, 90 % within
# 24 hours; log-linear in between. The ends, a minute and 30 days, are ours.
_LAW: Sequence[tuple[Micros, float]] = (
    (MINUTE, 0.0),
    (8 * MINUTE, 0.05),
    (30 * MINUTE, 0.30),
    (24 * HOUR, 0.90),
    (30 * DAY, 1.0),
)


def timetable(epoch: Micros, seed: int) -> list[Timed]:
    """Return all acts in the order of their times (UTC microseconds); the same for the same epoch and seed."""
    random = Random(seed)  # noqa: S311 - it must repeat, not surprise
    pages = threads(random)
    written = drafts(random, epoch, pages)
    removals = dict(_removals(random, written))
    acts: list[Timed] = [(-BACKLOG, OpenThread(id=page.id, title=page.title)) for page in pages]
    acts += [(draft.at, _post(draft)) for draft in written]
    acts += _returning(random, removals)
    acts += _endings(random)
    acts += _changes(random, [draft for draft in written if draft not in removals and not draft.dependant])
    acts += _faults(random)
    return [(epoch + at, act) for at, act in sorted(acts, key=lambda timed: timed[0])]


def share(age: Micros) -> float:
    """Return which share of all removals happens up to an age."""
    for (start, low), (end, high) in pairwise(_LAW):
        if age <= end:
            return low + (high - low) * math.log(max(age, start) / start) / math.log(end / start)
    return 1.0


def age_at(wanted: float) -> Micros:
    """Return the age up to which that share of all removals happens: the inverse of `share`."""
    for (start, low), (end, high) in pairwise(_LAW):
        if wanted <= high:
            return round(start * math.pow(end / start, (wanted - low) / (high - low)))
    return _LAW[-1][0]


def _post(draft: Draft) -> Post:
    return Post(id=draft.id, thread=draft.thread.id, author=draft.author, text=draft.text, parent=draft.parent)


def _removals(random: Random, written: Sequence[Draft]) -> Iterator[tuple[Draft, tuple[Micros, Remove]]]:
    single = [draft for draft in written if not draft.dependant]
    for flagged in (True, False):
        pool = [draft for draft in single if draft.flagged is flagged]
        random.shuffle(pool)
        for by, silent, among_flagged, among_others in REMOVED:
            for _ in range(among_flagged if flagged else among_others):
                draft = pool.pop()
                yield draft, (_removed_at(random, draft), Remove(id=draft.id, by=by, silent=silent))


def _removed_at(random: Random, draft: Draft) -> Micros:
    """Draw from the law of ages, given that it is removed between the first and the last allowed moment."""
    first = max(draft.at + PUBLIC_AT_LEAST, _REMOVALS_BEGIN)
    drawn = random.uniform(share(first - draft.at), share(_REMOVALS_END - draft.at))
    return draft.at + age_at(drawn)


def _returning(random: Random, removals: Mapping[Draft, tuple[Micros, Remove]]) -> Iterator[Timed]:
    """Yield the removals; those that a reader notices soonest come back, two domain days and more later."""
    soonest = sorted(removals, key=lambda draft: removals[draft][0] - max(draft.at, 0))
    left = dict(RESTORED)
    for draft in soonest:
        at, act = removals[draft]
        if draft.flagged and act.by != "author" and at <= _RESTORED_REMOVALS_END and left[act.silent]:
            left[act.silent] -= 1
            act = act.model_copy(update={"restore_after": random.randint(48, 62) * HOUR})
        yield at, act


def _endings(random: Random) -> Iterator[Timed]:
    for thread in ENDING_THREADS:
        yield random.randrange(DAY, 3 * DAY), EndThread(id=thread)
    for author in ENDING_AUTHORS:
        yield random.randrange(DAY, 3 * DAY), SuspendAccount(author=author)


def _changes(random: Random, lasting: Sequence[Draft]) -> Iterator[Timed]:
    chosen = random.sample(lasting, EDITS + FOLDS)
    for number, draft in enumerate(chosen):
        at = random.randrange(max(draft.at, 0) + HOUR, 4 * DAY)
        yield at, _edit(draft) if number < EDITS else Fold(id=draft.id)


def _edit(draft: Draft) -> Act:
    return Edit(id=draft.id, text=draft.text + sentences.VOICES[draft.thread.tongue].update)


def _faults(random: Random) -> Iterator[Timed]:
    """Yield one episode of each kind, each somewhere in its own slot, so that they never overlap."""
    kinds = random.sample(PLANTED, len(PLANTED))
    slot = (_FAULTS_END - _FAULTS_BEGIN) // len(kinds)
    for number, kind in enumerate(kinds):
        length = random.randrange(5 * HOUR // 2, 7 * HOUR // 2)
        start = _FAULTS_BEGIN + number * slot + random.randrange(slot - length)
        yield start, StartFault(kind=kind, vantages=VANTAGES if kind in OUTAGES else ("front",))
        yield start + length, StopFault(kind=kind)

"""Who writes what in the demo: threads, authors and comments, as a seed decides."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from bot.demo import sentences
from bot.demo.site import snowflake
from bot.domain.instant import DAY, HOUR, Micros

THREADS = 26
COMMENTS = 2_400
BACKLOG: Micros = DAY
POSTING_ENDS: Micros = 7 * DAY // 4
_BACKLOG_SHARE = 0.65
_FLAGGED_SHARE = 0.15
_REPLY_SHARE = 0.2
_AUTHORS = 420
#: Two threads and two accounts end with all that hangs on them: six comments each, four of them flagged.
ENDING_THREADS = ("thread-ending-1", "thread-ending-2")
ENDING_AUTHORS = ("author-ending-1", "author-ending-2")
_DEPENDANTS = (True, True, True, True, False, False)


@dataclass(frozen=True, slots=True)
class Thread:
    """A page to come; all its comments are in one language."""

    id: str
    title: str
    tongue: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A comment to come; `at` counts from day 0 and may lie before it."""

    id: str
    at: Micros
    thread: Thread
    author: str
    text: str
    flagged: bool
    parent: str | None = None

    @property
    def dependant(self) -> bool:
        """Whether it will go with its thread or its author, and with nothing else."""
        return self.thread.id in ENDING_THREADS or self.author in ENDING_AUTHORS


def threads(random: Random) -> list[Thread]:
    """Return the threads, the ending ones last."""
    names = [f"thread-{number}" for number in range(1, THREADS + 1)]
    tongues = [sentences.language(random) for _ in (*names, *ENDING_THREADS)]
    return [
        Thread(name, sentences.title(random, tongue, number), tongue)
        for number, (name, tongue) in enumerate(zip((*names, *ENDING_THREADS), tongues, strict=True), start=1)
    ]


def drafts(random: Random, epoch: Micros, pages: list[Thread]) -> list[Draft]:
    """Return all comments in the order of their posting; ids hold the absolute time, `epoch` + `at`."""
    lasting, ending = pages[:THREADS], pages[THREADS:]
    plans = [(_moment(random), _popular(random, lasting), *_someone(random)) for _ in range(COMMENTS)]
    for page in ending:
        plans += [(_early(random), page, _author(random), flagged) for flagged in _DEPENDANTS]
    for author in ENDING_AUTHORS:
        plans += [(_early(random), _popular(random, lasting), author, flagged) for flagged in _DEPENDANTS]
    written: list[Draft] = []
    newest: dict[str, str] = {}
    for sequence, (at, page, author, flagged) in enumerate(sorted(plans, key=lambda plan: plan[0]), start=1):
        parent = newest.get(page.id) if random.random() < _REPLY_SHARE else None
        text = sentences.comment(random, page.tongue, flagged=flagged)
        written.append(Draft(snowflake(epoch + at, sequence), at, page, author, text, flagged, parent))
        newest[page.id] = written[-1].id
    return written


def _moment(random: Random) -> Micros:
    if random.random() < _BACKLOG_SHARE:
        return random.randrange(-BACKLOG, 0)
    return random.randrange(POSTING_ENDS)


def _early(random: Random) -> Micros:
    return random.randrange(-BACKLOG, -HOUR)


def _popular(random: Random, pages: list[Thread]) -> Thread:
    """Draw a page; the first is five times as busy as the last."""
    return random.choices(pages, [rank**-0.5 for rank in range(1, len(pages) + 1)])[0]


def _someone(random: Random) -> tuple[str, bool]:
    return _author(random), random.random() < _FLAGGED_SHARE


def _author(random: Random) -> str:
    return f"author-{random.randint(1, _AUTHORS)}"

"""The comments of the simulated platform: what they are now, and what was ever done to them (the truth)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bot.demo.acts import (
    CloseAccount,
    Edit,
    EndThread,
    Fold,
    Hold,
    OpenThread,
    Post,
    Remove,
    ReopenAccount,
    Restore,
    Restrict,
    SiteAct,
    SuspendAccount,
)
from bot.domain.instant import MINUTE, Micros
from bot.domain.observation import OF_ACCOUNT, Cause

#: A comment that nobody could have collected cannot be found missing: the scenario waits this long after it was served.
PUBLIC_AT_LEAST: Micros = 30 * MINUTE


class RefusedError(ValueError):
    """An act that the platform's state does not allow; the message says why."""


@dataclass(slots=True)
class Removal:
    """One planted disappearance; `cause` is what the platform states, None where it states nothing."""

    id: str
    cause: Cause | None
    silent: bool
    at: Micros
    restored_at: Micros | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the public event stream: a comment was removed (`by` whom, where that is stated) or restored."""

    sequence: int
    id: str
    kind: str
    at: Micros
    by: Cause | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Something else that was done: edit, fold, unfold, hold, release; to a page or an account: restrict, open."""

    id: str
    kind: str
    at: Micros


@dataclass(slots=True)
class Comment:
    """A comment; `removal` is the one in force, `served_at` when a listing first showed it to a reader.

    `restriction`: what hides it, with its page or its author, from people who are not logged in.
    """

    id: str
    thread: str
    parent: str | None
    author: str
    text: str
    sequence: int
    posted_at: Micros
    edited: bool = False
    folded: bool = False
    held: bool = False
    removal: Removal | None = None
    restriction: Restrict | None = None
    served_at: Micros | None = None

    @property
    def public(self) -> bool:
        """Whether everybody can see it, folded or not."""
        return self.removal is None and self.restriction is None and not self.held


@dataclass(slots=True)
class Thread:
    """A page with its comments in the order in which they were posted."""

    id: str
    title: str
    comments: list[Comment] = field(default_factory=list)
    ended: bool = False

    @property
    def last_public(self) -> int:
        """Return the sequence number of the newest comment that everybody can see, 0 where there is none."""
        return next((one.sequence for one in reversed(self.comments) if one.public), 0)

    def after(self, sequence: int) -> list[Comment]:
        """Return the comments that were posted after a sequence number."""
        return self.comments[bisect_right(self.comments, sequence, key=lambda one: one.sequence) :]


def snowflake(at: Micros, sequence: int) -> str:
    """Return a 64-bit id as platforms number today: milliseconds, then a sequence; too large for a double."""
    return str((at // 1000) << 20 | sequence & 0xFFFFF)


class Site:
    """All threads and comments; time is given, never read."""

    def __init__(self) -> None:
        self.threads: dict[str, Thread] = {}
        self.comments: dict[str, Comment] = {}
        self.closed: set[str] = set()
        self.restrictions: dict[str, Restrict] = {}
        self.removals: list[Removal] = []
        self.changes: list[Change] = []
        self.events: list[Event] = []

    def apply(self, act: SiteAct, at: Micros) -> str:
        """Do `act` and return the id of what it was done to; RefusedError where the state does not allow it."""
        match act:
            case Post():
                return self._post(act, at)
            case Restrict():
                return self._restrict(act, at)
            case SuspendAccount() | CloseAccount() | ReopenAccount():
                self._account(act, at)
                return act.author
            case OpenThread():
                self._open(act)
            case EndThread():
                self._end(act.id, at)
            case _:
                self._comment(act, at)
        return act.id

    def _comment(self, act: Edit | Fold | Hold | Remove | Restore, at: Micros) -> None:
        match act:
            case Edit():
                comment = self._changed(act.id, "edit", at)
                comment.text, comment.edited = act.text, True
            case Fold():
                self._changed(act.id, "fold" if act.folded else "unfold", at).folded = act.folded
            case Hold():
                self._changed(act.id, "hold" if act.held else "release", at).held = act.held
            case Remove():
                cause = Cause(act.by) if act.by else None
                self._remove(self._public(act.id), Removal(act.id, cause, act.silent, at))
            case Restore():
                self._restore(act.id, at)

    def _account(self, act: SuspendAccount | CloseAccount | ReopenAccount, at: Micros) -> None:
        match act:
            case SuspendAccount():
                self._close(act.author, Cause.ACCOUNT_SUSPENDED, at)
            case CloseAccount():
                self._close(act.author, Cause(f"account_{act.how}"), at)
            case ReopenAccount():
                self._reopen(act.author, at)

    def removable_from(self, act: SiteAct) -> Micros | None:
        """Return when all comments that `act` takes away will have been public long enough; None: some never served."""
        moments = [
            None if comment.served_at is None else comment.served_at + PUBLIC_AT_LEAST
            for comment in self._taken_by(act)
        ]
        return None if None in moments else max((moment for moment in moments if moment), default=0)

    def served(self, comments: Iterable[Comment], at: Micros) -> None:
        """Remember that a listing showed these comments to a reader."""
        for comment in comments:
            comment.served_at = comment.served_at or at

    def _taken_by(self, act: SiteAct) -> Iterator[Comment]:
        match act:
            case Remove():
                yield self._known(act.id)
            case EndThread():
                yield from self._thread(act.id).comments
            case SuspendAccount() | CloseAccount():
                yield from (one for one in self.comments.values() if one.author == act.author)
            case _:
                return

    def _open(self, act: OpenThread) -> None:
        if act.id in self.threads:
            raise RefusedError(f"thread {act.id} exists already")
        self.threads[act.id] = Thread(act.id, act.title)

    def _post(self, act: Post, at: Micros) -> str:
        thread = self._thread(act.thread)
        sequence = len(self.comments) + 1
        native_id = act.id or snowflake(at, sequence)
        if thread.ended or act.author in self.closed or native_id in self.comments:
            raise RefusedError("the thread has ended, the author's account is closed, or the id is taken")
        comment = Comment(native_id, act.thread, act.parent, act.author, act.text, sequence, at)
        comment.restriction = self._restriction(comment)
        self.comments[native_id] = comment
        thread.comments.append(comment)
        return native_id

    def _changed(self, native_id: str, kind: str, at: Micros) -> Comment:
        comment = self._known(native_id)
        if comment.removal is not None:
            raise RefusedError(f"comment {native_id} is removed: restore it first")
        self.changes.append(Change(native_id, kind, at))
        return comment

    def _remove(self, comment: Comment, removal: Removal) -> None:
        comment.removal = removal
        self.removals.append(removal)
        self._tell(comment.id, "removed", removal.at, removal.cause)

    def _restore(self, native_id: str, at: Micros) -> None:
        comment = self._known(native_id)
        if comment.removal is None or comment.removal.cause in OF_ACCOUNT | {Cause.PARENT}:
            raise RefusedError(f"comment {native_id} was not removed by itself: there is nothing to restore")
        comment.removal.restored_at = at
        comment.removal = None
        self._tell(native_id, "restored", at)

    def _tell(self, native_id: str, kind: str, at: Micros, by: Cause | None = None) -> None:
        self.events.append(Event(len(self.events) + 1, native_id, kind, at, by))

    def _end(self, thread_id: str, at: Micros) -> None:
        thread = self._thread(thread_id)
        thread.ended = True
        for comment in thread.comments:
            if comment.removal is None:
                self._remove(comment, Removal(comment.id, Cause.PARENT, silent=False, at=at))

    def _close(self, author: str, cause: Cause, at: Micros) -> None:
        self.closed.add(author)
        for comment in self.comments.values():
            if comment.author == author and comment.removal is None:
                self._remove(comment, Removal(comment.id, cause, silent=False, at=at))

    def _reopen(self, author: str, at: Micros) -> None:
        taken = [
            (one, one.removal)
            for one in self.comments.values()
            if one.author == author and one.removal is not None and one.removal.cause in OF_ACCOUNT
        ]
        if author not in self.closed or any(gone.cause is Cause.ACCOUNT_DELETED for _, gone in taken):
            raise RefusedError(f"the account of {author} was not closed, or was deleted for good")
        self.closed.remove(author)
        for comment, removal in taken:
            removal.restored_at, comment.removal = at, None

    def _restrict(self, act: Restrict, at: Micros) -> str:
        name = act.thread or act.author or ""
        if act.restricted:
            self.restrictions[name] = act
        elif self.restrictions.pop(name, None) is None:
            raise RefusedError(f"{name} is not restricted")
        self.changes.append(Change(name, "restrict" if act.restricted else "open", at))
        for comment in self.comments.values():
            comment.restriction = self._restriction(comment)
        return name

    def _restriction(self, comment: Comment) -> Restrict | None:
        for act in self.restrictions.values():
            if comment.thread == act.thread or comment.author == act.author:
                return act
        return None

    def _thread(self, thread_id: str) -> Thread:
        if thread_id not in self.threads:
            raise RefusedError(f"there is no thread {thread_id}")
        return self.threads[thread_id]

    def _known(self, native_id: str) -> Comment:
        if native_id not in self.comments:
            raise RefusedError(f"there is no comment {native_id}")
        return self.comments[native_id]

    def _public(self, native_id: str) -> Comment:
        comment = self._known(native_id)
        if not comment.public:
            raise RefusedError(f"comment {native_id} is not public: it cannot be removed now")
        return comment

"""What can happen on the simulated platform, as data: for the scenario's timetable and for the control panel."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from bot.domain.instant import Micros

Vantage = Literal["front", "origin"]
VANTAGES: tuple[Vantage, ...] = ("front", "origin")
#: Who the platform says deleted a comment; None: it does not say.
By = Literal["author", "moderator", "platform"]


class Fault(StrEnum):
    """How a server can fail.

    A slow server answers truly, late. The last three answer in good form that living ids are absent, or were removed
    by a moderator: no reader of one answer can tell, only canaries and another vantage can. All others are
    recognisable failures.
    """

    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    GATEWAY_TIMEOUT = "gateway_timeout"
    RESET = "reset"
    SLOW = "slow"
    CAPTCHA = "captcha"
    EMPTY = "empty"
    SOFT_404 = "soft_404"
    HARD_404 = "hard_404"
    FORBIDDEN = "forbidden"
    LOGIN = "login"
    TRUNCATED = "truncated"
    PARSER_DRIFT = "parser_drift"
    REPLICA_LAG = "replica_lag"
    EMPTY_LIST = "empty_list"
    WRONG_TOMBSTONE = "wrong_tombstone"


class _Act(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OpenThread(_Act):
    """A page is published that people can comment on."""

    act: Literal["open_thread"] = "open_thread"
    id: str
    title: str


class Post(_Act):
    """Someone writes a comment; without an `id` the platform numbers it."""

    act: Literal["post"] = "post"
    thread: str
    author: str
    text: str
    parent: str | None = None
    id: str | None = None


class Edit(_Act):
    """The author rewrites a comment."""

    act: Literal["edit"] = "edit"
    id: str
    text: str


class Fold(_Act):
    """A comment is collapsed, or shown in full again."""

    act: Literal["fold"] = "fold"
    id: str
    folded: bool = True


class Hold(_Act):
    """A comment is held back for review (only its author sees it), or let through."""

    act: Literal["hold"] = "hold"
    id: str
    held: bool = True


class Remove(_Act):
    """A comment goes; silent: its row is simply absent, otherwise a tombstone stands for it.

    `restore_after` (microseconds) brings it back that long after the removal.
    """

    act: Literal["remove"] = "remove"
    id: str
    by: By | None = None
    silent: bool = False
    restore_after: Micros | None = None

    @model_validator(mode="after")
    def _silence_names_nobody(self) -> Remove:
        if self.silent and self.by is not None:
            raise ValueError("a silent removal states nothing: leave out `by`, or `silent`")
        return self


class Restore(_Act):
    """A removed comment is shown again."""

    act: Literal["restore"] = "restore"
    id: str


class EndThread(_Act):
    """A page is taken down with everything under it."""

    act: Literal["end_thread"] = "end_thread"
    id: str


class SuspendAccount(_Act):
    """An account is closed by the platform, and all its comments with it."""

    act: Literal["suspend_account"] = "suspend_account"
    author: str


class CloseAccount(_Act):
    """An account is closed by its owner, for good or for a while, and all its comments with it."""

    act: Literal["close_account"] = "close_account"
    author: str
    how: Literal["deleted", "deactivated"] = "deleted"


class ReopenAccount(_Act):
    """A suspended or deactivated account is back with all its comments."""

    act: Literal["reopen_account"] = "reopen_account"
    author: str


class Restrict(_Act):
    """A page or an account is hidden from people who are not logged in, or open to everybody again.

    `says` is what stands for each comment meanwhile; None: nothing at all, its row is absent. It is no removal.
    """

    act: Literal["restrict"] = "restrict"
    thread: str | None = None
    author: str | None = None
    says: Literal["private", "quarantined", "forbidden"] | None = None
    restricted: bool = True

    @model_validator(mode="after")
    def _one_thing(self) -> Restrict:
        if (self.thread is None) is (self.author is None):
            raise ValueError("name a `thread` or an `author`, one of the two")
        return self


class StartFault(_Act):
    """A server, or the whole host, begins to fail."""

    act: Literal["start"] = "start"
    kind: Fault
    vantages: tuple[Vantage, ...] = Field(default=("front",), min_length=1)


class StopFault(_Act):
    """A fault ends on all servers that it struck."""

    act: Literal["stop"] = "stop"
    kind: Fault


SiteAct = (
    OpenThread
    | Post
    | Edit
    | Fold
    | Hold
    | Remove
    | Restore
    | EndThread
    | SuspendAccount
    | CloseAccount
    | ReopenAccount
    | Restrict
)
FaultAct = StartFault | StopFault
Act = SiteAct | FaultAct

SITE_ACT: TypeAdapter[SiteAct] = TypeAdapter(Annotated[SiteAct, Field(discriminator="act")])
FAULT_ACT: TypeAdapter[FaultAct] = TypeAdapter(Annotated[FaultAct, Field(discriminator="act")])

"""The few errors that carry a decision; everything else is a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file a mistake stands; line and column count from 1, as editors do."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class RemovalwatchError(Exception):
    """Base of all errors whose message may be shown to the owner as it is."""


class InputError(RemovalwatchError):
    """A wrong configuration or rules file: where, what is wrong, what to write instead. Exit code 2."""

    def __init__(self, what: str, *, instead: str = "", place: Place | None = None, source_line: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.instead = instead
        self.place = place
        self.source_line = source_line

    def __str__(self) -> str:
        """Return the message as a compiler would print it."""
        lines = [f"error: {self.what}"]
        if self.place is not None:
            lines.append(f"  --> {self.place}")
            if self.source_line:
                number = str(self.place.line)
                lines.append(f"  {number} | {self.source_line}")
                lines.append(f"  {' ' * len(number)} | {' ' * (self.place.column - 1)}^")
        if self.instead:
            lines.append(f"  help: {self.instead}")
        return "\n".join(lines)


class OperationError(RemovalwatchError):
    """The machine does not let us work (port taken, disk full, newer database): one sentence. Exit code 1."""


class ChannelError(RemovalwatchError):
    """An alert could not be delivered.

    `permanent`: trying again cannot help (revoked webhook, unknown chat).
    `retry_after`: seconds that the channel asked us to wait, if it did.
    """

    def __init__(self, message: str, *, permanent: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after

"""An entry of a rules file that knows where it stands, and reads itself as what it should be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.errors import InputError
from bot.located_yaml import Located

_KINDS = {dict: "a mapping", list: "a list", str: "a text", bool: "true or false", type(None): "nothing"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of the file; its readers return it as their type, or raise the InputError that points at it."""

    located: Located
    location: tuple[str | int, ...]
    value: Any

    def error(self, what: str, instead: str, *, at_key: bool = False) -> InputError:
        """Return (not raise) the error that points here."""
        return self.located.error(self.location, what, instead, at_key=at_key)

    def mapping(self, keys: Sequence[str] | None = None) -> dict[str, Entry]:
        """Read a mapping; with `keys`, no others may stand in it."""
        if not isinstance(self.value, dict):
            raise self._mismatch("a mapping", f"write keys under it: {', '.join(keys or ('name',))}")
        entries = {key: Entry(self.located, (*self.location, key), value) for key, value in self.value.items()}
        for key, entry in entries.items():
            if keys is not None and key not in keys:
                raise entry.error(f"there is no key {key} here", did_you_mean(key, keys), at_key=True)
        return entries

    def items(self) -> list[Entry]:
        """Read a list with something in it."""
        if not isinstance(self.value, list):
            raise self._mismatch("a list", "write [one, two], or one entry a line after a dash")
        if not self.value:
            raise self.error("this list is empty", "write an entry, or remove the key")
        return [Entry(self.located, (*self.location, index), value) for index, value in enumerate(self.value)]

    def text(self) -> str:
        """Read a text with something in it."""
        if not isinstance(self.value, str):
            number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
            raise self._mismatch("a text", f'quote it: "{self.value}"' if number else "write a text")
        if not self.value.strip():
            raise self.error("this text is empty", "write something, or remove it")
        return self.value

    def choice(self, names: Iterable[str]) -> str:
        """Read one of `names`."""
        text, names = self.text(), list(names)
        if text not in names:
            raise self.error(f"{text} is not known here", did_you_mean(text, names))
        return text

    def _mismatch(self, expected: str, instead: str) -> InputError:
        return self.error(f"{expected} belongs here, and this is {_KINDS.get(type(self.value), 'a number')}", instead)


def did_you_mean(written: str, names: Sequence[str]) -> str:
    """Return the advice that names the closest of `names`, or all of them."""
    if not names:
        return "none is defined in this file"
    close = difflib.get_close_matches(written, names, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"write one of: {', '.join(names)}"

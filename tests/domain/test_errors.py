"""Mistakes of the owner print like a compiler's; errors of channels carry a decision."""

from __future__ import annotations

import pytest

from bot.domain.errors import ChannelError, InputError, OperationError, Place, RemovalwatchError


def test_a_mistake_shows_place_line_caret_and_what_to_write() -> None:
    error = InputError(
        "unknown key 'wrods'",
        instead="did you mean 'words'?",
        place=Place("rules.yaml", 12, 5),
        source_line="    wrods: [refund]",
    )
    assert str(error).splitlines() == [
        "error: unknown key 'wrods'",
        "  --> rules.yaml:12:5",
        "  12 |     wrods: [refund]",
        "     |     ^",
        "  help: did you mean 'words'?",
    ]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (InputError("port must be a number"), "error: port must be a number"),
        (InputError("no file", instead="write one"), "error: no file\n  help: write one"),
        (InputError("empty", place=Place("a.yaml", 1, 1)), "error: empty\n  --> a.yaml:1:1"),
        (InputError("lost", source_line="x: 1"), "error: lost"),
    ],
)
def test_a_mistake_prints_what_is_known(error: InputError, text: str) -> None:
    assert str(error) == text


def test_the_caret_stays_below_its_column_whatever_the_line_number() -> None:
    for line in (9, 10, 99_999):
        *_, source, caret = str(InputError("x", place=Place("f", line, 3), source_line="ab!")).splitlines()
        assert source.index("!") == caret.index("^")


def test_a_channel_error_says_whether_and_when_to_try_again() -> None:
    passing, final = ChannelError("busy", retry_after=30.0), ChannelError("revoked", permanent=True)
    assert (passing.permanent, passing.retry_after, str(passing)) == (False, 30.0, "busy")
    assert (final.permanent, final.retry_after) == (True, None)


@pytest.mark.parametrize("error", [InputError("a"), OperationError("a"), ChannelError("a")])
def test_every_error_may_be_shown_to_the_owner(error: Exception) -> None:
    assert isinstance(error, RemovalwatchError)

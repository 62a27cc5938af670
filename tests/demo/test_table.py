"""What stands on the terminal when the demo is over."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from bot.demo.report import CauseCount, Comparison
from bot.demo.table import comparison

GOOD = Comparison(
    planted_removals=61,
    found_removals=61,
    restorations_planted=12,
    restorations_found=12,
    missed=(),
    false_removals=(),
    wrong_cause=(),
    missed_restorations=(),
    false_restorations=(),
    misdated=(),
    by_cause={"moderator": CauseCount(21, 21, 21), "silent": CauseCount(40, 40, 40)},
)


def _printed(result: Comparison) -> str:
    console = Console(width=100, force_terminal=False, color_system=None)
    with console.capture() as capture:
        console.print(comparison(result))
    return capture.get()


def _row(printed: str, name: str) -> list[str]:
    [line] = [line for line in printed.splitlines() if f"│ {name} " in line]
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_each_cause_has_its_row_and_all_have_one() -> None:
    printed = _printed(GOOD)
    assert _row(printed, "moderator") == ["moderator", "21", "21", "21"]
    assert _row(printed, "silent") == ["silent", "40", "40", "40"]
    assert _row(printed, "all") == ["all", "61", "61", "61"]
    assert _row(printed, "restored") == ["restored", "12", "12", ""]
    assert "Everything that was planted was found, and nothing else." in printed


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (replace(GOOD, missed=("42",)), "missed: 1 (42)"),
        (replace(GOOD, false_removals=("42",)), "wrongly called removed: 1 (42)"),
        (
            replace(GOOD, wrong_cause=("42",)),
            "given a cause that was not stated, or a stated one missed: 1 (42)",
        ),
        (replace(GOOD, missed_restorations=("42",)), "restored, and not noticed: 1 (42)"),
        (replace(GOOD, false_restorations=("42",)), "called restored, and still gone: 1 (42)"),
    ],
)
def test_each_failure_is_named_with_its_comments(result: Comparison, words: str) -> None:
    printed = _printed(result)
    assert words in printed
    assert "What was found is not what was planted." in printed


def test_a_wrong_date_is_told_although_it_does_not_fail_the_demo() -> None:
    printed = _printed(replace(GOOD, misdated=("42",)))
    assert "dated outside their interval: 1 (42)" in printed
    assert "Everything that was planted was found" in printed


def test_a_long_list_is_cut_and_says_so() -> None:
    assert "missed: 8 (0, 1, 2, 3, 4 and 3 more)" in _printed(replace(GOOD, missed=tuple("01234567")))

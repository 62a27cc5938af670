"""docs/how-removal-is-judged.md names the figures that the code holds."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain import health, recheck_plan, verdict
from bot.domain.error_rates import ASSUMED
from bot.domain.instant import DAY, HOUR, MINUTE
from bot.domain.observation import Outcome
from bot.error_rates import WINDOW
from bot.stats import calibration, error_rates

_TEXT = (Path(__file__).parents[1] / "docs" / "how-removal-is-judged.md").read_text(encoding="utf-8")
PAGE = re.sub(r"\s+", " ", _TEXT)
_STEPS = verdict.ONE_VANTAGE_STEPS
_HOURS = [step / HOUR for step in _STEPS]


@pytest.mark.parametrize(
    "words",
    [
        f"two, at least {verdict.SPACING // MINUTE} minutes apart",
        f"one more look at least {verdict.SPACING // MINUTE} minutes later",
        f"four: {_STEPS[1] // MINUTE} minutes, {_HOURS[2]:.0f} hour and {_HOURS[3]:.0f} hours after the first",
        f"six: {_HOURS[4]:.0f} hours and {_HOURS[5]:.0f} hours after the first",
        f"up to {health.CANARIES} comments known to be alive",
        f"away for {health.CANARY_GONE_AFTER // HOUR} hours and three looks",
        f"({health.CANARY_GONE_AFTER_UNDECIDED // HOUR} hours while the breaker holds)",
        f"at the latest {health.BREAKER_LONGEST // HOUR} hours after it opened",
        f"all at least {verdict.SPACING // MINUTE} minutes apart: "
        f"{3 * verdict.SPACING // MINUTE} minutes after the first",
        f"after {recheck_plan.PROOFS} absences at the shortest spacing",
        f"more than {health.BREAKER_COUNT} comments are newly absent",
        f"less than once in {1 / health.BREAKER_CHANCE:,.0f} times",
        f"at least {health.BREAKER_WITNESSES} of the held comments",
        f"at least {health.BREAKER_AGREES:.0%} of them".replace("%", " %"),
        f"stayed healthy for {health.BREAKER_HOLDS // HOUR} hours",
        f'"{health.BREAKER}"',
        f"guards holding | {ASSUMED.false_miss:.0%} |".replace("%", " %"),
        f"although alive | {ASSUMED.false_tombstone:.2%} |".replace("%", " %"),
        f"share of time in a fault | {ASSUMED.fault_share:.0%} |".replace("%", " %"),
        f"length of a fault | {ASSUMED.fault_seconds / 60:.0f} minutes |",
        f"seen although gone | {ASSUMED.false_sight:.0%} |".replace("%", " %"),
        f"ln({1 - ASSUMED.false_sight:.2f} / false miss)",
        f"from the last {WINDOW // DAY} days",
        f"weigh {error_rates.PRIOR_LOOKS:.0f} looks, {error_rates.PRIOR_HOURS:.0f} hours and "
        f"{error_rates.PRIOR_FAULTS:.0f} faults",
        f"at least {error_rates.FAULT_BATCHES} batches of one vantage",
        f"at least {calibration.MATURE // HOUR} hours old",
    ],
)
def test_the_page_names_the_figure_that_the_code_holds(words: str) -> None:
    assert words in PAGE


def test_the_ladder_has_as_many_steps_as_the_page_counts() -> None:
    assert (verdict.PROBABLE_STEP, len(_STEPS), health.CANARY_GONE_LOOKS) == (4, 6, 3)


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_stands_in_the_page(outcome: Outcome) -> None:
    words = outcome.value.replace("parent_gone", "thread_gone").replace("_", " ")
    assert re.search(rf"\| [^|]*\b{words}\b[^|]* \|", PAGE)


def test_the_calibration_says_when_and_how_it_was_made() -> None:
    table = _TEXT.partition("<!-- calibration -->")[2].partition("<!-- end of calibration -->")[0]
    assert re.search(r"20\d\d-\d\d-\d\d", table)
    assert "removalwatch demo --seed 1 --json" in table
    assert re.search(r"^\| all \| \d+ of \d+ \(", table, re.MULTILINE)


def test_two_vantages_confirm_as_the_page_says() -> None:
    """Two from each, whatever the order; three of which one is alone do not do."""
    assert "| two from *each* of the two," in _TEXT
    seen = verdict.Track(first_seen=0, last_look=0, last_seen=0, misses=4)
    assert verdict.proved_twice(replace(seen, miss_vantages=("a", "b", "a", "b")))
    assert not verdict.proved_twice(replace(seen, miss_vantages=("a", "b", "b", "b")))

"""docs/rules.md explains every key, and what it shows can be loaded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.located_yaml import load_text
from bot.rules.check import run_tests
from bot.rules.load import read_rules
from bot.rules.schema import ABOUT_KEYS, CONDITION_KEYS, FILE_KEYS, TEST_KEYS, Mode, Severity
from bot.text.language import LANGUAGES, UNDECIDED
from bot.text.views import View

DOCS = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", [*FILE_KEYS, *ABOUT_KEYS, *CONDITION_KEYS, *TEST_KEYS])
def test_every_key_has_a_row_in_a_table(key: str) -> None:
    assert f"\n| `{key}` | " in DOCS


@pytest.mark.parametrize("value", [*Severity, Mode.LIVE, Mode.SHADOW, '"off"', *LANGUAGES, UNDECIDED, *View])
def test_every_value_is_named(value: str) -> None:
    assert f"`{value}`" in DOCS


def test_the_example_loads_and_passes_its_own_tests() -> None:
    example = re.search(r"```yaml\n(.*?)```", DOCS, re.DOTALL)
    assert example is not None
    rules = read_rules(load_text(example[1], "docs/rules.md"))
    assert run_tests(rules) == []
    assert rules.rules[0].tests_match


@pytest.mark.parametrize("condition", re.findall(r"^\| `\w+` \| [^|]+ \| `([^|]+)` \|$", DOCS, re.MULTILINE))
def test_every_example_of_a_condition_loads(condition: str) -> None:
    frame = (
        "version: 1\nlists: {{russia: {{en: [Russia]}}}}\nrules: [{{id: a, phrase: x}}, {{id: b, all: [x, {{{}}}]}}]"
    )
    assert len(read_rules(load_text(frame.format(condition), "docs/rules.md")).rules) == 2


def test_there_is_an_example_of_every_condition() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| [^|]+ \| `[^|]+` \|$", DOCS, re.MULTILINE)) == set(CONDITION_KEYS)

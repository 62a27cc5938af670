"""Rules from a few lines of YAML."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from bot.located_yaml import load_text
from bot.rules.load import read_rules
from bot.rules.schema import RuleSet

Read = Callable[[str], RuleSet]


@pytest.fixture
def read() -> Read:
    """Return a function that reads what stands after `version: 1`."""
    return lambda text: read_rules(load_text("version: 1\n" + dedent(text).lstrip("\n"), "rules.yaml"))

"""Platforms are found by the name in the configuration."""

from __future__ import annotations

import pytest

from bot.domain.errors import InputError
from bot.platforms.registry import PLATFORMS, platform


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_platform_is_found_under_its_own_name(name: str) -> None:
    assert platform(name).name == name
    assert platform(name).capabilities.vantages


def test_an_unknown_platform_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(InputError, match=r"there is no platform 'iso'\n.*one of: .*isso"):
        platform("iso")

"""Every platform that can be watched, by the name it has in the configuration."""

from __future__ import annotations

from bot.domain.errors import InputError
from bot.platforms.demo.adapter import DemoPlatform
from bot.platforms.isso.adapter import IssoPlatform
from bot.ports import Platform

PLATFORMS: dict[str, Platform] = {
    "demo": DemoPlatform(),
    "isso": IssoPlatform(),
}


def platform(name: str) -> Platform:
    """Return the adapter of a platform; InputError names those there are."""
    try:
        return PLATFORMS[name]
    except KeyError:
        raise InputError(f"there is no platform {name!r}", instead=f"one of: {', '.join(PLATFORMS)}") from None

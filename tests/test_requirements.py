"""What a machine lacks is skipped with a reason on a laptop, and fails the build."""

from __future__ import annotations

import pytest

from tests.requirements import require


def test_what_is_there_is_not_mentioned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    require("Redis", "/usr/bin/redis-server", "install it")


def test_what_is_missing_is_skipped_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="Redis is missing: apt-get install redis-server"):
        require("Redis", None, "apt-get install redis-server")


def test_what_is_missing_fails_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="Redis is missing"):
        require("Redis", None, "apt-get install redis-server")

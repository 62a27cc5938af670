"""What a test needs of the machine: absent on CI it is a failure, elsewhere a skip with its reason."""

from __future__ import annotations

import os

import pytest


def require(what: str, present: bool, hint: str) -> None:
    """Skip the test with a printed reason when `what` is absent; on CI (CI=true) fail instead."""
    if present:
        return
    reason = f"{what} is not here: {hint}"
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason)
    pytest.skip(reason)

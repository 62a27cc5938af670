"""What a test needs from the machine: a laptop may lack it, the build may not."""

from __future__ import annotations

import os

import pytest


def require(what: str, present: object, hint: str) -> None:
    """Skip the test where `what` is missing, and say so; with CI=true fail, so that nothing is skipped unseen."""
    if present:
        return
    reason = f"{what} is missing: {hint}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)

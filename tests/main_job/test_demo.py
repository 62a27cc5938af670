"""The demo as a newcomer runs it: the whole job, and the figures that it promises."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def test_the_demo_finds_what_was_planted_and_touches_nothing_of_its_owner(tmp_path: Path) -> None:
    """2,000 comments, 60 removals, 10 restorations, 8 kinds of faults at least; nothing invented or told twice."""
    owner = {"REMOVALWATCH_DATA_DIR": str(tmp_path / "mine"), "REMOVALWATCH_REDIS": "redis://nowhere.example:1/0"}
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "demo", "--json"],
        env={**os.environ, **owner},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    found = json.loads(ended.stdout)
    assert found["comments"] >= 2000
    assert found["found_removals"] == found["planted_removals"] >= 60
    assert found["restorations_found"] == found["restorations_planted"] >= 10
    assert found["faults_injected"] >= 8
    assert found["false_removals"] == found["duplicate_alerts"] == 0
    assert found["alerts_sent"] > 60
    digest = Path(found["digest"])
    assert "of 391 flagged comments disappeared" in digest.read_text(encoding="utf-8")
    assert (digest.parent / "disappeared.png").stat().st_size > 10_000
    assert not (tmp_path / "mine").exists()

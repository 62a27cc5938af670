"""The analyst's commands as their user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.domain.instant import HOUR
from bot.store import tables
from bot.store.engine import database_url, open_engine
from bot.store.migrate import upgrade
from tests.test_cli import CONFIG, removalwatch
from tests.watch import fill, ids, watching


@pytest.fixture
async def config(tmp_path: Path) -> Path:
    """Write a configuration whose database holds a short history of six comments."""
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    path.with_name("data").mkdir()
    engine = open_engine(database_url("", path.with_name("data")))
    upgrade(engine)
    async with watching(engine) as watch:
        fill(watch, threads=1, number=6)
        await watch.collect()
        await watch.live(HOUR)
    engine.dispose()
    return path


def test_each_command_answers_and_names_what_to_do_where_it_cannot(config: Path) -> None:
    """One history, the four commands, their words and exit codes."""
    at = ("--config", str(config))
    shown = removalwatch("explain", ids(6)[0], *at)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"({ids(6)[0]}) of demo: visible" in shown.stdout
    assert "Missing for the next step: for missing: one absence from front, at the next look" in shown.stdout

    unknown = removalwatch("explain", "77777", *at)
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "error: no followed comment is 77777\n  help: name our number" in unknown.stderr

    judged = json.loads(removalwatch("rejudge", "--json", *at).stdout)
    assert (judged["judged"], judged["moved"], judged["applied"]) == (6, 0, False)
    assert "one of: demo" in removalwatch("rejudge", "--source", "nobody", *at).stderr

    corrected = removalwatch("correct", "1", "--state", "disappeared", "--cause", "author", "--why", "she says so", *at)
    assert corrected.stdout == "On record for comment 1: disappeared (author). Its verdicts stay as they are.\n"
    found = json.loads(removalwatch("explain", "1", "--json", *at).stdout)
    assert [(one["state"], one["why"]) for one in found["corrections"]] == [("disappeared", "she says so")]
    assert "Corrections by analysts: 1" in removalwatch("status", *at).stdout

    foreign = removalwatch("recheck", "1", "--now", *at)
    assert foreign.returncode == 2
    assert "the source of this comment is not in the configuration" in foreign.stderr


@pytest.mark.parametrize("why", ["", "  ", "red \x1b[31m", "x" * 3000])
def test_a_correction_needs_a_reason_that_can_be_read(config: Path, why: str) -> None:
    arguments = ("--state", "visible", "--cause", "unknown", "--why", why, "--config", str(config))
    ended = removalwatch("correct", "1", *arguments)
    assert ended.returncode == 2
    assert "error: --why is no sentence\n" in ended.stderr or "cannot be printed" in ended.stderr
    engine = open_engine(database_url("", config.with_name("data")))
    with engine.connect() as connection:
        assert connection.execute(select(tables.correction)).all() == []
    engine.dispose()

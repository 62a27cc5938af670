"""The commands as their user meets them: a real process, its exit code, and every message."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.store import sources
from bot.store.engine import database_url, open_engine
from bot.store.migrate import upgrade

CONFIG = """\
web: {port: 0}
redis: none
sources:
  - {name: blog, platform: isso, purpose: test, url: "http://127.0.0.1:1", threads: [/a/]}
"""


def removalwatch(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def test_init_writes_a_configuration_that_check_calls_good(tmp_path: Path) -> None:
    """And never overwrites one."""
    path = tmp_path / "mine.yaml"
    assert removalwatch("init", str(path)).returncode == 0
    checked = removalwatch("check", "--config", str(path))
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "is good. Sources: 1. Rules, whose tests pass: 8." in checked.stdout
    again = removalwatch("init", str(path))
    assert (again.returncode, again.stderr) == (
        1,
        f"{path} exists already, and is left as it is: name another file.\n",
    )


def test_a_wrong_configuration_starts_nothing_and_exits_2(tmp_path: Path) -> None:
    """No data folder, no database."""
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG.replace("platform: isso", "platform: iso"), encoding="utf-8")
    ended = removalwatch("run", "--config", str(path))
    assert ended.returncode == 2
    assert f"error: there is no platform iso\n  --> {path}:4:28\n" in ended.stderr
    assert "help: one of: demo, isso" in ended.stderr
    assert list(tmp_path.iterdir()) == [path]


def test_a_wrong_option_of_a_platform_is_shown_with_its_place(tmp_path: Path) -> None:
    """The platform's own keys are checked like all others."""
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG.replace("threads: [/a/]", "thread: /a/"), encoding="utf-8")
    for command in ("check", "run"):
        ended = removalwatch(command, "--config", str(path))
        assert ended.returncode == 2
        assert f"{path}:4:" in ended.stderr


def test_without_a_configuration_the_way_to_one_is_told(tmp_path: Path) -> None:
    """The first thing that a newcomer may forget."""
    ended = removalwatch("run", "--config", str(tmp_path / "c.yaml"))
    assert ended.returncode == 2
    assert f"removalwatch init {tmp_path}/c.yaml writes one" in ended.stderr


def test_a_wrong_rules_file_exits_2_with_its_place(config: Path) -> None:
    """A rule whose own test fails is a wrong rule."""
    rules = config.with_name("rules.yaml")
    rules.write_text(
        "version: 1\nrules:\n  - {id: a, title: A, why: x, severity: low, phrase: 零食,"
        " tests: {match: [快递], no_match: [书]}}\n",
        encoding="utf-8",
    )
    config.write_text(CONFIG + "rules: rules.yaml\n", encoding="utf-8")
    for command in ("check", "run"):
        ended = removalwatch(command, "--config", str(config))
        assert ended.returncode == 2
        assert "rule a must match this example, and found nothing in it" in ended.stderr
        assert f"{rules}:3:" in ended.stderr


def test_a_port_that_is_taken_is_one_sentence_and_exit_1(config: Path) -> None:
    """It names the port and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config.write_text(CONFIG.replace("port: 0", f"port: {port}"), encoding="utf-8")
        ended = removalwatch("run", "--config", str(config))
    assert ended.returncode == 1
    assert str(port) in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_a_data_folder_that_cannot_be_made_is_one_sentence_and_exit_1(config: Path) -> None:
    """A file stands where the folder should be."""
    config.with_name("data").write_text("not a folder")
    ended = removalwatch("run", "--config", str(config))
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"The data folder {config.with_name('data')} cannot be written: ")


def test_a_newer_database_is_refused_and_left_as_it_is(config: Path) -> None:
    """One sentence, exit 1, data intact."""
    config.with_name("data").mkdir()
    engine = open_engine(database_url("", config.with_name("data")))
    upgrade(engine)
    with engine.begin() as connection:
        sources.ensure(connection, name="kept", platform="isso", instance="x", now=1)
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    ended = removalwatch("run", "--config", str(config))
    assert ended.returncode == 1
    assert "was written by a newer removalwatch (version 9999)" in ended.stderr
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT name FROM source").scalars().all() == ["kept"]
    engine.dispose()


def test_status_says_when_there_is_nothing_to_show(config: Path) -> None:
    """Before the first start, in words."""
    ended = removalwatch("status", "--config", str(config))
    assert ended.returncode == 1
    assert ended.stderr.endswith("start the bot with removalwatch run.\n")


def test_status_shows_how_the_bot_stands(config: Path) -> None:
    """As tables and as JSON."""
    config.with_name("data").mkdir()
    engine = open_engine(database_url("", config.with_name("data")))
    upgrade(engine)
    with engine.begin() as connection:
        number = sources.ensure(connection, name="blog", platform="isso", instance="x", now=1)
        sources.failed(connection, number, "HTTP status 502", now=1)
    engine.dispose()
    shown = removalwatch("status", "--config", str(config))
    assert shown.returncode == 0
    assert "blog cannot be read since 1970-01-01T00:00:00Z: HTTP status 502" in shown.stdout
    assert "No process has reported: the bot does not run." in shown.stdout
    found = json.loads(removalwatch("status", "--json", "--config", str(config)).stdout)
    assert found["sources"][0]["name"] == "blog"
    assert found["comments"] == 0


def test_an_alert_test_names_the_channels_there_are(config: Path) -> None:
    """A typing mistake is no success."""
    ended = removalwatch("alerts", "test", "slakc", "--config", str(config))
    assert ended.returncode == 2
    assert "there is no channel slakc" in ended.stderr
    assert "terminal" in ended.stderr
    assert removalwatch("alerts", "test", "terminal", "--config", str(config)).returncode == 0


def test_a_worker_of_its_own_says_that_it_needs_the_redis_of_the_bot(config: Path) -> None:
    """Otherwise it would wait for jobs that never come."""
    ended = removalwatch("worker", "--config", str(config))
    assert ended.returncode == 2
    assert "a worker of its own needs the Redis of the bot" in ended.stderr

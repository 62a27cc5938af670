"""A digest goes out once: files, row and outbox together, or none of them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, select

from bot.digest.due import due_weeks
from bot.digest.publish import publish
from bot.digest.week import Week
from bot.domain.comment import Role
from bot.domain.errors import OperationError
from bot.domain.instant import DAY, Micros
from bot.store import outbox, tables
from tests.digest.rows import MONDAY, Rows, at, gone

WEEK = Week(2026, 47)
UTC = ZoneInfo("UTC")
DUE = at("2026-11-23T07:00")


class StoppedClock:
    """Domain time stands at a moment; real time at another."""

    rate = 1.0

    def __init__(self, moment: Micros) -> None:
        self.moment = moment

    def now(self) -> Micros:
        """Return the moment."""
        return self.moment

    def real(self) -> Micros:
        """Return a time of its own, so that a mix-up shows."""
        return 1


@pytest.fixture
def watched(engine: Engine) -> Engine:
    """Fill a database with one source and one flagged comment that disappeared."""
    with engine.begin() as connection:
        rows = Rows(connection)
        version, source = rows.rules(), rows.source("小店")
        comment = rows.comment(source, rows.thread(source), **gone())
        rows.enrol(comment, Role.FLAGGED, version)
        rows.match(comment, ["cars"], version)
    return engine


def send(engine: Engine, folder: Path, now: Micros = DUE, *channels: str) -> bool:
    """Publish the week at a moment."""
    return publish(engine, WEEK, StoppedClock(now), folder, channels, UTC)


def told(engine: Engine) -> list[outbox.OutboxRow]:
    """Claim what waits in the outbox."""
    with engine.begin() as connection:
        return outbox.claim(connection, channels=["team", "me"], real=1, lease=60.0, limit=10)


def test_a_digest_is_written_stored_and_queued(watched: Engine, tmp_path: Path) -> None:
    """Three files, one row, one message for each channel."""
    assert send(watched, tmp_path, DUE, "team", "me")

    home = tmp_path / "2026-W47"
    assert {path.name for path in home.iterdir()} == {"digest.json", "digest.md", "disappeared.png"}
    assert "1 of 1 flagged comment disappeared" in (home / "digest.md").read_text("utf-8")
    assert (home / "disappeared.png").read_bytes().startswith(b"\x89PNG")
    with watched.connect() as connection:
        row = connection.execute(select(tables.digest)).one()
    assert (row.week, row.built_at, row.late, row.folder) == ("2026-W47", DUE, False, str(home))
    assert row.numbers == json.loads((home / "digest.json").read_text("utf-8"))
    alerts = {row.channel: row.alert for row in told(watched)}
    assert set(alerts) == {"team", "me"}
    alert = alerts["team"]
    assert (alert.key, alert.kind, alert.at) == ("digest:2026-W47", "digest", DUE)
    assert alert.title == "Disappeared comments, week 2026-W47"
    assert alert.body.startswith("1 of 1 flagged comment disappeared (100.0 %, 95 % interval 20.7–100.0 %)")
    assert alert.body.endswith("A 小店: 1/1, no control")
    assert alert.picture == str(home / "disappeared.png")


def test_a_second_time_does_nothing(watched: Engine, tmp_path: Path) -> None:
    """Not even to the files, which somebody may have moved away."""
    assert send(watched, tmp_path, DUE, "team")
    (tmp_path / "2026-W47" / "digest.md").unlink()

    assert not send(watched, tmp_path, DUE + DAY, "team", "me")

    assert not (tmp_path / "2026-W47" / "digest.md").exists()
    assert [row.channel for row in told(watched)] == ["team"]


def test_of_several_at_once_exactly_one_publishes(watched: Engine, tmp_path: Path) -> None:
    """Files, row and messages are all those of the same one."""
    start = threading.Barrier(4)
    won: list[Micros] = []

    def run(moment: Micros) -> None:
        start.wait()
        if send(watched, tmp_path, moment, "team"):
            won.append(moment)

    threads = [threading.Thread(target=run, args=(DUE + second * 1_000_000,)) for second in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with watched.connect() as connection:
        assert connection.scalars(select(tables.digest.c.built_at)).all() == won
        numbers = connection.scalar(select(tables.digest.c.numbers))
    assert json.loads((tmp_path / "2026-W47" / "digest.json").read_text("utf-8")) == numbers
    assert [row.alert.at for row in told(watched)] == won


def test_a_missed_week_is_published_late_once_and_says_so(watched: Engine, tmp_path: Path) -> None:
    """The way from due to done, after a fortnight without power."""
    now = DUE + 10 * DAY
    with watched.connect() as connection:
        missed = due_weeks(connection, now, UTC)
    assert WEEK in missed

    assert send(watched, tmp_path, now, "team")

    text = (tmp_path / "2026-W47" / "digest.md").read_text("utf-8")
    assert "**Late: made 2026-12-03T07:00:00Z, more than a day after it was due.**" in text
    assert told(watched)[0].alert.body.startswith("Late: made 2026-12-03")
    with watched.connect() as connection:
        assert connection.scalar(select(tables.digest.c.late)) is True
        assert due_weeks(connection, now, UTC) == [week for week in missed if week != WEEK]


def test_another_weekday_is_not_called_late(watched: Engine, tmp_path: Path) -> None:
    """Late is measured from when it was due, by the settings."""
    publish(watched, WEEK, StoppedClock(DUE + 3 * DAY), tmp_path, [], UTC, weekday=3, hour=7)
    with watched.connect() as connection:
        assert connection.scalar(select(tables.digest.c.late)) is False


def test_a_folder_that_cannot_be_written_leaves_the_week_due(watched: Engine, tmp_path: Path) -> None:
    """One clear sentence; nothing stored, nothing queued, and the next try makes it good."""
    blocked = tmp_path / "digests"
    blocked.write_text("a file in its place")
    with pytest.raises(
        OperationError, match=r"The digest cannot be written to .*2026-W47: Not a directory\. Make room"
    ):
        send(watched, blocked, DUE, "team")
    with watched.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.digest)) == 0
    assert told(watched) == []

    blocked.unlink()
    assert send(watched, blocked, DUE, "team")


def test_a_file_that_cannot_be_replaced_leaves_no_rubbish(watched: Engine, tmp_path: Path) -> None:
    """Half-written files are taken away again."""
    (tmp_path / "2026-W47" / "digest.json").mkdir(parents=True)
    with pytest.raises(OperationError, match="cannot be written"):
        send(watched, tmp_path)
    assert {path.name for path in (tmp_path / "2026-W47").iterdir()} <= {"digest.json", "digest.md", "disappeared.png"}


def test_files_left_by_a_crash_are_overwritten(watched: Engine, tmp_path: Path) -> None:
    """A crash before the commit leaves files without a row; the row decides."""
    home = tmp_path / "2026-W47"
    home.mkdir()
    (home / "digest.md").write_text("half a dig")
    assert send(watched, tmp_path)
    assert (home / "digest.md").read_text("utf-8").startswith("# Disappeared comments")


def test_files_can_be_read_by_those_who_may_read_the_folder(watched: Engine, tmp_path: Path) -> None:
    """A temporary file's own rights would lock out the web server's or the owner's account."""
    send(watched, tmp_path)
    plain = tmp_path / "plain"
    plain.touch()
    home = tmp_path / "2026-W47"
    assert {path.stat().st_mode for path in home.iterdir()} == {plain.stat().st_mode}


def test_a_week_before_its_first_comment_is_published_with_nothing(engine: Engine, tmp_path: Path) -> None:
    """A quiet week is news too, and a missing digest stays visible."""
    with engine.begin() as connection:
        Rows(connection).source("shop", first_seen=MONDAY)
    assert send(engine, tmp_path)
    text = (tmp_path / "2026-W47" / "digest.md").read_text("utf-8")
    assert "No flagged comment was followed this week; 0 comments came in." in text
    assert "Not a whole week: watching began 2026-11-16T12:00:00Z." in text


def test_matplotlib_is_not_loaded_before_there_is_something_to_draw() -> None:
    """The bot starts without it."""
    code = "import sys, bot.digest.publish; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
